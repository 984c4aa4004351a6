"""What a model is trained to do: one loss with three terms.

    reconstruction + kl_weight * KL(q(z|x) || p(z)) + mmd_weight * MMD^2(q(z), p(z))

Every model of this tutorial is a setting of the two weights, the reconstruction term, and whether
codes are drawn (InfoVAE, Zhao, Song and Ermon 2017,
arXiv 1706.02262, equation 6, writes kl_weight = 1 - alpha and mmd_weight = alpha + lambda - 1).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from vaelib import losses, mmd
from vaelib.backend import ops

RECONSTRUCTIONS = {f.__name__: f for f in (losses.binary_cross_entropy, losses.squared_error)}


@dataclass(frozen=True)
class Objective:
    """Weights of the three terms; lower is better, in nats per image.

    Attributes:
        reconstruction: `losses.binary_cross_entropy` or `losses.squared_error`.
        kl_weight: weight of the KL of each code to the prior, at least 0.
        mmd_weight: weight of the squared MMD of all codes to the prior, at least 0.
        sampled: whether the code is drawn from q(z|x) (True) or is the encoder's output (False).
        closed_form_kl: whether the KL is integrated (True) or estimated from the one z that was
            drawn, as the post does (False). The same on average.

    Raises:
        ValueError: for a weight that is negative or not finite, or a KL of a deterministic code.
        TypeError: for a reconstruction term that is not one of the two above.
    """

    reconstruction: Callable = losses.binary_cross_entropy
    kl_weight: float = 0.0
    mmd_weight: float = 0.0
    sampled: bool = True
    closed_form_kl: bool = False

    def __post_init__(self):
        if self.reconstruction not in RECONSTRUCTIONS.values():
            raise TypeError(
                f"reconstruction must be one of the functions {', '.join(RECONSTRUCTIONS)} of "
                f"vaelib.losses, but is {self.reconstruction!r}."
            )
        for name in ("kl_weight", "mmd_weight"):
            weight = getattr(self, name)
            if not (isinstance(weight, int | float) and math.isfinite(weight) and weight >= 0):
                raise ValueError(f"{name} must be a finite number, 0 or more, but is {weight!r}.")
            object.__setattr__(self, name, float(weight))
        if self.kl_weight and not self.sampled:
            raise ValueError(
                f"kl_weight is {self.kl_weight:g}, but the KL of a deterministic code is infinite: "
                "use sampled=True, or kl_weight=0."
            )

    def terms(self, images, outputs, prior_sample):
        """The terms that carry a weight, not yet weighed.

        Args:
            images: (batch, 28, 28, 1), in [0, 1].
            outputs: the model's: logits (batch, 28, 28, 1); z, z_mean and, where sampled,
                z_log_var, each (batch, latent_dim).
            prior_sample: function of n that draws (n, latent_dim) from the prior.

        Returns:
            dict of name to value: reconstruction and kl of shape (batch,), mmd a scalar.
        """
        values = {"reconstruction": self.reconstruction(images, outputs["logits"])}
        z, z_again = losses.fan_out(outputs["z"])  # each (batch, latent_dim)
        if self.kl_weight and self.closed_form_kl:
            values["kl"] = losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])
        elif self.kl_weight:
            values["kl"] = losses.sampled_kl(z, outputs["z_mean"], outputs["z_log_var"])
        if self.mmd_weight:
            kernel = mmd.GaussianKernel(variance=mmd.default_variance(z.shape[1]))
            values["mmd"] = mmd.mmd2(z_again, prior_sample(ops.shape(z)[0]), kernel)
        return values

    def total(self, terms):
        """The loss: the weighted sum of the terms, and the only mean over the batch."""
        per_image = terms["reconstruction"]
        if "kl" in terms:
            per_image = per_image + self.kl_weight * terms["kl"]
        loss = ops.mean(per_image)
        if "mmd" in terms:
            loss = loss + self.mmd_weight * terms["mmd"]
        return loss

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
                f"{self.mmd_weight:g} MMD" if self.mmd_weight else "",
            )
            if part
        )

    def get_config(self):
        """The settings as plain values, for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "reconstruction": self.reconstruction.__name__
        }

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


def infovae(alpha, lambda_, reconstruction=losses.binary_cross_entropy, sampled=True):
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
    return Objective(reconstruction, 1 - alpha, alpha + lambda_ - 1, sampled)


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
