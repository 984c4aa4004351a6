"""Define the VAE, a Keras model that joins encoder, decoder, prior, and objective.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds.
"""

import numpy as np

from vaelib.losses import repeat_rows
from vaelib.networks import NETWORKS, seeded_init
from vaelib.objectives import ELBO, Objective
from vaelib.own_networks import OwnNetworks, network_from_config
from vaelib.priors import STANDARD_NORMAL, Mixture, PriorSpec
from vaelib.support.backend import Tensor, keras, ops
from vaelib.support.chunks import CHUNK, apply_in_chunks, chunk_size
from vaelib.support.errors import check_integer
from vaelib.support.image_arrays import IMAGE_SHAPE, check_images, to_unit_interval
from vaelib.term_check import check_term
from vaelib.terms import PriorOfStep


@keras.saving.register_keras_serializable("vaelib")
class VAE(keras.Model):
    """A variational autoencoder, that is, an encoder, a decoder, a prior, and an objective.

    It is trained with `fit(images)` after `vaelib.training.compile_model`. The function
    `vaelib.training.fit` also shuffles the images reproducibly and records the loss.

    The methods accept images of shape (n, *image_shape), uint8 or floats in [0, 1], and codes of
    shape (n, latent_dim), with n at least 1. Other arrays raise a ValueError. Images and codes are
    returned as NumPy arrays of type float32.

    Args:
        latent_dim: Number of latent dimensions, 1 or more. Default: 2, or the number of inputs of
            `decoder`.
        objective: The training objective. It also determines whether codes are sampled.
        seed: Seed of the initial weights, and of the noise during training.
        prior: Description of the prior, such as `vamp(20)`; `PriorSpec.build` turns it into the
            attribute `prior`.
        network: "convolutional" (the post's networks), "gated", or `OwnNetworks`; see
            `vaelib.networks` and `vaelib.own_networks`.
        image_shape: (height, width, channels). Default: (28, 28, 1), the shape of the post's
            images, or the shape of the inputs of `encoder`.
        encoder, decoder: Two Keras models to train, instead of those of `network`. The encoder maps
            images to 2 * latent_dim numbers, means and then log-variances (or to latent_dim
            numbers, if codes are not sampled). The decoder maps codes to logits of pixels.
        **kwargs: Passed on to `keras.Model`.

    Attributes:
        prior: The prior that the model uses, with the methods `log_density(z)` and
            `sample(n, seed)`.
        prior_settings: The argument `prior`.
        steps_per_epoch: Number of steps in an epoch. It must be set before training if the
            objective is scheduled, that is, if it changes from epoch to epoch. `compile_model`
            sets it.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If an argument is out of range, or if the arguments cannot be combined.

    >>> model = VAE(latent_dim=2)
    >>> z = model.encode(np.zeros((3, 28, 28, 1), "float32"))
    >>> z.shape, model.decode(z).shape
    ((3, 2), (3, 28, 28, 1))
    """

    def __init__(
        self,
        latent_dim: int | None = None,
        objective: Objective = ELBO,
        seed: int = 0,
        prior: PriorSpec = STANDARD_NORMAL,
        network: str | OwnNetworks = "convolutional",
        image_shape: tuple[int, int, int] | None = None,
        encoder: keras.Model | None = None,
        decoder: keras.Model | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if (encoder is None) != (decoder is None):
            raise ValueError("only one of encoder and decoder is given: expected both or none.")
        if encoder is not None:
            network = OwnNetworks.from_models(encoder, decoder)
            latent_dim = latent_dim or decoder.input_shape[-1]
            image_shape = image_shape or encoder.input_shape[1:]
        self.latent_dim = check_integer("latent_dim", 2 if latent_dim is None else latent_dim, 1)
        self.seed = check_integer("seed", seed, 0, 2**32 - 1)
        check_compatible(objective, prior, network)
        self.objective = objective
        self.network, self.image_shape = network, tuple(image_shape or IMAGE_SHAPE)
        for _, term in objective.terms:
            if term.code:  # the terms of this package are checked by its tests
                check_term(term, self.latent_dim, self.image_shape, objective.sampled)
        with seeded_init(self.seed):
            outputs = 2 * self.latent_dim if objective.sampled else self.latent_dim
            build = network if isinstance(network, OwnNetworks) else NETWORKS[network]
            built_encoder = build.build_encoder(outputs, self.image_shape)
            built_decoder = build.build_decoder(self.latent_dim, self.image_shape)
        # Given networks are used with their own weights. They have the shapes of those built here,
        # whose shapes were checked.
        self.encoder = built_encoder if encoder is None else encoder
        self.decoder = built_decoder if decoder is None else decoder
        self.prior_settings = prior
        self.prior = prior.build(self.latent_dim, self.encoder, self.seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.steps_per_epoch = None
        if objective.learns_scale:
            begin = keras.initializers.Constant(-1.0)
            self.log_scale = self.add_weight((), begin, name="log_scale")
        if objective.is_scheduled:
            self.step = self.add_weight((), "zeros", "int32", trainable=False, name="step")
        self.term_trackers = {name: keras.metrics.Mean(name=name) for name in objective.term_names}
        # Encoder and decoder are complete at this point. Marking the model as built lets Keras save
        # and load it, and count its parameters, before the first batch.
        self.build()

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        self.built = True

    def call(self, images: Tensor, training: bool = False) -> dict[str, Tensor]:
        """Encode images, sample codes, and decode them.

        Args:
            images: Shape (batch, *image_shape), uint8 or floats in [0, 1].
            training: Passed on to the encoder.

        Returns:
            The tensors that `Objective.loss_terms` takes as its argument `outputs`.
        """
        learned = {"log_scale": ops.copy(self.log_scale)} if self.objective.learns_scale else {}
        encoded = self.encoder(to_unit_interval(images), training=training)
        if not self.objective.sampled:
            return learned | {"z_mean": encoded, "z": encoded, "logits": self.decoder(encoded)}
        if self.objective.samples > 1:  # one row for each code to be sampled
            encoded = repeat_rows(encoded, self.objective.samples)
        z_mean, z_log_var = ops.split(encoded, 2, axis=1)  # each (batch, latent_dim)
        z = reparameterize(z_mean, z_log_var, self.seed_generator)
        codes = {"z_mean": z_mean, "z_log_var": z_log_var, "z": z}
        return learned | codes | {"logits": self.decoder(z)}

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: None = None,
        y_pred: dict[str, Tensor] | None = None,
        sample_weight: None = None,
        training: bool = True,
    ) -> Tensor:
        """Compute the loss on one batch; Keras's `fit` minimizes it.

        The call also updates the metrics that average the terms over an epoch. If the objective is
        scheduled and `training` is True, it also increases the step counter by 1.

        Args:
            x: Images, shape (batch, *image_shape).
            y_pred: Output of `call` for these images.
            y, sample_weight: Not used.
            training: If True, a scheduled objective is evaluated for the current epoch. If False,
                it is evaluated as after the end of its schedule.

        Returns:
            A scalar, nats per image.

        Raises:
            ValueError: If the objective is scheduled and `steps_per_epoch` is not set.
        """
        prior = PriorOfStep(self.prior.current(), self.seed_generator)
        terms = self.objective.loss_terms(to_unit_interval(x), y_pred, prior)
        for name, value in terms.items():
            # Batches are weighted by their size, because the last batch of an epoch can be smaller.
            self.term_trackers[name].update_state(ops.mean(value), ops.shape(x)[0])
        if not (training and self.objective.is_scheduled):
            return self.objective.loss(terms)
        if not self.steps_per_epoch:
            raise ValueError(
                f"the objective {self.objective} changes with the epoch: set steps_per_epoch of "
                "the model, or train with vaelib.training, which sets it."
            )
        epoch = ops.cast(self.step, "float32") / self.steps_per_epoch
        self.step.assign_add(1)
        return self.objective.loss(terms, epoch)

    def fit(self, x: object = None, *args: object, **kwargs: object) -> keras.callbacks.History:
        """Train with `keras.Model.fit`, after checking the images.

        Args:
            x: Images, or batches of them, for example `Batches.to_tf_dataset()`.
            *args, **kwargs: Passed on to `keras.Model.fit`.

        Raises:
            ValueError: If the images have another shape or type than the model expects.
        """
        x = check_images(x, self.image_shape) if hasattr(x, "shape") else x
        return super().fit(x, *args, **kwargs)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Return the mean of q(z|x) (or the code, if codes are not sampled) for each image.

        The result has shape (n, latent_dim).
        """
        return self.encode_distribution(images)[0]

    def encode_distribution(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return mean and log-variance of q(z|x) for each image, shape (n, latent_dim) each.

        If codes are not sampled, the first is the code, and None takes the place of the second.
        """
        images = check_images(images, self.image_shape)
        size = self.chunk_size()
        encoded = apply_in_chunks(lambda chunk: self.encoder(to_unit_interval(chunk)), images, size)
        if not self.objective.sampled:
            return encoded, None
        return tuple(np.split(encoded, 2, axis=1))

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Decode codes to images, shape (n, *image_shape), values in [0, 1]."""
        z = np.asarray(z, dtype="float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z of shape {z.shape}: expected (n, {self.latent_dim}), n at least 1."
            )
        return apply_in_chunks(lambda chunk: ops.sigmoid(self.decoder(chunk)), z, self.chunk_size())

    def chunk_size(self, images: int = CHUNK) -> int:
        """Return how many images of this model to process at a time.

        They need as much memory as `images` images of 28 x 28 pixels; see `support.chunks`.
        """
        return chunk_size(self.image_shape, images)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Sample n codes from the prior and decode them; the result depends only on the seed."""
        return self.decode(self.prior.sample(check_integer("n", n, 1), seed))

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor as plain values, from which Keras loads a model.

        Raises:
            ValueError: If the attribute `prior` was replaced by a `Mixture` that was fitted after
                training.
        """
        if isinstance(self.prior, Mixture):
            raise ValueError(
                "a prior that was fitted after training cannot be saved with its model: restore "
                "the model's own prior before saving."
            )
        names = "latent_dim", "seed", "network", "image_shape", "name"
        settings = {name: getattr(self, name) for name in names}
        if isinstance(self.network, OwnNetworks):
            settings["network"] = self.network.get_config()
        settings["objective"] = self.objective.get_config()
        return settings | {"prior": self.prior_settings.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, object]) -> "VAE":
        """Create a model from the output of `get_config`."""
        objective = Objective.from_config(config["objective"])
        prior = PriorSpec(**config.get("prior", {}))  # older models have none
        network = network_from_config(config.get("network", "convolutional"))
        return cls(**config | {"objective": objective, "prior": prior, "network": network})


def reparameterize(
    z_mean: Tensor, z_log_var: Tensor, seed_generator: keras.random.SeedGenerator
) -> Tensor:
    """Sample codes from q(z|x) as a differentiable function of its mean and log-variance.

        z = mean + exp(log_var / 2) * noise,  noise ~ N(0, I)

    The noise does not depend on the encoder, so gradients reach mean and log-variance (the
    reparameterization trick; Kingma and Welling 2013, section 2.4).

    Args:
        z_mean, z_log_var: Output of the encoder, shape (batch, latent_dim) each.
        seed_generator: Source of the noise.

    Returns:
        One code for each image, shape (batch, latent_dim).

    >>> generator = keras.random.SeedGenerator(0)
    >>> reparameterize(ops.zeros((3, 2)), ops.zeros((3, 2)), generator).shape
    TensorShape([3, 2])
    """
    noise = keras.random.normal(ops.shape(z_mean), seed=seed_generator)
    return z_mean + ops.exp(0.5 * z_log_var) * noise


def check_compatible(objective: Objective, prior: PriorSpec, network: str | OwnNetworks) -> None:
    """Raise if objective, prior, and network cannot be combined.

    Args:
        objective: The training objective.
        prior: Description of the prior, such as `vamp(20)`.
        network: A key of `vaelib.networks.NETWORKS`, or `OwnNetworks`.

    Raises:
        TypeError: If the objective or the prior has the wrong type.
        ValueError: If the network is unknown, if the network or the prior requires sampled codes
            and the objective has sampled=False, if the objective uses a closed form that exists
            only for the standard normal prior, or if it has no term that would train the prior.

    >>> check_compatible(ELBO, STANDARD_NORMAL, "mlp")
    Traceback (most recent call last):
    ...
    ValueError: network must be one of convolutional, gated, not 'mlp'.
    """
    if not isinstance(objective, Objective):
        raise TypeError(f"objective must be a vaelib Objective such as ELBO, not {objective!r}.")
    if not isinstance(prior, PriorSpec):
        raise TypeError(f"prior must be a vaelib PriorSpec such as vamp(20), not {prior!r}.")
    own = isinstance(network, OwnNetworks)
    if not own and network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}.")
    if not own and NETWORKS[network].needs_sampled_codes and not objective.sampled:
        raise ValueError(
            f"a {network} network needs sampled codes: choose an objective with sampled=True, not "
            f"{objective}."
        )
    if prior == STANDARD_NORMAL:
        return
    terms = [term for _, term in objective.terms]
    for term in terms:
        if term.needs_standard_normal:
            raise ValueError(
                f"the term {term.label} assumes the standard normal prior, not a {prior}: use KL "
                "and MMD, which work with every prior."
            )
    if not any(term.trains_prior for term in terms):
        raise ValueError(
            f"nothing in the objective {objective} would train a {prior}: add a term that does, "
            "such as 1 * KL."
        )
    if prior.kind == "vamp" and not objective.sampled:
        raise ValueError(
            f"a {prior} needs sampled codes: choose an objective with sampled=True, not "
            f"{objective}."
        )
