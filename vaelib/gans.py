"""Define the GAN, a Keras model that joins a generator and a discriminator.

The generator has the layers of a VAE's decoder, and the discriminator those of its encoder, with
one output. `vaelib.adversarial` defines what each of them minimizes.
"""

from collections.abc import Mapping

import numpy as np

from vaelib.adversarial import WITHOUT_PENALTY, Adversarial
from vaelib.array_methods import ArrayMethods
from vaelib.networks import build_decoder, build_encoder, seeded_init
from vaelib.priors import StandardNormal
from vaelib.support.backend import Tensor, keras, ops, tf
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import IMAGE_SHAPE, to_unit_interval

NO_ENCODER = (
    "a GAN has no encoder: compute which codes explain an image best with "
    "measures.likelihood.true_posterior, or train a VAE."
)


@keras.saving.register_keras_serializable("vaelib")
class GAN(ArrayMethods, keras.Model):
    """A generator and a discriminator that one optimizer trains in the same step.

    `vaelib.training.fit` trains it as it trains a VAE, and `prior`, `decode`, and `sample` are
    those of a VAE. `encode` is refused, because no network maps images to codes.

    Args:
        latent_dim, seed, image_shape: As for `VAE`.
        objective: The losses of both networks.
        **kwargs: Passed on to `keras.Model`.

    Attributes:
        decoder: The generator. It has the name that measures expect.
        discriminator: The other network.

    Raises:
        TypeError, ValueError: If an argument has the wrong type or is out of range.

    >>> GAN().sample(3).shape
    (3, 28, 28, 1)
    """

    condition = 0  # the number of classes that are given, as in `VAE`

    def __init__(
        self,
        latent_dim: int = 2,
        objective: Adversarial = WITHOUT_PENALTY,
        seed: int = 0,
        image_shape: tuple[int, int, int] = IMAGE_SHAPE,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.objective = check_losses(objective)
        self.latent_dim = check_integer("latent_dim", latent_dim, 1)
        self.seed = check_integer("seed", seed, 0, 2**32 - 1)
        self.image_shape = tuple(image_shape)
        with seeded_init(self.seed):
            self.discriminator = build_encoder(1, self.image_shape)
            self.decoder = build_decoder(self.latent_dim, self.image_shape)
        self.prior = StandardNormal(self.latent_dim)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        names = "loss", *objective.term_names
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}
        self._is_fitting, self.built = False, True

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        """Return the logits of the discriminator for images, shape (batch, 1)."""
        return self.discriminator(to_unit_interval(images))

    def _logits(self, z: Tensor, labels: None = None) -> Tensor:  # for `decode`
        return self.decoder(z)

    def train_step(self, data: object) -> dict[str, Tensor]:
        """Change the weights of both networks (called by Keras for each batch)."""
        ours, theirs = self.discriminator.trainable_variables, self.decoder.trainable_variables
        with tf.GradientTape(persistent=True) as tape:
            terms = self._loss_terms(data)
            losses = self.objective.discriminator_loss(terms), ops.mean(terms["generator"])
        gradients = [*tape.gradient(losses[0], ours), *tape.gradient(losses[1], theirs)]
        self.optimizer.apply(gradients, [*ours, *theirs])
        return self._means_with(terms)

    def test_step(self, data: object) -> dict[str, Tensor]:
        """Compute the losses of both networks (called by Keras's `evaluate`)."""
        return self._means_with(self._loss_terms(data))

    def _loss_terms(self, data: object) -> dict[str, Tensor]:
        batch, *_ = keras.utils.unpack_x_y_sample_weight(data)
        images = to_unit_interval(batch["images"] if isinstance(batch, Mapping) else batch)
        n = ops.shape(images)[0]
        generated = ops.sigmoid(self.decoder(self.prior.sample_tensor(n, self.seed_generator)))
        with tf.GradientTape() as tape:
            tape.watch(images)
            # In one call, so that a weight is used once here and once for the penalty. With three
            # uses, the order of a sum would vary; see `losses.fork_gradient`.
            logits = self.discriminator(ops.concatenate([images, generated]))[:, 0]
            outputs = {"real": logits[:n], "generated": logits[n:]}
        if self.objective.r1:
            outputs["gradient"] = tape.gradient(outputs["real"], images)
        return self.objective.loss_terms(images, outputs)

    def _means_with(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        n = ops.shape(terms["generator"])[0]
        for name, value in (terms | {"loss": self.objective.loss(terms)}).items():
            self.trackers[name].update_state(ops.mean(value), n)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def fit(self, *args: object, **kwargs: object) -> keras.callbacks.History:
        """Train with `keras.Model.fit`. Meanwhile, `encode` gives no codes, as snapshots expect."""
        self._is_fitting = True
        try:
            return super().fit(*args, **kwargs)
        finally:
            self._is_fitting = False

    @property
    def encoder(self) -> keras.Model:
        """Raise a ValueError that says what to do, because there is no encoder."""
        raise ValueError(NO_ENCODER)

    def encode_distribution(self, images: object, labels: None = None) -> tuple[np.ndarray, None]:
        """Raise a ValueError that says what to do; in snapshots (see `fit`), return no codes."""
        if not self._is_fitting:
            raise ValueError(NO_ENCODER)
        return np.empty((0, self.latent_dim), "float32"), None

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor as plain values, from which Keras loads a GAN."""
        names = "latent_dim", "seed", "image_shape", "name"
        settings = {name: getattr(self, name) for name in names}
        return settings | {"objective": self.objective.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, object]) -> "GAN":
        """Create a GAN from the output of `get_config`."""
        return cls(**config | {"objective": Adversarial(**config["objective"])})


def check_losses(objective: object) -> Adversarial:
    """Return the losses of a GAN, or raise a TypeError if they are those of another model."""
    if not isinstance(objective, Adversarial):
        raise TypeError(f"the objective of a GAN must be an Adversarial, not {objective!r}.")
    return objective
