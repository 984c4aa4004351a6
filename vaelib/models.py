"""Define the VAE, a Keras model that joins encoder, decoder, prior, and objective.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds.
"""

from collections.abc import Mapping

from vaelib.array_methods import ArrayMethods
from vaelib.compatibility import check_compatible, check_initial_log_var
from vaelib.conditioning import MOST_CLASSES, with_label, with_label_channels
from vaelib.losses import fork_gradient, repeat_rows
from vaelib.networks import LEAST_LOG_VAR, NETWORKS, seeded_init, shift_log_var
from vaelib.objectives import ELBO, Objective
from vaelib.own_networks import OwnNetworks, network_from_config, sizes_without_labels
from vaelib.prior_of_step import PriorOfStep
from vaelib.priors import STANDARD_NORMAL, Mixture, PriorSpec
from vaelib.support.backend import Tensor, keras, ops
from vaelib.support.errors import check_integer, check_number
from vaelib.support.image_arrays import IMAGE_SHAPE, to_unit_interval
from vaelib.term_check import check_term


@keras.saving.register_keras_serializable("vaelib")
class VAE(ArrayMethods, keras.Model):
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
            numbers, if codes are not sampled). The decoder maps codes to logits of pixels. Layers
            with random numbers, such as Dropout, keep the seeds with which you built them.
        condition: Number of classes of a conditional VAE, at most 1,000, whose encoder and decoder
            get the class label; see `vaelib.conditioning`. 0: no condition. With a condition, given
            networks take `condition` more channels and `condition` more inputs.
        initial_log_var: Added to the log-variances of the approximate posterior before training,
            as the bias of the encoder's last layer, -20 or more. With a negative value, training
            begins with narrow posteriors, so that codes carry information from the start.
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
    >>> z = model.encode(ops.zeros((3, 28, 28, 1)))
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
        condition: int = 0,
        initial_log_var: float = 0.0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if (encoder is None) != (decoder is None):
            raise ValueError("only one of encoder and decoder is given: expected both or none.")
        if encoder is not None and network != "convolutional":
            raise ValueError("network is given next to encoder and decoder: leave it out.")
        self.condition = check_integer("condition", condition, 0, MOST_CLASSES)
        if encoder is not None:
            network = OwnNetworks.from_models(encoder, decoder)
            own = sizes_without_labels(encoder, decoder, self.condition)
            latent_dim, image_shape = latent_dim or own[0], image_shape or own[1]
        self.latent_dim = check_integer("latent_dim", 2 if latent_dim is None else latent_dim, 1)
        self.seed = check_integer("seed", seed, 0, 2**32 - 1)
        check_compatible(objective, prior, network, self.condition)
        self.objective = objective
        self.network, self.image_shape = network, tuple(image_shape or IMAGE_SHAPE)
        with seeded_init(self.seed):
            outputs = 2 * self.latent_dim if objective.sampled else self.latent_dim
            build = network if isinstance(network, OwnNetworks) else NETWORKS[network]
            *sides, channels = self.image_shape
            shape = (*sides, channels + self.condition)
            built_encoder = build.build_encoder(outputs, shape)
            inputs = self.latent_dim + self.condition
            built_decoder = build.build_decoder(inputs, self.image_shape)
        # Given networks are used with their own weights. They have the shapes of those built here,
        # whose shapes were checked.
        self.encoder = built_encoder if encoder is None else encoder
        self.initial_log_var = check_number("initial_log_var", initial_log_var, LEAST_LOG_VAR)
        if self.initial_log_var:
            check_initial_log_var(objective, encoder)
            shift_log_var(self.encoder, self.initial_log_var)
        self.decoder = built_decoder if decoder is None else decoder
        self.prior_settings = prior
        self.prior = prior.build(self.latent_dim, self.encoder, self.seed)
        for _, term in objective.terms:
            if term.code:  # the terms of this package are checked by its tests
                size = self.latent_dim, self.image_shape
                check_term(term, *size, objective.sampled, self.prior.current())
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

    def call(
        self, batch: Tensor | Mapping[str, Tensor], training: bool = False
    ) -> dict[str, Tensor]:
        """Encode images, sample codes, and decode them.

        Args:
            batch: "images", shape (batch, *image_shape), uint8 or floats in [0, 1], and, if the
                model has a condition, "labels", shape (batch,), integers. Without a condition,
                images alone are accepted, too.
            training: Passed on to the encoder.

        Returns:
            The tensors that `Objective.loss_terms` takes as its argument `outputs`.
        """
        learned = {"log_scale": ops.copy(self.log_scale)} if self.objective.learns_scale else {}
        images, labels = batch, None
        if isinstance(batch, Mapping):
            images, labels = batch["images"], batch.get("labels")
        encoded = self._encoded(images, labels, training=training)
        if not self.objective.sampled:
            z_mean, z, z_decoded = fork_gradient(encoded, 3)
            return learned | {"z_mean": z_mean, "z": z, "logits": self._logits(z_decoded, labels)}
        if self.objective.samples > 1:  # one row for each code to be sampled
            encoded = repeat_rows(encoded, self.objective.samples)
            labels = None if labels is None else repeat_rows(labels, self.objective.samples)
        z_mean, z_log_var = ops.split(encoded, 2, axis=1)  # each (batch, latent_dim)
        z = reparameterize(z_mean, z_log_var, self.seed_generator)
        codes = {"z_mean": z_mean, "z_log_var": z_log_var, "z": z}
        return learned | codes | {"logits": self._logits(z, labels)}

    def _encoded(self, images: Tensor, labels: Tensor | None, training: bool = False) -> Tensor:
        given = with_label_channels(to_unit_interval(images), labels, self.condition)
        # Without the argument if it is False, so that a function can take the place of the encoder.
        return self.encoder(given, training=True) if training else self.encoder(given)

    def _logits(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return self.decoder(with_label(z, labels, self.condition))

    def compute_loss(
        self,
        x: Tensor | Mapping[str, Tensor] | None = None,
        y: None = None,
        y_pred: dict[str, Tensor] | None = None,
        sample_weight: None = None,
        training: bool = True,
    ) -> Tensor:
        """Compute the loss on one batch; Keras's `fit` minimizes it.

        The call also updates the metrics that average the terms over an epoch. If the objective is
        scheduled and `training` is True, it also increases the step counter by 1.

        Args:
            x: A batch, as for `call`.
            y_pred: Output of `call` for it.
            y, sample_weight: Not used.
            training: If True, a scheduled objective is evaluated for the current epoch. If False,
                it is evaluated as after the end of its schedule.

        Returns:
            A scalar, nats per image.

        Raises:
            ValueError: If the objective is scheduled and `steps_per_epoch` is not set.
        """
        prior = PriorOfStep(self.prior.current(), self.seed_generator)
        images = x["images"] if isinstance(x, Mapping) else x
        terms = self.objective.loss_terms(to_unit_interval(images), y_pred, prior)
        for name, value in terms.items():
            # Batches are weighted by their size, because the last batch of an epoch can be smaller.
            self.term_trackers[name].update_state(ops.mean(value), ops.shape(images)[0])
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
        names = (
            "latent_dim",
            "seed",
            "network",
            "image_shape",
            "condition",
            "initial_log_var",
            "name",
        )
        settings = {name: getattr(self, name) for name in (*names, "name")}
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
