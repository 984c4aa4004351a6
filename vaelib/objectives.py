"""Combine the terms of the loss into training objectives such as the ELBO or the MMD-VAE's loss.

    reconstruction + kl_weight * KL(q(z|x) || p(z)) + mmd_weight * MMD^2(q(z), p(z))

Here q(z|x) is the approximate posterior, that is, the encoder's distribution over codes z for an
image x. The prior p(z) is the distribution from which codes are sampled to generate new images, and
q(z) is the distribution of the codes of all images together. The terms are:

    reconstruction   how far the decoded image is from the image, see `vaelib.losses`
    KL               Kullback-Leibler divergence: how much q(z|x) differs from the prior, per image
    MMD              maximum mean discrepancy: how much the codes of a batch differ from the prior
    ELBO             evidence lower bound: -(reconstruction + KL), which is at most log p(x)

The name `ELBO` below stands for the *negative* ELBO, because objectives are minimized.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds. Its models and related ones differ only in the weights,
in the reconstruction term, and in whether codes are sampled. Two further settings change the form
of the loss: a target capacity for the KL (Burgess et al. 2018), and several codes for each image,
which give a tighter bound (Burda et al. 2015).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from vaelib import losses, mmd
from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_integer, check_number

_NUMBERS = ("kl_weight", "mmd_weight", "capacity", "capacity_epochs", "warmup_epochs")
_SWITCHES = ("sampled", "closed_form_kl", "closed_form_mmd")
# Settings that `Objective.get_config` includes even if they have their default.
_ALWAYS = ("reconstruction", "kl_weight", "mmd_weight", "sampled", "closed_form_kl")
_SHORT_NAMES = {losses.binary_cross_entropy: "BCE", losses.squared_error: "SE"}
_SHORT_NAMES |= {losses.gaussian_nll: "Gaussian"}
RECONSTRUCTIONS = {term.__name__: term for term in _SHORT_NAMES}
# Names under which earlier versions of this package saved reconstruction terms.
_EARLIER_NAMES = {"gaussian_pixels": "gaussian_nll"}


@dataclass(frozen=True)
class Objective:
    """Settings of a training objective. The objective is in nats per image and is minimized.

    All settings have defaults. `Objective()` is a plain autoencoder with sampled codes. It is not a
    VAE, because no term of its loss compares the codes with the prior.

    Attributes:
        reconstruction: `losses.binary_cross_entropy` (the default), `losses.squared_error`, or
            `losses.gaussian_nll`.
        kl_weight: Weight of the KL divergence from q(z|x) to the prior, 0 or greater (the β of a
            beta-VAE). The standard weight is 1. Default 0: no KL term.
        mmd_weight: Weight of the squared MMD between a batch of codes and the prior, 0 or greater.
            Default 0: no MMD term.
        sampled: If True (the default), codes are sampled from q(z|x). If False, the encoder outputs
            the code.
        closed_form_kl: If True, compute the KL with `losses.gaussian_kl`. If False (the default),
            estimate it from one sampled code, as the post does.
        closed_form_mmd: If True, compute the prior's part of the MMD exactly, and leave out pairs
            of a code with itself. The estimate is then unbiased, that is, correct on average, and
            it can be negative. If False (the default), compare the codes with the same number of
            samples from the prior, as the post does, and include these pairs. Since the similarity
            of a code to itself is always 1, the estimate is then too large on average.
        capacity: Target capacity C in nats (Burgess et al. 2018). If it is above 0, the loss
            contains kl_weight * |mean KL - C| in place of kl_weight * KL. Default 0: no target.
        capacity_epochs: Number of epochs over which the capacity is increased linearly from 0.
            Default 0: the capacity is constant.
        warmup_epochs: Number of epochs over which the KL weight is increased linearly from 0.
            Default 0: the KL weight is constant.
        samples: Number of codes sampled for each image. With 2 or more, the loss is the negative
            importance-weighted bound (Burda et al. 2015). Default 1: one code for each image.

    Raises:
        TypeError: If a setting has the wrong type.
        ValueError: If a setting is out of range, or two settings contradict each other.

    >>> print(Objective(kl_weight=4.0, warmup_epochs=2))
    BCE + 4 KL, warmup epochs 2
    """

    reconstruction: Callable = losses.binary_cross_entropy
    kl_weight: float = 0.0
    mmd_weight: float = 0.0
    sampled: bool = True
    closed_form_kl: bool = False
    closed_form_mmd: bool = False
    capacity: float = 0.0
    capacity_epochs: float = 0.0
    warmup_epochs: float = 0.0
    samples: int = 1

    def __post_init__(self) -> None:
        if self.reconstruction not in RECONSTRUCTIONS.values():
            names = ", ".join(f"losses.{name}" for name in RECONSTRUCTIONS)
            raise TypeError(f"reconstruction must be one of {names}, not {self.reconstruction!r}.")
        for name in _NUMBERS:
            object.__setattr__(self, name, check_number(name, getattr(self, name), 0))
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}.")
        object.__setattr__(self, "samples", check_integer("samples", self.samples, 1))
        kl, closed = self.kl_weight, self.closed_form_kl
        if kl and not self.sampled:
            raise ValueError(
                f"kl_weight is {kl:g}, but the KL of a deterministic code is infinite: set "
                "kl_weight to 0 or sampled to True."
            )
        if self.capacity and not (kl and closed):
            raise ValueError(
                f"capacity is {self.capacity:g}: it requires a kl_weight above 0 and "
                "closed_form_kl=True, because an estimated KL can be negative."
            )
        if self.samples > 1 and (kl != 1 or closed or self.warmup_epochs or self.mmd_weight):
            raise ValueError(
                f"samples is {self.samples}: the importance-weighted bound requires kl_weight=1, "
                "warmup_epochs=0, closed_form_kl=False, and mmd_weight=0."
            )
        if self.warmup_epochs and not kl:
            raise ValueError(
                f"warmup_epochs is {self.warmup_epochs:g}, but kl_weight is 0: set a kl_weight "
                "above 0 or warmup_epochs to 0."
            )

    def loss_terms(
        self,
        images: Tensor,
        outputs: dict[str, Tensor],
        prior_sample: Callable[[int], Tensor],
        log_prior: Callable[[Tensor], Tensor] = losses.gaussian_log_density,
    ) -> dict[str, Tensor]:
        """Compute the terms of the loss whose weight is not 0, before they are weighted.

        Args:
            images: Shape (batch, height, width, channels), values in [0, 1].
            outputs: Output of the model for these images. "logits" has the shape of the decoded
                images, and "z", "z_mean", and (if sampled) "z_log_var" have the shape
                (batch * samples, latent_dim). "log_scale" is a scalar, present if it is learned.
            prior_sample: Function that maps n to n codes sampled from the prior, (n, latent_dim).
            log_prior: Function that maps codes to log p(z).

        Returns:
            "reconstruction" and "kl" in nats, shape (batch * samples,), and the scalar "mmd".
        """
        if self.samples > 1:
            images = losses.repeat_rows(images, self.samples)
        scale = [outputs["log_scale"]] if self.learns_scale else []
        values = {"reconstruction": self.reconstruction(images, outputs["logits"], *scale)}
        z, z_copy = losses.fork_gradient(outputs["z"])  # each (batch * samples, latent_dim)
        if self.kl_weight and self.closed_form_kl:
            values["kl"] = losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])
        elif self.kl_weight:
            values["kl"] = losses.sampled_kl(z, outputs["z_mean"], outputs["z_log_var"], log_prior)
        variance = mmd.default_variance(z.shape[1])
        if self.mmd_weight and self.closed_form_mmd:
            values["mmd"] = mmd.mmd2_to_normal(z_copy, variance, unbiased=True)
        elif self.mmd_weight:
            kernel = mmd.GaussianKernel(variance)
            values["mmd"] = mmd.mmd2(z_copy, prior_sample(ops.shape(z)[0]), kernel)
        return values

    def loss(self, terms: dict[str, Tensor], epoch: Tensor | float = math.inf) -> Tensor:
        """Compute the loss, the weighted sum of the terms averaged over the batch.

        With K = `samples` of 2 or more, the loss is the negative importance-weighted bound (Burda
        et al. 2015, arXiv 1509.00519, equation 8):

            - mean over images of log( 1/K sum_k exp(-reconstruction_k - kl_k) )

        Args:
            terms: Output of `loss_terms`.
            epoch: Number of epochs trained so far, which may be fractional. It matters only if the
                objective is scheduled, that is, if its KL weight or its capacity increases during
                the first epochs. The default gives the loss after these increases have ended.

        Returns:
            A scalar, nats per image.

        >>> terms = {"reconstruction": ops.array([90.0, 110.0]), "kl": ops.array([4.0, 6.0])}
        >>> float(Objective(kl_weight=2.0).loss(terms))
        110.0
        """
        reconstruction, kl = terms["reconstruction"], terms.get("kl")
        if self.samples > 1:
            log_weights = -ops.reshape(reconstruction + kl, (-1, self.samples))
            return math.log(self.samples) - ops.mean(losses.logsumexp(log_weights))

        def rising(value, epochs):  # increases linearly from 0 and is constant afterwards
            return value * ops.minimum(1.0, epoch / epochs) if epochs else value

        kl_weight = rising(self.kl_weight, self.warmup_epochs)
        loss = ops.mean(reconstruction if kl is None else reconstruction + kl_weight * kl)
        if self.capacity:
            target = rising(self.capacity, self.capacity_epochs)
            loss = ops.mean(reconstruction) + kl_weight * ops.abs(ops.mean(kl) - target)
        return loss + self.mmd_weight * terms["mmd"] if "mmd" in terms else loss

    @property
    def is_scheduled(self) -> bool:
        """Whether the loss depends on the epoch, because KL weight or capacity increase from 0."""
        return bool(self.warmup_epochs or (self.capacity and self.capacity_epochs))

    @property
    def learns_scale(self) -> bool:
        """Whether the decoder's standard deviation is learned, as `gaussian_nll` requires."""
        return self.reconstruction is losses.gaussian_nll

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the terms whose weight is not 0, in the order of `loss_terms`."""
        weighted = (name for name in ("kl", "mmd") if getattr(self, f"{name}_weight"))
        return ("reconstruction", *weighted)

    def __str__(self) -> str:
        if self in NAMES:
            return NAMES[self]
        terms = [_SHORT_NAMES[self.reconstruction]]
        terms += [f"{w:g} {t}" for t, w in (("KL", self.kl_weight), ("MMD", self.mmd_weight)) if w]
        words = [" + ".join(terms)]
        # The first three fields are the reconstruction term and the two weights, written above.
        for field in fields(self)[3:]:
            value, word = getattr(self, field.name), field.name.replace("_", " ")
            if value != field.default:
                number = "" if isinstance(value, bool) else f" {value:g}"
                words.append(f"{'not ' * (value is False)}{word}{number}")
        return ", ".join(words)

    def get_config(self) -> dict[str, str | float | bool]:
        """Return the settings as plain values for JSON.

        Rarely used settings are included only if they differ from the default.
        """
        named = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        kept = {name: v for name, v, default in named if name in _ALWAYS or v != default}
        return kept | {"reconstruction": self.reconstruction.__name__}

    @classmethod
    def from_config(cls, config: dict[str, str | float | bool]) -> "Objective":
        """Create an objective from the output of `get_config`.

        Raises:
            ValueError: If a setting or the reconstruction term is unknown.

        >>> Objective.from_config(ELBO.get_config()) == ELBO
        True
        """
        names = [f.name for f in fields(cls)]
        saved = config.get("reconstruction")
        config = config | {"reconstruction": _EARLIER_NAMES.get(saved, saved)}
        if set(config) - set(names) or config.get("reconstruction") not in RECONSTRUCTIONS:
            raise ValueError(
                f"{config!r} are not settings of an Objective: expected {', '.join(names)}, with "
                f"reconstruction one of {', '.join(RECONSTRUCTIONS)}."
            )
        return cls(**config | {"reconstruction": RECONSTRUCTIONS[config["reconstruction"]]})


def beta(kl_weight: float) -> Objective:
    """Return the beta-VAE's objective: the negative ELBO with a KL weight (Higgins et al. 2017).

    >>> print(beta(4.0))
    BCE + 4 KL
    """
    return Objective(kl_weight=kl_weight)


def capacity(gamma: float, maximum: float, epochs: float) -> Objective:
    """Return the objective that holds the mean KL at a capacity C, which increases over epochs.

        reconstruction + gamma |mean KL - C|   (Burgess et al. 2018, arXiv 1804.03599, equation 8)

    Only the mean KL over a batch is held at C, not the KL of each image. The KL is computed in
    closed form.

    Args:
        gamma: Weight of the penalty, above 0.
        maximum: Final capacity in nats, 0 or greater.
        epochs: Number of epochs over which C increases linearly from 0 to `maximum`.

    >>> print(capacity(gamma=30.0, maximum=5.0, epochs=10))
    BCE + 30 KL, closed form kl, capacity 5, capacity epochs 10
    """
    return Objective(kl_weight=gamma, closed_form_kl=True, capacity=maximum, capacity_epochs=epochs)


def iwae(samples: int) -> Objective:
    """Return the negative importance-weighted bound as an objective (Burda et al. 2015).

    Args:
        samples: Number of codes sampled for each image, 1 or more. With 1, the bound is the ELBO.

    >>> iwae(1) == ELBO, iwae(5).samples
    (True, 5)
    """
    return Objective(kl_weight=1.0, samples=samples)


def infovae(
    alpha: float,
    lambda_: float,
    reconstruction: Callable = losses.binary_cross_entropy,
    **settings: object,
) -> Objective:
    """Return the InfoVAE's objective (Zhao, Song, and Ermon 2017, arXiv 1706.02262, equation 6).

        kl_weight = 1 - alpha,   mmd_weight = alpha + lambda_ - 1

    The arguments `alpha` and `lambda_` are α and λ of the paper.

    Args:
        reconstruction: Reconstruction term, as in `Objective`.
        **settings: Other settings of `Objective`.

    Raises:
        ValueError: If one of the two weights is negative.

    >>> print(infovae(0.5, 10.0))
    BCE + 0.5 KL + 9.5 MMD
    """
    return Objective(reconstruction, 1 - alpha, alpha + lambda_ - 1, **settings)


def post_mmd(values_per_image: int) -> Objective:
    """Return the objective of the post's MMD-VAE, multiplied by the number of values per image.

    The post minimizes the *mean* squared error over pixels plus MMD^2. Our reconstruction terms are
    sums over pixels, so MMD^2 is multiplied by the number of values, too.

    Args:
        values_per_image: height * width * channels of the images, which is the weight of MMD^2.

    >>> post_mmd(784) == POST_MMD
    True
    """
    return infovae(1, values_per_image, losses.squared_error, sampled=False)


#: Only the reconstruction term, without any regularizer on the codes, which are not sampled.
AUTOENCODER = Objective(sampled=False)
#: The negative evidence lower bound (ELBO), which a standard VAE minimizes.
ELBO = beta(1.0)
#: The negative ELBO with the post's effective weights. The post's code sums the reconstruction term
#: over the batch of 100 images but averages the KL. Compared with the reconstruction term, the KL
#: is therefore divided by 100, that is, β = 1/100.
POST_ELBO = beta(1 / 100)
#: The MMD-VAE with the post's effective weights. MMD^2 is weighted by 784, the number of pixels,
#: next to the squared error summed over pixels; see `post_mmd`.
POST_MMD = post_mmd(28 * 28)

NAMES = {AUTOENCODER: "autoencoder", ELBO: "ELBO"}
NAMES |= {POST_ELBO: "post ELBO", POST_MMD: "post MMD"}
