"""What a model is trained to do: one loss with three terms.

    reconstruction + kl_weight * KL(q(z|x) || p(z)) + mmd_weight * MMD^2(q(z), p(z))

The models of the post and their neighbours are settings of the two weights, the reconstruction
term, and whether codes are drawn (InfoVAE, Zhao, Song and Ermon 2017, arXiv 1706.02262, equation 6,
writes kl_weight = 1 - alpha and mmd_weight = alpha + lambda - 1). Two more count the terms in
another way: a capacity weighs how far the KL is from a wanted one, and several samples for each
image give a tighter bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from vaelib import losses, mmd
from vaelib.backend import ops

NUMBERS = ("kl_weight", "mmd_weight", "capacity", "capacity_epochs", "warmup_epochs")
ALWAYS = ("reconstruction", "kl_weight", "mmd_weight", "sampled", "closed_form_kl")
RECONSTRUCTIONS = {f.__name__: f for f in (losses.binary_cross_entropy, losses.squared_error)}


@dataclass(frozen=True)
class Objective:
    """Weights of the three terms, and how they are counted; lower is better, in nats per image.

    Attributes:
        reconstruction: `losses.binary_cross_entropy` or `losses.squared_error`.
        kl_weight: weight of the KL of each code to the prior, at least 0.
        mmd_weight: weight of the squared MMD of all codes to the prior, at least 0.
        sampled: whether the code is drawn from q(z|x) (True) or is the encoder's output (False).
        closed_form_kl: whether the KL is integrated (True) or estimated from the one z that was
            drawn, as the post does (False). The same on average.
        closed_form_mmd: whether the prior's part of the MMD is integrated (True; unbiased, at
            times negative) or taken from as many draws (False; biased, as the post does).
        capacity: how many nats of KL are wanted: instead of the mean KL, the absolute value of
            its difference to this is weighed. Needs the closed form, which is never negative.
        capacity_epochs: over so many epochs the capacity rises from 0 to that value.
        warmup_epochs: over so many epochs the KL's weight rises from 0 to `kl_weight`.
        samples: codes drawn for each image; above 1, the importance-weighted bound.

    Raises:
        ValueError: for a number out of its range, or settings that exclude each other.
        TypeError: for a reconstruction term that is not one of the two above.
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
            raise TypeError(
                f"reconstruction must be one of the functions {', '.join(RECONSTRUCTIONS)} of "
                f"vaelib.losses, but is {self.reconstruction!r}."
            )
        for name in NUMBERS:
            value = getattr(self, name)
            if not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number, 0 or more, but is {value!r}.")
            object.__setattr__(self, name, float(value))
        if self.kl_weight and not self.sampled:
            raise ValueError(
                f"kl_weight is {self.kl_weight:g}, but the KL of a deterministic code is infinite: "
                "use sampled=True, or kl_weight=0."
            )
        if self.capacity and not (self.kl_weight and self.closed_form_kl):
            raise ValueError(
                f"capacity is {self.capacity:g}: use it with closed_form_kl=True and a kl_weight "
                "above 0, which weighs how far the KL is from it."
            )
        whole = isinstance(self.samples, int) and not isinstance(self.samples, bool)
        if not whole or self.samples < 1:
            raise ValueError(f"samples must be a whole number, 1 or more, not {self.samples!r}.")
        bound = self.kl_weight == 1 and not (
            self.mmd_weight or self.closed_form_kl or self.warmup_epochs
        )
        if self.samples > 1 and not bound:
            raise ValueError(
                f"samples is {self.samples}: the importance-weighted bound has a kl_weight of 1 "
                "from the start, a KL that is sampled, and no MMD."
            )
        if self.warmup_epochs and not self.kl_weight:
            raise ValueError(
                f"warmup_epochs is {self.warmup_epochs:g}, but there is no kl_weight to warm up to."
            )

    def terms(self, images, outputs, prior_sample, log_prior=losses.gaussian_log_density):
        """The terms that carry a weight, not yet weighed.

        Args:
            images: (batch, 28, 28, 1), in [0, 1].
            outputs: the model's: logits (batch * samples, 28, 28, 1); z, z_mean and, where
                sampled, z_log_var, each (batch * samples, latent_dim).
            prior_sample: function of n that draws (n, latent_dim) from the prior.
            log_prior: function of codes that gives log p(z).

        Returns:
            dict of name to value: reconstruction and kl of shape (batch * samples,), mmd a scalar.
        """
        if self.samples > 1:
            images = losses.repeated(images, self.samples)
        values = {"reconstruction": self.reconstruction(images, outputs["logits"])}
        z, z_again = losses.fan_out(outputs["z"])  # each (batch * samples, latent_dim)
        if self.kl_weight and self.closed_form_kl:
            values["kl"] = losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])
        elif self.kl_weight:
            values["kl"] = losses.sampled_kl(z, outputs["z_mean"], outputs["z_log_var"], log_prior)
        variance = mmd.default_variance(z.shape[1])
        if self.mmd_weight and self.closed_form_mmd:
            values["mmd"] = mmd.mmd2_to_normal(z_again, variance, unbiased=True)
        elif self.mmd_weight:
            kernel = mmd.GaussianKernel(variance)
            values["mmd"] = mmd.mmd2(z_again, prior_sample(ops.shape(z)[0]), kernel)
        return values

    def total(self, terms, epoch=math.inf):
        """The loss: the weighted sum of the terms, and the only mean over the batch.

        With several samples it is the importance-weighted bound with its sign turned (Burda et al.
        2015, arXiv 1509.00519, equation 8), - mean log 1/K sum_k exp(-reconstruction_k - kl_k),
        which is less than the sum of the terms' means.

        Args:
            terms: as from `terms`.
            epoch: how many there have been, where the objective changes on the way.
        """
        per_image, kl = terms["reconstruction"], terms.get("kl")
        if self.samples > 1:
            log_weights = -ops.reshape(per_image + kl, (-1, self.samples))
            return math.log(self.samples) - ops.mean(losses.logsumexp(log_weights))
        kl_weight = self.kl_weight
        if self.warmup_epochs:
            kl_weight = kl_weight * ops.minimum(1.0, epoch / self.warmup_epochs)
        if kl is not None and not self.capacity:
            per_image = per_image + kl_weight * kl
        loss = ops.mean(per_image)
        if self.capacity:
            wanted = self.capacity
            if self.capacity_epochs:
                wanted = wanted * ops.minimum(1.0, epoch / self.capacity_epochs)
            loss = loss + kl_weight * ops.abs(ops.mean(kl) - wanted)
        if "mmd" in terms:
            loss = loss + self.mmd_weight * terms["mmd"]
        return loss

    @property
    def changes(self):
        """Whether the loss depends on the epoch."""
        return bool(self.warmup_epochs or (self.capacity and self.capacity_epochs))

    @property
    def term_names(self):
        """Names of the terms that carry a weight, in the order of `terms`."""
        weighed = (name for name in ("kl", "mmd") if getattr(self, f"{name}_weight"))
        return ("reconstruction", *weighed)

    def __str__(self):
        return NAMES.get(self) or " + ".join(
            part
            for part in (
                {"binary_cross_entropy": "BCE", "squared_error": "SE"}[
                    self.reconstruction.__name__
                ],
                f"{self.kl_weight:g} KL" if self.kl_weight else "",
                f"capacity {self.capacity:g}" if self.capacity else "",
                f"{self.mmd_weight:g} MMD" if self.mmd_weight else "",
                f"warm-up {self.warmup_epochs:g}" if self.warmup_epochs else "",
                f"{self.samples} samples" if self.samples > 1 else "",
            )
            if part
        )

    def get_config(self):
        """The settings as plain values, for JSON; of those that few models need, what is set."""
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        kept = {n: v for n, (v, default) in values.items() if n in ALWAYS or v != default}
        return kept | {"reconstruction": self.reconstruction.__name__}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        unknown = set(config) - {f.name for f in fields(cls)}
        if unknown or config.get("reconstruction") not in RECONSTRUCTIONS:
            raise ValueError(
                f"{config!r} are not settings of an Objective: expected the names "
                f"{', '.join(f.name for f in fields(cls))}, with reconstruction one of "
                f"{', '.join(RECONSTRUCTIONS)}."
            )
        return cls(**config | {"reconstruction": RECONSTRUCTIONS[config["reconstruction"]]})


