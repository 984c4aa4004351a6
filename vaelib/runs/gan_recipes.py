"""Define the recipe of a GAN, and tell from a stored recipe what kind of model it is about."""

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

import vaelib
from vaelib.adversarial import Adversarial
from vaelib.gans import GAN, check_losses
from vaelib.objectives import AUTOENCODER
from vaelib.priors import STANDARD_NORMAL
from vaelib.runs.recipes import Recipe
from vaelib.support import source_hash
from vaelib.support.backend import keras
from vaelib.support.errors import RunError
from vaelib.training import learning_rate

BETA_1 = 0.5  # of Adam: with 0.9, the two networks oscillate (Radford et al. 2015, section 3)
KIND = {"model": "gan"}  # what a stored recipe of a GAN has, and that of a VAE has not
FIXED = {"optimizer": "adam", "prior": STANDARD_NORMAL, "network": "convolutional"}
FIXED |= {"condition": False, "initial_log_var": 0.0}


def code_of_gans() -> str:
    """Compute the hash of the code that only GANs use."""
    package = Path(vaelib.__file__).parent
    names = "adversarial", "gans", "runs/gan_recipes"
    return source_hash.hash_files(package / f"{name}.py" for name in names)


@dataclass(frozen=True)
class GANRecipe(Recipe):
    """All settings that determine the training run of a GAN; `runs.train` trains it as a VAE.

    Attributes:
        objective: The losses, `Adversarial()`, or `Adversarial(r1=...)` with a gradient penalty.
        code: Hash of the code that only GANs use. A run is identified by it, so that a change of
            this code makes a different run of a GAN, but not of a VAE.
        dataset, latent_dim, epochs, ...: As for `Recipe`. Prior, network, and optimizer are fixed:
            the standard normal, the convolutional networks, and Adam. There is no condition.

    Raises:
        ValueError: If a value is out of range, or if settings cannot be combined.
        TypeError: If a value has the wrong type.
    """

    objective: Adversarial = Adversarial(r1=1.0)  # noqa: RUF009, because it cannot be changed
    learning_rate: float = 4e-3
    optimizer: str = "adam"
    code: str = field(default_factory=code_of_gans)

    def __post_init__(self) -> None:
        check_losses(self.objective)
        for name in FIXED:
            if getattr(self, name) != FIXED[name]:
                raise ValueError(
                    f"the {name.replace('_', ' ')} of a GAN must be {FIXED[name]}, not "
                    f"{getattr(self, name)}."
                )
        super().__post_init__()

    def build_model(self) -> GAN:
        """Build an untrained `GAN` with these settings."""
        settings = self.latent_dim, self.objective, self.seed, self.image_shape
        return GAN(*settings)

    def compiled_model(self, train_size: int) -> GAN:
        """Build an untrained `GAN` and compile it for training on `train_size` images."""
        model = self.build_model()
        model.steps_per_epoch = math.ceil(train_size / self.batch_size)
        rate = learning_rate(self.learning_rate, self.schedule, self.epochs * model.steps_per_epoch)
        adam = keras.optimizers.Adam(rate, beta_1=BETA_1, beta_2=self.beta_2)
        model.compile(adam, jit_compile=False)
        adam.build(model.trainable_variables)
        return model

    def check_restorable(self) -> None:
        """Raise a RunError unless the recipe equals the one that is restored from its settings."""
        if GANRecipe.from_config(json.loads(json.dumps(self.get_config()))) != self:
            raise RunError(
                f"a run of {self.slug} could not be loaded after training: use the classes "
                "GANRecipe and Adversarial of this package instead of classes of your own."
            )

    def get_config(self) -> dict:
        """Return the settings as values that can be written as JSON."""
        return super().get_config() | KIND

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """Create a recipe from the result of `get_config`; exceptions as of `Recipe`."""
        shared = {name: v for name, v in config.items() if name not in ("code", *KIND)}
        # The recipe of an autoencoder with the same data, network, and settings of training.
        plain = Recipe.from_config(shared | {"objective": AUTOENCODER.get_config()})
        given = {f.name: getattr(plain, f.name) for f in fields(Recipe)}
        own = {"code": config["code"], "objective": Adversarial(**config["objective"])}
        return cls(**given | own)


def recipe_from_config(config: dict) -> Recipe:
    """Create the recipe of a VAE or of a GAN from the result of its `get_config`."""
    return (GANRecipe if config.get("model") == KIND["model"] else Recipe).from_config(config)
