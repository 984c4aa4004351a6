"""What a model is trained to do: one loss with three terms.

    reconstruction + kl_weight * KL(q(z|x) || p(z)) + mmd_weight * MMD^2(q(z), p(z))

The post's models and their neighbours are settings of the weights, the reconstruction term, and
whether codes are sampled. Two more: a capacity weighs how far the KL is from a wanted one, and
several samples for each image give a tighter bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from vaelib import losses, mmd
from vaelib.backend import ops
from vaelib.errors import check_integer, check_number

NUMBERS = ("kl_weight", "mmd_weight", "capacity", "capacity_epochs", "warmup_epochs")
SWITCHES = ("sampled", "closed_form_kl", "closed_form_mmd")
ALWAYS = ("reconstruction", "kl_weight", "mmd_weight", "sampled", "closed_form_kl")
SHORT = {losses.binary_cross_entropy: "BCE", losses.squared_error: "SE"}
SHORT |= {losses.gaussian_pixels: "Gaussian"}
RECONSTRUCTIONS = {term.__name__: term for term in SHORT}


@dataclass(frozen=True)
class Objective:
    """Weights of the three terms, and how they are counted; lower is better, in nats per image.

    Attributes:
        reconstruction: `losses.binary_cross_entropy`, `squared_error`, or `gaussian_pixels`.
        kl_weight: weight of the KL of each code to the prior, 0 or more.
        mmd_weight: weight of the squared MMD of the batch of codes to the prior, 0 or more.
        sampled: whether the code is sampled from q(z|x) (True) or is the encoder's output (False).
        closed_form_kl: integrate the KL (True), or estimate it from one z (False), as the post.
        closed_form_mmd: integrate the prior's part of the MMD (True; unbiased, at times negative),
            or take it from as many samples (False; biased, as the post does).
        capacity: nats of KL that are wanted; how far the mean KL is from it is weighed.
        capacity_epochs, warmup_epochs: in which the capacity, or the KL's weight, rises from 0.
        samples: codes sampled for each image; above 1, the importance-weighted bound.

    Raises:
        ValueError, TypeError: for a setting of another type, out of range, or against another.
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

    def __post_init__(self):
        if self.reconstruction not in RECONSTRUCTIONS.values():
            names = ", ".join(f"losses.{name}" for name in RECONSTRUCTIONS)
            raise TypeError(f"reconstruction must be one of {names}, not {self.reconstruction!r}.")
        for name in NUMBERS:
            object.__setattr__(self, name, check_number(name, getattr(self, name), 0))
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}.")
        object.__setattr__(self, "samples", check_integer("samples", self.samples, 1))
        kl, closed = self.kl_weight, self.closed_form_kl
        if kl and not self.sampled:
            raise ValueError(f"kl_weight is {kl:g}, but a deterministic code has an infinite KL.")
        if self.capacity and not (kl and closed):
            wrong = f"capacity is {self.capacity:g}: it goes with a kl_weight above 0 and with "
            raise ValueError(wrong + "closed_form_kl=True, for a KL that is never negative.")
        if self.samples > 1 and (kl != 1 or closed or self.warmup_epochs or self.mmd_weight):
            wrong = (
                f"samples is {self.samples}: the importance-weighted bound has a kl_weight of 1 "
            )
            raise ValueError(wrong + "from the start, a KL that is sampled, and no MMD.")
        if self.warmup_epochs and not kl:
            raise ValueError(f"warmup_epochs is {self.warmup_epochs:g}, but there is no kl_weight.")

    def terms(self, images, outputs, prior_sample, log_prior=losses.gaussian_log_density):
        """The terms that carry a weight, not yet weighed.

        Args:
            images: (batch, height, width, channels), in [0, 1].
            outputs: the model's: logits, of the images' shape; z, z_mean and, where sampled,
                z_log_var, each (batch * samples, latent_dim); log_scale, where it is learned.
            prior_sample: function of n that samples (n, latent_dim) from the prior.
            log_prior: function of codes that gives log p(z).

        Returns:
            dict of name to value: reconstruction and kl of shape (batch * samples,), mmd a scalar.
        """
        if self.samples > 1:
            images = losses.repeated(images, self.samples)
        scale = [outputs["log_scale"]] if self.learns_scale else []
        values = {"reconstruction": self.reconstruction(images, outputs["logits"], *scale)}
        z, z_copy = losses.fan_out(outputs["z"])  # each (batch * samples, latent_dim)
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

    def total(self, terms, epoch=math.inf):
        """The loss: the weighted sum of the terms, and the only mean over the batch.

        With several samples it is the importance-weighted bound with its sign turned (Burda et al.
        2015, arXiv 1509.00519, equation 8), - mean log 1/K sum_k exp(-reconstruction_k - kl_k).

        Args:
            terms: as from `terms`.
            epoch: how many there have been, where the objective changes on the way.
        """
        reconstruction, kl = terms["reconstruction"], terms.get("kl")
        if self.samples > 1:
            log_weights = -ops.reshape(reconstruction + kl, (-1, self.samples))
            return math.log(self.samples) - ops.mean(losses.logsumexp(log_weights))

        def rising(value, epochs):  # from 0 in a straight line, to stay there
            return value * ops.minimum(1.0, epoch / epochs) if epochs else value

        kl_weight = rising(self.kl_weight, self.warmup_epochs)
        loss = ops.mean(reconstruction if kl is None else reconstruction + kl_weight * kl)
        if self.capacity:
            wanted = rising(self.capacity, self.capacity_epochs)
            loss = ops.mean(reconstruction) + kl_weight * ops.abs(ops.mean(kl) - wanted)
        return loss + self.mmd_weight * terms["mmd"] if "mmd" in terms else loss

    @property
    def changes(self):
        """Whether the loss depends on the epoch."""
        return bool(self.warmup_epochs or (self.capacity and self.capacity_epochs))

    @property
    def learns_scale(self):
        """Whether the reconstruction term has a scale that is learned along."""
        return self.reconstruction is losses.gaussian_pixels

    @property
    def term_names(self):
        """Names of the terms that carry a weight, in the order of `terms`."""
        weighed = (name for name in ("kl", "mmd") if getattr(self, f"{name}_weight"))
        return ("reconstruction", *weighed)

    def __str__(self):
        if self in NAMES:
            return NAMES[self]
        words = [SHORT[self.reconstruction]]
        words += [f"{w:g} {t}" for t, w in (("KL", self.kl_weight), ("MMD", self.mmd_weight)) if w]
        for field in fields(self)[3:]:
            value, word = getattr(self, field.name), field.name.replace("_", " ")
            if value != field.default:
                number = "" if isinstance(value, bool) else f" {value:g}"
                words.append(f"{'not ' * (value is False)}{word}{number}")
        return " + ".join(words)

    def get_config(self):
        """The settings as plain values, for JSON; of those that few models need, what is set."""
        named = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        kept = {name: v for name, v, default in named if name in ALWAYS or v != default}
        return kept | {"reconstruction": self.reconstruction.__name__}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        names = [f.name for f in fields(cls)]
        if set(config) - set(names) or config.get("reconstruction") not in RECONSTRUCTIONS:
            raise ValueError(
                f"{config!r} are not settings of an Objective: expected {', '.join(names)}, with "
                f"reconstruction one of {', '.join(RECONSTRUCTIONS)}."
            )
        return cls(**config | {"reconstruction": RECONSTRUCTIONS[config["reconstruction"]]})


