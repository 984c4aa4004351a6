"""What is trained, said completely."""

from dataclasses import asdict, dataclass, fields

from vaelib import data
from vaelib.models import VAE, check_settings
from vaelib.objectives import ELBO, Objective
from vaelib.priors import STANDARD_NORMAL, Prior

CHOICES = {
    "schedule": ("cosine", "constant"),
    "pixels": ("grey", *data.BINARISED),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained. The same recipe gives the same bytes.

    Attributes:
        dataset: a name that `data.load` knows.
        objective: what to minimise.
        latent_dim: dimensions of the latent space.
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: of Adam, at its highest.
        schedule: "cosine" (warm-up over 300 steps, or a tenth of all where that is less, then a
            half cosine down to 5 %) or "constant" (the post's).
        seed: of weights, order of images and noise.
        limit: train on the first so many images; None for all.
        prior: that of the codes.
        network: "convolutional" (the post's) or "gated" (see `vaelib.networks`).
        pixels: "grey", or black and white: "threshold" or "drawn", see `Dataset.binarised`.

    Raises:
        ValueError, TypeError: for a value out of range or of the wrong type, naming both.
    """

    dataset: str = "fashion_mnist"
    objective: Objective = ELBO
    latent_dim: int = 2
    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    seed: int = 0
    limit: int | None = None
    prior: Prior = STANDARD_NORMAL
    network: str = "convolutional"
    pixels: str = "grey"

    def __post_init__(self):
        if self.dataset not in data.CLASS_NAMES:
            names = ", ".join(data.CLASS_NAMES)
            raise ValueError(f"unknown data set {self.dataset!r}: choose one of {names}.")
        if not isinstance(self.objective, Objective):
            raise TypeError(f"objective must be an Objective such as ELBO, not {self.objective!r}.")
        check_settings(self.objective, self.prior, self.network)
        for name, least in [("latent_dim", 1), ("epochs", 1), ("batch_size", 1), ("seed", 0)]:
            _check_whole_number(name, getattr(self, name), least)
        if self.seed >= 2**32:
            raise ValueError(f"seed must be below 2**32, not {self.seed}.")
        if self.limit is not None:
            _check_whole_number("limit", self.limit, 1)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1:
            raise ValueError(f"learning_rate must be a number above 0, at most 1, not {rate!r}.")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}."
                )

    def model(self):
        """A `VAE` of these settings, not yet trained."""
        return VAE(self.latent_dim, self.objective, self.seed, self.prior, self.network)

    def get_config(self):
        """The settings as plain values, for JSON."""
        return asdict(self) | {"objective": self.objective.get_config()}  # the prior is plain

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
        return cls(**config | {"objective": objective, "prior": Prior(**config["prior"])})

    @property
    def slug(self):
        """The settings in a few readable words, for a folder's name."""
        objective = str(self.objective).lower().replace(" + ", "-").replace(" ", "-")
        words = [self.dataset, "" if self.pixels == "grey" else self.pixels, objective]
        words += ["" if self.prior == STANDARD_NORMAL else str(self.prior).replace(" ", "-")]
        words += ["" if self.network == "convolutional" else self.network]
        words += ["" if self.latent_dim == 2 else f"{self.latent_dim}d", f"{self.epochs}-epochs"]
        return "_".join(word for word in words if word)


# Settings that the oldest runs were written without.
NEWER = {
    "prior": STANDARD_NORMAL.get_config(),
    "network": "convolutional",
    "pixels": "grey",
}


def post(dataset, objective, seed=0):
    """The post's own settings: 50 epochs, Adam at 1e-4 throughout, batches of 100."""
    return Recipe(dataset, objective, epochs=50, learning_rate=1e-4, schedule="constant", seed=seed)


def _check_whole_number(name, value, least):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, {least} or more, not {value!r}.")
    if value < least:
        raise ValueError(f"{name} must be {least} or more, not {value}.")