def beta(kl_weight):
    """beta-VAE (Higgins et al. 2017): the ELBO with its KL multiplied by `kl_weight`."""
    return Objective(kl_weight=kl_weight)


def capacity(gamma, maximum, epochs):
    """gamma |mean KL - C|, with C rising from 0 to `maximum` nats over so many epochs.

    Burgess et al. 2018, arXiv 1804.03599, equation 8. The absolute value is that of the *mean* KL;
    the mean of absolute values would ask the same KL of every image.
    """
    closed = dict(closed_form_kl=True, capacity=maximum, capacity_epochs=epochs)
    return Objective(kl_weight=gamma, **closed)


def iwae(samples):
    """The importance-weighted bound from so many codes for each image; from one, the ELBO."""
    return Objective(kl_weight=1.0, samples=samples)


def infovae(
    alpha, lambda_, reconstruction=losses.binary_cross_entropy, sampled=True, closed_form_mmd=False
):
    """InfoVAE: kl_weight = 1 - alpha, mmd_weight = alpha + lambda_ - 1.

    Raises:
        ValueError: where either weight would be negative, for that would reward the divergence
            that it is meant to remove.
    """
    if alpha > 1 or alpha + lambda_ < 1:
        raise ValueError(
            f"infovae(alpha={alpha:g}, lambda_={lambda_:g}) weighs KL by {1 - alpha:g} and MMD by "
            f"{alpha + lambda_ - 1:g}: choose alpha <= 1 and lambda_ >= 1 - alpha."
        )
    weights = 1 - alpha, alpha + lambda_ - 1
    return Objective(reconstruction, *weights, sampled, closed_form_mmd=closed_form_mmd)


PIXELS = 28 * 28

#: Only the reconstruction; codes may lie anywhere.
AUTOENCODER = Objective(sampled=False)
#: The evidence lower bound, with its sign turned: what a VAE minimises.
ELBO = beta(1.0)
#: The post's code sums the reconstruction term over the batch of 100 but averages the KL.
ELBO_AS_POSTED = beta(1 / 100)
#: The post minimises the *mean* squared pixel error + MMD^2: times 784, it is this.
MMD_AS_POSTED = infovae(1, PIXELS, losses.squared_error, sampled=False)

NAMES = {
    AUTOENCODER: "autoencoder",
    ELBO: "ELBO",
    ELBO_AS_POSTED: "ELBO as posted",
    MMD_AS_POSTED: "MMD as posted",
}
