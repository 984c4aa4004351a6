"""Define the losses of a generative adversarial network (GAN), see `vaelib.gans`.

A generator G turns codes z from the prior into images. A discriminator D gets real images x and
generated ones, and sigmoid(D(x)) is the probability it gives to "x is real".

    the discriminator minimizes   E softplus(-D(x)) + E softplus(D(G(z))) + r1/2 E |dD/dx|^2
    the generator minimizes       E softplus(-D(G(z)))

softplus(-D) is -log sigmoid(D), so without the penalty the first line is the cross-entropy of a
classifier. The second is the non-saturating loss (Goodfellow et al. 2014, arXiv 1406.2661,
section 3), and the penalty is R1 (Mescheder et al. 2018, arXiv 1801.04406, equation 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_number
from vaelib.weighted_sum import Objective


@dataclass(frozen=True)
class Adversarial(Objective):
    """The losses of the two networks of a GAN.

    Measures read the other settings of an `Objective`, which must keep their defaults. Pixels of
    generated images are treated as those of decoded images, and there is no q(z|x).

    Attributes:
        r1: Weight of the gradient penalty, 0 or greater. 0: no penalty.

    Raises:
        TypeError: If r1 is not a number.
        ValueError: If it is negative, or if another setting or a term is given.

    >>> print(Adversarial(r1=2.0))
    GAN + 2 R1
    """

    sampled: bool = False
    r1: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settings = {f.name: f.default for f in fields(self) if f.name != "r1"}
        if given := [name for name, usual in settings.items() if getattr(self, name) != usual]:
            raise ValueError(
                f"{' and '.join(given)} cannot be set for a GAN, which has neither codes of images "
                "nor reconstructions: use them in the objective of a VAE."
            )
        object.__setattr__(self, "r1", check_number("r1", self.r1, 0))

    def loss_terms(
        self, images: Tensor, outputs: Mapping[str, Tensor], prior: object = None
    ) -> dict[str, Tensor]:
        """Compute the losses of both networks, and the penalty before it is weighted.

        Args:
            images, prior: Not used; they are arguments of `Objective.loss_terms`.
            outputs: "real" and "generated", the logits of the discriminator for as many images,
                shape (batch,), and, for a penalty, its "gradient" at the real images, shape
                (batch, height, width, channels).

        Returns:
            "discriminator" and "generator", in nats, and "penalty", shape (batch,) each.
        """
        real, generated = outputs["real"], outputs["generated"]
        terms = {"discriminator": ops.softplus(-real) + ops.softplus(generated)}
        terms["generator"] = ops.softplus(-generated)
        if self.r1:
            terms["penalty"] = ops.sum(ops.square(outputs["gradient"]), axis=(1, 2, 3))
        return terms

    def loss(self, terms: dict[str, Tensor], epoch: object = None) -> Tensor:
        """Add up what the two networks minimize. The sum is reported, but not minimized."""
        return self.discriminator_loss(terms) + ops.mean(terms["generator"])

    def discriminator_loss(self, terms: dict[str, Tensor]) -> Tensor:
        """Compute what the discriminator minimizes, averaged over the batch; a scalar."""
        loss = ops.mean(terms["discriminator"])
        return loss + self.r1 / 2 * ops.mean(terms["penalty"]) if self.r1 else loss

    @property
    def decimals(self) -> dict[str, int]:
        """For the name of each term, the number of decimals with which it is printed."""
        names = "discriminator", "generator", *(["penalty"] if self.r1 else [])
        return dict.fromkeys(names, 3)

    def __str__(self) -> str:
        return f"GAN + {self.r1:g} R1" if self.r1 else "GAN"

    def get_config(self) -> dict[str, object]:
        """Return the settings as plain values for JSON; `Adversarial(**settings)` restores them."""
        return {"r1": self.r1}


WITHOUT_PENALTY = Adversarial()
