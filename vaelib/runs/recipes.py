"""A recipe: everything that decides what is trained."""

import math
from dataclasses import asdict, dataclass, fields

from vaelib import data, training
from vaelib.errors import RunError, check_integer, check_number
from vaelib.models import VAE, check_settings
from vaelib.networks import widths_of
from vaelib.objectives import ELBO, Objective
from vaelib.priors import STANDARD_NORMAL, Prior
from vaelib.runs.own_images import OwnImages

# The least and the most of each; runs may come from anyone, and are not to fill the memory.
INTEGERS = {
    "epochs": (1, None),
    "batch_size": (1, None),
    "seed": (0, 2**32 - 1),
    "limit": (1, None),
}
MOST_COMPONENTS = 10_000
CHOICES = {
    "schedule": training.SCHEDULES,
    "optimizer": tuple(training.OPTIMIZERS),
    "pixels": ("grey", *data.BINARISED),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained. The same recipe gives the same bytes.

    Attributes:
        dataset: a name that `data.load` knows, or a `Dataset` such as `data.images` makes.
        objective: what to minimise.
        latent_dim: dimensions of the latent space, at most as many as an image has pixels.
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: of the optimizer, at its highest.
        beta_2: for how long the optimizer remembers squared gradients, at least 0, below 1.
        optimizer: "nadam" or "adam" (the post's), see `training.compile`.
        schedule: "cosine" or "constant" (the post's), see `training.learning_rate`.
        seed: of weights, order of images and noise.
        limit: train on the first so many images; None for all.
        prior: that of the codes.
        network: "convolutional" (the post's) or "gated" (see `vaelib.networks`).
        pixels: "grey", or black and white: "threshold" or "static", see `Dataset.binarised`.

    Raises:
        ValueError, TypeError: for a value out of range or of the wrong type, naming both.
    """

    dataset: str | OwnImages = "fashion_mnist"
    objective: Objective = ELBO
    latent_dim: int = 2
    epochs: int = 4
    batch_size: int = 100
    learning_rate: float = 8e-3
    beta_2: float = 0.99
    optimizer: str = "nadam"
    schedule: str = "cosine"
    seed: int = 0
    limit: int | None = None
    prior: Prior = STANDARD_NORMAL
    network: str = "convolutional"
    pixels: str = "grey"

    def __post_init__(self):
        if isinstance(self.dataset, data.Dataset):
            object.__setattr__(self, "dataset", OwnImages.of(self.dataset))
        if not isinstance(self.dataset, OwnImages) and self.dataset not in data.CLASS_NAMES:
            names = ", ".join(data.CLASS_NAMES)
            raise ValueError(f"unknown data set {self.dataset!r}: choose one of {names}.")
        widths_of(self.image_shape)  # refuses sizes that no network is for
        check_settings(self.objective, self.prior, self.network)
        check_integer("the prior's components", self.prior.components, 1, MOST_COMPONENTS)
        given = {name: getattr(self, name) for name in INTEGERS}
        if self.limit is None:
            del given["limit"]
        numbers = {name: check_integer(name, v, *INTEGERS[name]) for name, v in given.items()}
        most = math.prod(self.image_shape)
        numbers["latent_dim"] = check_integer("latent_dim", self.latent_dim, 1, most)
        numbers["learning_rate"] = check_number("learning_rate", self.learning_rate, above=0)
        if self.learning_rate > 1:
            raise ValueError(f"learning_rate must be 1 or less, not {self.learning_rate:g}.")
        numbers["beta_2"] = check_number("beta_2", self.beta_2, 0)
        if self.beta_2 >= 1:
            raise ValueError(f"beta_2 must be below 1, not {self.beta_2:g}.")
        for name, number in numbers.items():  # plain numbers, for JSON
            object.__setattr__(self, name, number)
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}."
                )

    def load(self):
        """The `Dataset` that it trains on.

        Raises:
            RunError: for images of one's own, in a recipe that was read from a file.
            DataError: as `data.load`.
        """
        dataset = self.dataset.at_hand if self.own else data.load(self.dataset)
        if dataset is None:
            raise RunError(
                f"the run was trained on images called {self.dataset.name!r}, which are not kept "
                "with it: load them again with `data.images`, and pass them on yourself."
            )
        if self.pixels != "grey":
            dataset = dataset.binarised(self.pixels)
        return dataset if self.limit is None else dataset.limit(train=self.limit)

    def model(self):
        """A `VAE` of these settings, not yet trained."""
        settings = self.latent_dim, self.objective, self.seed, self.prior, self.network
        return VAE(*settings, self.image_shape)

    @property
    def own(self):
        """Whether it is about images that no name stands for."""
        return isinstance(self.dataset, OwnImages)

    @property
    def image_shape(self):
        """(height, width, channels) of the images."""
        return self.dataset.image_shape if self.own else data.IMAGE_SHAPES[self.dataset]

    def build(self, train_size):
        """The same, compiled for training on so many images, or for what training ended with."""
        steps_per_epoch = math.ceil(train_size / self.batch_size)
        how = self.learning_rate, self.schedule, self.epochs, self.beta_2, self.optimizer
        return training.compile(self.model(), steps_per_epoch, *how)

    def get_config(self):
        """The settings as plain values, for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain |= {"objective": self.objective.get_config(), "prior": asdict(self.prior)}
        return plain | ({"dataset": self.dataset.get_config()} if self.own else {})

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`.

        Raises:
            ValueError: for settings that no recipe has, or that are missing.
        """
        config = NEWER | config
        unknown = set(config) ^ {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"settings of another version: {', '.join(sorted(unknown))}.")
        objective = Objective.from_config(config["objective"])
        if isinstance(config["dataset"], dict):
            config["dataset"] = OwnImages.from_config(config["dataset"])
        return cls(**config | {"objective": objective, "prior": Prior(**config["prior"])})

    @property
    def slug(self):
        """The settings in a few readable words, for a folder's name."""
        objective = str(self.objective).lower().replace(" + ", "-").replace(" ", "-")
        name = self.dataset.slug if self.own else self.dataset
        words = [name, "" if self.pixels == "grey" else self.pixels, objective]
        words += ["" if self.prior == STANDARD_NORMAL else str(self.prior).replace(" ", "-")]
        words += ["" if self.network == "convolutional" else self.network]
        words += ["" if self.latent_dim == 2 else f"{self.latent_dim}d", f"{self.epochs}-epochs"]
        return "_".join(word for word in words if word)


# Settings that the oldest runs were written without.
NEWER = {"prior": STANDARD_NORMAL.get_config(), "network": "convolutional", "pixels": "grey"}
NEWER |= {"beta_2": 0.999, "optimizer": "adam"}


def post(dataset, objective, seed=0):
    """The post's own settings: 50 epochs, Adam at 1e-4 throughout, batches of 100."""
    adam = dict(learning_rate=1e-4, schedule="constant", beta_2=0.999, optimizer="adam")
    return Recipe(dataset, objective, epochs=50, seed=seed, **adam)
