"""Define recipes, which contain all settings that determine a training run."""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Self

from vaelib import data, training
from vaelib.compatibility import check_compatible, check_initial_log_var
from vaelib.conditioning import MOST_CLASSES
from vaelib.models import VAE
from vaelib.networks import LEAST_LOG_VAR, check_image_shape
from vaelib.objectives import ELBO, POST_ELBO, Objective, post_elbo
from vaelib.own_networks import OwnNetworks, network_from_config
from vaelib.priors import STANDARD_NORMAL, PriorSpec
from vaelib.runs.dataset_reference import DatasetReference
from vaelib.support.errors import RunError, check_integer, check_number

# Smallest and largest allowed value of each setting.
INTEGERS = {
    "epochs": (1, None),
    "batch_size": (1, None),
    "seed": (0, 2**32 - 1),
    "limit": (1, None),
}
MOST_COMPONENTS = 10_000  # so that a run from an untrusted source cannot fill the memory
CHOICES = {
    "schedule": training.SCHEDULES,
    "optimizer": tuple(training.OPTIMIZERS),
    "pixels": ("gray", *data.BINARIZATIONS),
}


@dataclass(frozen=True)
class Recipe:
    """All settings that determine a training run.

    With the same code, versions and machine, the same recipe gives the same result, bit for bit.

    Attributes:
        dataset: Name of a data set that `data.load` accepts, or a `Dataset`, for example one from
            `data.images`.
        objective: The loss to minimize.
        latent_dim: Number of latent dimensions, from 1 to the number of values in an image.
        epochs: Number of passes over the training images, at least 1.
        batch_size: Number of images per step, at least 1.
        learning_rate: Largest learning rate of the schedule, above 0 and at most 1.
        beta_2: Decay rate of the optimizer's average of squared gradients, at least 0 and below 1.
        optimizer: "nadam", or "adam" as in the post, see `training.compile_model`.
        schedule: "cosine", or "constant" as in the post, see `training.learning_rate`.
        seed: Seed of initial weights, order of images and noise, from 0 to 2**32 - 1.
        limit: Train on the first `limit` images only. None: all images.
        prior: The prior of the codes.
        network: "convolutional", as in the post, or "gated", see `vaelib.networks`. Alternatively,
            a pair (encoder, decoder) of Keras models, of which only the architecture is used, see
            `vaelib.own_networks`.
        condition: Whether encoder and decoder get the class label; see `vaelib.conditioning`. The
            data set then needs 2 to 1,000 classes.
        initial_log_var: Added to the log-variances of the approximate posterior before training,
            see `VAE`.
        pixels: "gray", or "threshold" or "static" for black and white, see `Dataset.binarize`.

    Raises:
        ValueError: If a value is out of range, or if settings cannot be combined.
        TypeError: If a value has the wrong type.
    """

    dataset: str | DatasetReference = "fashion_mnist"
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
    prior: PriorSpec = STANDARD_NORMAL
    network: str | OwnNetworks = "convolutional"
    pixels: str = "gray"
    condition: bool = False
    initial_log_var: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.dataset, data.Dataset):
            object.__setattr__(self, "dataset", DatasetReference.from_dataset(self.dataset))
        if isinstance(self.network, tuple | list) and len(self.network) == 2:
            object.__setattr__(self, "network", OwnNetworks.from_models(*self.network))
        shape = self.image_shape  # raises if the data set is unknown
        if not isinstance(self.condition, bool):
            raise TypeError(f"condition must be True or False, not {self.condition!r}.")
        if self.condition and not 2 <= self.classes <= MOST_CLASSES:
            raise ValueError(
                f"a condition needs a data set with 2 to {MOST_CLASSES:,} classes, not "
                f"{self.classes:,}: choose another data set, or condition=False."
            )
        check_compatible(self.objective, self.prior, self.network, self.classes)
        if self.initial_log_var:
            check_initial_log_var(self.objective)
        if not isinstance(self.network, OwnNetworks):
            check_image_shape(self.network, shape)
        check_integer("the prior's components", self.prior.components, 1, MOST_COMPONENTS)
        given = {name: getattr(self, name) for name in INTEGERS}
        if self.limit is None:
            del given["limit"]
        numbers = {name: check_integer(name, v, *INTEGERS[name]) for name, v in given.items()}
        most = math.prod(shape)
        numbers["latent_dim"] = check_integer("latent_dim", self.latent_dim, 1, most)
        numbers["initial_log_var"] = check_number(
            "initial_log_var", self.initial_log_var, LEAST_LOG_VAR
        )
        numbers["learning_rate"] = check_number("learning_rate", self.learning_rate, above=0)
        if self.learning_rate > 1:
            raise ValueError(f"learning_rate must be 1 or less, not {self.learning_rate:g}.")
        numbers["beta_2"] = check_number("beta_2", self.beta_2, 0)
        if self.beta_2 >= 1:
            raise ValueError(f"beta_2 must be below 1, not {self.beta_2:g}.")
        for name, number in numbers.items():  # int and float instead of NumPy types, for JSON
            object.__setattr__(self, name, number)
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}."
                )

    def check_restorable(self) -> None:
        """Raise unless the recipe equals the one that will be restored from its settings.

        A run is saved with the settings of its recipe. If these gave another recipe, the run could
        be trained and saved, but never loaded.

        Raises:
            RunError: If the restored recipe differs, or if it cannot be restored.
            ValueError: If the code of a term has changed since the term was created.
        """
        for _, term in self.objective.terms:
            term.check_unchanged()
        try:
            restored = Recipe.from_config(json.loads(json.dumps(self.get_config())))
        except Exception as error:  # classes from outside can raise anything
            restored, reason = None, f"{type(error).__name__}: {error}".rstrip(".")
        if restored is not None:
            names = [f.name for f in fields(self)]
            differ = [name for name in names if getattr(self, name) != getattr(restored, name)]
            reason = f"{' and '.join(differ) or type(self).__name__} would not be the same"
        if restored != self:
            raise RunError(
                f"a run of {self.slug} could not be loaded after training ({reason}): write a new "
                "loss as ELBO + weight * Term(function) instead of a class of its own, and use the "
                "classes Recipe, Objective, and PriorSpec of this package."
            )

    def load_dataset(self) -> data.Dataset:
        """Load the data set, binarized and limited according to the recipe.

        Raises:
            RunError: If the recipe was read from a file and is about the user's own images, which
                are not stored with it.
            DataError: If `data.load` cannot load the data set.
        """
        dataset = self.dataset.dataset if self.uses_own_images else data.load(self.dataset)
        if dataset is None:
            raise RunError(
                f"the run was trained on images called {self.dataset.name!r}, which are not stored "
                "with it: load them again with `data.images`, and use that data set directly."
            )
        if self.pixels != "gray":
            dataset = dataset.binarize(self.pixels)
        return dataset if self.limit is None else dataset.limit(train=self.limit)

    def build_model(self) -> VAE:
        """Build an untrained `VAE` with these settings."""
        settings = self.latent_dim, self.objective, self.seed, self.prior, self.network
        more = dict(condition=self.classes, initial_log_var=self.initial_log_var)
        return VAE(*settings, self.image_shape, **more)

    @property
    def uses_own_images(self) -> bool:
        """Whether the images were given as a `Dataset` instead of the name of a data set."""
        return isinstance(self.dataset, DatasetReference)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape (height, width, channels) of the images."""
        return self._about_data.image_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes of the data set."""
        return self._about_data.class_names

    @property
    def classes(self) -> int:
        """The number of classes that the model gets as a condition, or 0."""
        return len(self.class_names) if self.condition else 0

    @property
    def _about_data(self) -> DatasetReference | data.DatasetEntry:
        return self.dataset if self.uses_own_images else data.find_entry(self.dataset)

    def compiled_model(self, train_size: int) -> VAE:
        """Build an untrained `VAE` and compile it for training on `train_size` images."""
        steps_per_epoch = math.ceil(train_size / self.batch_size)
        settings = self.learning_rate, self.schedule, self.epochs, self.beta_2, self.optimizer
        return training.compile_model(self.build_model(), steps_per_epoch, *settings)

    def get_config(self) -> dict:
        """Return the settings as values that can be written as JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain |= {"objective": self.objective.get_config(), "prior": asdict(self.prior)}
        if isinstance(self.network, OwnNetworks):
            plain["network"] = self.network.get_config()
        return plain | ({"dataset": self.dataset.get_config()} if self.uses_own_images else {})

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """Create a recipe from the result of `get_config`, also of earlier versions.

        Raises:
            ValueError: If settings are unknown or missing, or if a value is out of range.
            TypeError: If a value has the wrong type.
            RunError: If the data set is known by a name that is not registered in this process.
        """
        config = NEWER | config
        if config["pixels"] == "grey":  # the spelling in earlier versions of this package
            config["pixels"] = "gray"
        wrong = set(config) ^ {f.name for f in fields(cls)}
        if wrong:
            raise ValueError(
                "the recipe is from another version of vaelib, because these settings are unknown "
                f"or missing: {', '.join(sorted(wrong))}."
            )
        objective = Objective.from_config(config["objective"])
        if isinstance(config["dataset"], dict):
            config["dataset"] = DatasetReference.from_config(config["dataset"])
        elif config["dataset"] not in data.DATASETS:
            raise RunError(
                f"the run was trained on a data set called {config['dataset']!r}, which is not "
                "known here: add it with data.register, and load the run again."
            )
        config["network"] = network_from_config(config["network"])
        return cls(**config | {"objective": objective, "prior": PriorSpec(**config["prior"])})

    @property
    def slug(self) -> str:
        """The most important settings in a few words, as part of a folder's name."""
        objective = str(self.objective).lower().replace(" + ", "-").replace(", ", "-")
        objective = objective.replace(" ", "-")
        name = self.dataset.slug if self.uses_own_images else self.dataset
        words = [name, "" if self.pixels == "gray" else self.pixels, objective]
        words += ["" if self.prior == STANDARD_NORMAL else str(self.prior).replace(" ", "-")]
        words += ["" if self.network == "convolutional" else str(self.network)]
        words += ["conditional"] * self.condition
        words += [f"log-var{self.initial_log_var:g}"] * bool(self.initial_log_var)
        words += ["" if self.latent_dim == 2 else f"{self.latent_dim}d", f"{self.epochs}-epochs"]
        return "_".join(word for word in words if word)


# Settings that did not exist when the oldest runs were saved, with the values used at that time.
NEWER = {"prior": STANDARD_NORMAL.get_config(), "network": "convolutional", "pixels": "gray"}
NEWER |= {"beta_2": 0.999, "optimizer": "adam", "condition": False, "initial_log_var": 0.0}


def post_recipe(
    dataset: str | data.Dataset, objective: Objective, seed: int = 0, batch_size: int = 100
) -> Recipe:
    """Create a recipe with the post's settings, for any data set and objective.

    The post trains for 50 epochs in batches of 100, with Adam at a constant learning rate of 1e-4.

    Args:
        dataset, objective, seed: As in `Recipe`.
        batch_size: Number of images per step. The weight of the KL in `POST_ELBO` follows from it,
            as in the post's code; see `objectives.post_elbo`.

    >>> print(post_recipe("mnist", POST_ELBO, batch_size=50).objective)
    BCE + 0.02 KL
    """
    if objective == POST_ELBO:
        objective = post_elbo(batch_size)
    adam = dict(learning_rate=1e-4, schedule="constant", beta_2=0.999, optimizer="adam")
    return Recipe(dataset, objective, epochs=50, batch_size=batch_size, seed=seed, **adam)
