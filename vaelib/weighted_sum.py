"""Add weighted terms to a reconstruction term, which gives the objective that a model minimizes.

    reconstruction + weight_1 * term_1 + weight_2 * term_2 + ...

`vaelib.terms` defines the terms, and `vaelib.objectives` the objectives that have a name. Two
settings change the form of the loss: a target capacity for the KL (Burgess et al. 2018), and
several codes for each image, which give a tighter bound (Burda et al. 2015).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from vaelib import losses
from vaelib.prior_of_step import PriorOfStep
from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_integer, check_number
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, UNBIASED_MMD, Term, weighted_term

_SHORT_NAMES = {losses.binary_cross_entropy: "BCE", losses.squared_error: "SE"}
_SHORT_NAMES |= {losses.gaussian_nll: "Gaussian"}
RECONSTRUCTIONS = {function.__name__: function for function in _SHORT_NAMES}
# Names under which earlier versions of this package saved reconstruction terms.
_EARLIER_NAMES = {"gaussian_pixels": "gaussian_nll"}
# Terms as they were saved by earlier versions: a weight, and whether a closed form is used.
_EARLIER_TERMS = {
    ("kl_weight", "closed_form_kl"): (KL, CLOSED_FORM_KL),
    ("mmd_weight", "closed_form_mmd"): (MMD, UNBIASED_MMD),
}
#: Short names of objectives, which `vaelib.objectives` defines.
NAMES: dict["Objective", str] = {}


@dataclass(frozen=True)
class Objective:
    """A training objective in nats per image, which is minimized.

    All settings have defaults. `Objective()` is a plain autoencoder with sampled codes. It is not a
    VAE, because no term of its loss compares the codes with the prior. `objective + weight * term`
    is the objective with one more term.

    Attributes:
        reconstruction: `losses.binary_cross_entropy` (the default), `losses.squared_error`, or
            `losses.gaussian_nll`.
        terms: Pairs of a weight and a `Term`, for example `[4 * KL]`. Weights are 0 or greater, and
            a term of weight 0 is left out.
        sampled: If True (the default), codes are sampled from q(z|x). If False, the encoder outputs
            the code.
        capacity: Target capacity C in nats (Burgess et al. 2018). If it is above 0, the loss
            contains weight * |mean KL - C| in place of weight * KL. Default 0: no target.
        capacity_epochs: Number of epochs over which the capacity is increased linearly from 0.
            Default 0: the capacity is constant.
        warmup_epochs: Number of epochs over which the weight of the KL is increased linearly from
            0. Default 0: the weight is constant.
        samples: Number of codes sampled for each image. With 2 or more, the loss is the negative
            importance-weighted bound (Burda et al. 2015). Default 1: one code for each image.

    Raises:
        TypeError: If a setting has the wrong type.
        ValueError: If a setting is out of range, if two terms have the same name, or if two
            settings contradict each other.

    >>> print(Objective(warmup_epochs=2, terms=[4 * KL]))
    BCE + 4 KL, warmup epochs 2
    >>> print(Objective(losses.squared_error) + 0.5 * KL + 10 * MMD)
    SE + 0.5 KL + 10 MMD
    """

    reconstruction: Callable = losses.binary_cross_entropy
    terms: tuple[tuple[float, Term], ...] = ()
    sampled: bool = True
    capacity: float = 0.0
    capacity_epochs: float = 0.0
    warmup_epochs: float = 0.0
    samples: int = 1

    def __post_init__(self) -> None:
        if self.reconstruction not in RECONSTRUCTIONS.values():
            names = ", ".join(f"losses.{name}" for name in RECONSTRUCTIONS)
            raise TypeError(f"reconstruction must be one of {names}, not {self.reconstruction!r}.")
        if not isinstance(self.terms, tuple | list):
            raise TypeError(f"terms must be a list such as [4 * KL], not {self.terms!r}.")
        terms = tuple(pair for pair in map(weighted_term, self.terms) if pair[0])
        object.__setattr__(self, "terms", terms)
        for name in ("capacity", "capacity_epochs", "warmup_epochs"):
            object.__setattr__(self, name, check_number(name, getattr(self, name), 0))
        if not isinstance(self.sampled, bool):
            raise TypeError(f"sampled must be True or False, not {self.sampled!r}.")
        object.__setattr__(self, "samples", check_integer("samples", self.samples, 1))
        self._check_combination()

    def _check_combination(self) -> None:
        names = [term.name for _, term in self.terms]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(
                f"two terms are named {twice[0]}: add one of them, or give a Term another name."
            )
        labels = [term.label for _, term in self.terms]
        if twice := [label for label in labels if labels.count(label) > 1]:
            raise ValueError(
                f"two terms are labeled {twice[0]}: add one of them, or give a Term another label."
            )
        for _, term in self.terms:
            if not self.sampled and term.needs_sampled_codes:
                raise ValueError(
                    f"the term {term.label} needs the variance of q(z|x), which is 0 for a "
                    "deterministic code: leave out the term, or set sampled to True."
                )
        kl = next((term for _, term in self.terms if term.name == "kl"), None)
        if self.capacity and kl != CLOSED_FORM_KL:
            raise ValueError(
                f"capacity is {self.capacity:g}: it requires CLOSED_FORM_KL among the terms, "
                "because an estimated KL can be negative."
            )
        if self.samples > 1 and (self.terms != ((1.0, KL),) or self.warmup_epochs):
            raise ValueError(
                f"samples is {self.samples}: the importance-weighted bound requires the terms "
                "[1 * KL] and warmup_epochs=0."
            )
        if self.warmup_epochs and kl is None:
            raise ValueError(
                f"warmup_epochs is {self.warmup_epochs:g}, but there is no KL: add a term such as "
                "1 * KL, or set warmup_epochs to 0."
            )

    def __add__(self, pair: tuple[float, Term]) -> "Objective":
        """Return the objective with one more term, for example `ELBO + 0.5 * Term(function)`."""
        return replace(self, terms=(*self.terms, weighted_term(pair)))

    def weight(self, name: str) -> float:
        """Return the weight of the term called `name`, or 0 if there is none.

        >>> Objective(terms=[4 * KL]).weight("kl"), Objective().weight("kl")
        (4.0, 0.0)
        """
        return sum((weight for weight, term in self.terms if term.name == name), 0.0)

    def loss_terms(
        self, images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep
    ) -> dict[str, Tensor]:
        """Compute the terms of the loss, before they are weighted.

        Args:
            images: Shape (batch, height, width, channels), values in [0, 1].
            outputs: Output of the model for these images. "logits" has the shape of the decoded
                images, and "z", "z_mean", and (if sampled) "z_log_var" have the shape
                (batch * samples, latent_dim). "log_scale" is a scalar, present if it is learned.
            prior: The prior in this training step.

        Returns:
            "reconstruction", and a value for the name of each term. Values are in nats and of shape
            (batch * samples,), or scalars such as "mmd".
        """
        if self.samples > 1:
            images = losses.repeat_rows(images, self.samples)
        # A tensor that several terms use is copied, so that its gradients are added in a fixed
        # order, whatever the terms do; see `losses.fork_gradient`.
        users = [("logits", "log_scale"), *(term.uses for _, term in self.terms)]
        copies = {}
        for name, tensor in outputs.items():
            n = sum(name in used for used in users)
            copies[name] = losses.fork_gradient(tensor, n) if n > 1 else [tensor]

        def for_term(used):
            return {name: copies[name].pop() for name in used if name in copies}

        logits, *scale = for_term(users[0]).values()
        values = {"reconstruction": self.reconstruction(images, logits, *scale)}
        users_of_prior = [term for _, term in self.terms if term.code or term.trains_prior]
        priors = prior.copies(len(users_of_prior))
        for _, term in self.terms:
            of_term = priors.pop() if term in users_of_prior else prior
            values[term.name] = term(images, for_term(term.uses), of_term)
        return values

    def loss(self, terms: dict[str, Tensor], epoch: Tensor | float = math.inf) -> Tensor:
        """Compute the loss, the weighted sum of the terms averaged over the batch.

        With K = `samples` of 2 or more, the loss is the negative importance-weighted bound (Burda
        et al. 2015, arXiv 1509.00519, equation 8):

            - mean over images of log( 1/K sum_k exp(-reconstruction_k - kl_k) )

        Args:
            terms: Output of `loss_terms`.
            epoch: Number of epochs trained so far, which may be fractional. It matters only if the
                objective is scheduled, that is, if the weight of the KL or the capacity increases
                during the first epochs. The default gives the loss after these increases have
                ended.

        Returns:
            A scalar, nats per image.

        >>> terms = {"reconstruction": ops.array([90.0, 110.0]), "kl": ops.array([4.0, 6.0])}
        >>> float(Objective(terms=[2 * KL]).loss(terms))
        110.0
        """
        per_image, per_batch = terms["reconstruction"], []
        if self.samples > 1:
            log_weights = -ops.reshape(per_image + terms["kl"], (-1, self.samples))
            return math.log(self.samples) - ops.mean(losses.logsumexp(log_weights))

        def rising(value, epochs):  # increases linearly from 0 and is constant afterwards
            return value * ops.minimum(1.0, epoch / epochs) if epochs else value

        for weight, term in self.terms:
            value = terms[term.name]
            if term.name == "kl":
                weight = rising(weight, self.warmup_epochs)
                if self.capacity:
                    target = rising(self.capacity, self.capacity_epochs)
                    value = ops.abs(ops.mean(value) - target)
            if len(value.shape):
                per_image = per_image + weight * value
            else:
                per_batch.append(weight * value)
        return sum(per_batch, ops.mean(per_image))

    @property
    def is_scheduled(self) -> bool:
        """Whether the loss depends on the epoch, because KL weight or capacity increase from 0."""
        return bool(self.warmup_epochs or (self.capacity and self.capacity_epochs))

    @property
    def learns_scale(self) -> bool:
        """Whether the decoder's standard deviation is learned, as `gaussian_nll` requires."""
        return self.reconstruction is losses.gaussian_nll

    @property
    def decimals(self) -> dict[str, int]:
        """For the name of each term, the number of decimals with which it is printed."""
        return {"reconstruction": 2} | {term.name: term.decimals for _, term in self.terms}

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the terms, in the order of `loss_terms`."""
        return tuple(self.decimals)

    def __str__(self) -> str:
        if self in NAMES:
            return NAMES[self]
        sum_ = [_SHORT_NAMES[self.reconstruction], *(f"{w:g} {t.label}" for w, t in self.terms)]
        words = [" + ".join(sum_)]
        for field in fields(self)[2:]:  # the settings other than reconstruction and terms
            value, word = getattr(self, field.name), field.name.replace("_", " ")
            if value != field.default:
                words.append(f"not {word}" if value is False else f"{word} {value:g}")
        return ", ".join(words)

    def get_config(self) -> dict[str, object]:
        """Return the settings as plain values for JSON, without rarely used ones at their default.

        >>> Objective(terms=[4 * KL]).get_config()["terms"]
        [{'weight': 4.0, 'term': 'KL'}]
        """
        terms = [{"weight": weight} | term.get_config() for weight, term in self.terms]
        config = {"reconstruction": self.reconstruction.__name__, "terms": terms}
        rest = ((f.name, getattr(self, f.name), f.default) for f in fields(self)[2:])
        return config | {name: v for name, v, default in rest if name == "sampled" or v != default}

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> "Objective":
        """Create an objective from the output of `get_config`, also of earlier versions.

        Raises:
            ValueError: If a setting, a term, or the reconstruction term is unknown.

        >>> objective = Objective(terms=[4 * KL])
        >>> Objective.from_config(objective.get_config()) == objective
        True
        """
        names, config = [f.name for f in fields(cls)], dict(config)
        if "terms" not in config:
            config["terms"] = [
                {"weight": config.pop(weight, 0.0)} | terms[config.pop(closed, False)].get_config()
                for (weight, closed), terms in _EARLIER_TERMS.items()
            ]
        saved = config.get("reconstruction")
        config["reconstruction"] = _EARLIER_NAMES.get(saved, saved)
        if set(config) - set(names) or config["reconstruction"] not in RECONSTRUCTIONS:
            raise ValueError(
                f"{config!r} are not settings of an Objective: expected {', '.join(names)}, with "
                f"reconstruction one of {', '.join(RECONSTRUCTIONS)}."
            )
        config["terms"] = [(term["weight"], Term.from_config(term)) for term in config["terms"]]
        config["reconstruction"] = RECONSTRUCTIONS[config["reconstruction"]]
        return cls(**config)