def beta(kl_weight):
    """beta-VAE (Higgins et al. 2017): the ELBO with its KL multiplied by `kl_weight`."""
    return Objective(kl_weight=kl_weight)


def capacity(gamma, maximum, epochs):
    """gamma |mean KL - C|, with C rising from 0 to `maximum` nats over so many epochs.

    Burgess et al. 2018, arXiv 1804.03599, equation 8. The *mean* KL is held at C, not each.
    """
    return Objective(kl_weight=gamma, closed_form_kl=True, capacity=maximum, capacity_epochs=epochs)


def iwae(samples):
    """The importance-weighted bound from so many codes for each image; from one, the ELBO."""
    return Objective(kl_weight=1.0, samples=samples)


def infovae(alpha, lambda_, reconstruction=losses.binary_cross_entropy, **settings):
    """InfoVAE (Zhao, Song and Ermon 2017, arXiv 1706.02262, equation 6), and other settings.

    kl_weight = 1 - alpha, mmd_weight = alpha + lambda_ - 1. ValueError: where one is negative.
    """
    return Objective(reconstruction, 1 - alpha, alpha + lambda_ - 1, **settings)


def mmd_as_posted(values):
    """The post minimises the *mean* squared pixel error + MMD^2: this, times an image's values."""
    return infovae(1, values, losses.squared_error, sampled=False)


#: Only the reconstruction; codes may lie anywhere.
AUTOENCODER = Objective(sampled=False)
#: The evidence lower bound, with its sign turned: what a VAE minimises.
ELBO = beta(1.0)
#: The post's code sums the reconstruction term over the batch of 100 but averages the KL.
ELBO_AS_POSTED = beta(1 / 100)
MMD_AS_POSTED = mmd_as_posted(28 * 28)

NAMES = {AUTOENCODER: "autoencoder", ELBO: "ELBO"}
NAMES |= {ELBO_AS_POSTED: "ELBO as posted", MMD_AS_POSTED: "MMD as posted"}
