"""Define the terms that an objective adds to the reconstruction term, each as a value.

    ELBO = Objective() + 1 * KL
    objective = ELBO + 0.5 * Term(my_function)

The function of a term takes the images of a batch, the output of the model for them, and the prior.
It returns one number for each image, or one number for the batch. You can add a term of your own in
a notebook: define such a function, and add `weight * Term(function)` to an objective. The term is
then trained, printed after each epoch, and stored with the run.

KL (Kullback-Leibler divergence) and MMD (maximum mean discrepancy) are explained in `vaelib.losses`
and `vaelib.mmd`. "The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana,
RStudio AI blog, 2018), whose models this package rebuilds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vaelib import losses, mmd
from vaelib.prior_of_step import PriorOfStep
from vaelib.support.backend import Tensor, ops
from vaelib.support.errors import check_integer, check_number
from vaelib.support.function_hash import hash_function

LABEL = re.compile(r"\w[\w -]{0,39}")
OUTPUTS = ("z", "z_mean", "z_log_var", "logits")
TermFunction = Callable[[Tensor, Mapping[str, Tensor], PriorOfStep], Tensor]


@dataclass(frozen=True)
class Term:
    """A term of the loss, for example the KL divergence.

    Two terms are equal if their names, their labels, and the code of their functions are equal.

    Args:
        function: A function `f(images, outputs, prior)`, defined with `def`. `images` has shape
            (batch, height, width, channels), with values in [0, 1]. `outputs` maps "z", "z_mean",
            and, if codes are sampled, "z_log_var" to tensors of shape (batch, latent_dim), and
            "logits" to the output of the decoder in the shape of the images. `prior` is a
            `PriorOfStep`. The result has shape (batch,) or (), and it is minimized. The function
            does not get the labels of a model with a condition.
        name: Name in the training history and in figures. Default: the name of the function.
        label: Name in the text of an objective, for example in "BCE + 1 KL". Default: `name`.
        decimals: Number of decimals that are printed after each epoch.
        source: Where the term is from, for example "Kingma and Welling 2013, appendix B".
        uses: Names of the outputs that the term uses. Default: any of them. A term that names
            "z_log_var" can only be used if codes are sampled.
        needs_standard_normal: Whether the term assumes that the prior is the standard normal.
        trains_prior: Whether the term has a gradient for the parameters of a trainable prior.
        smallest_batch: Number of images that a batch must contain.

    Raises:
        TypeError: If the function is not defined with `def`, or if it uses a variable whose value
            cannot be recorded; see `vaelib.support.function_hash`.
        ValueError: If the source code of the function is not available.

    >>> def variance_of_norms(images, outputs, prior):
    ...     return ops.var(ops.norm(outputs["z"], axis=1))
    >>> Term(variance_of_norms).name
    'variance_of_norms'
    """

    function: TermFunction = field(compare=False, repr=False)
    name: str = ""
    label: str = ""
    decimals: int = field(default=2, compare=False)
    source: str = field(default="", compare=False, repr=False)
    uses: tuple[str, ...] = field(default=OUTPUTS, compare=False)
    needs_standard_normal: bool = field(default=False, compare=False)
    trains_prior: bool = field(default=False, compare=False)
    smallest_batch: int = field(default=1, compare=False)
    #: Hash of the function; empty for the terms of this package, whose code has a hash of its own.
    code: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.code is None:
            object.__setattr__(self, "code", hash_function(self.function))
        object.__setattr__(self, "name", self.name or self.function.__name__)
        object.__setattr__(self, "label", self.label or self.name)
        object.__setattr__(self, "uses", tuple(self.uses))
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(
                f"a term is named {self.name!r}: expected letters, digits, and underscores."
            )
        if self.name in ("loss", "reconstruction"):
            raise ValueError(f"a term is named {self.name}, which is taken: choose another name.")
        if not isinstance(self.label, str) or not LABEL.fullmatch(self.label):
            raise ValueError(
                f"a term is labeled {self.label!r}: expected at most 40 letters, digits, spaces, "
                "hyphens, and underscores."
            )
        if not self.uses or not set(self.uses) <= set(OUTPUTS):
            raise ValueError(
                f"the term {self.name} uses {self.uses}: expected some of {', '.join(OUTPUTS)}."
            )
        check_integer("decimals", self.decimals, 0, 9)
        check_integer("smallest_batch", self.smallest_batch, 1)
        if self.code and (self.label, "") in _KNOWN:
            raise ValueError(f"there is a term labeled {self.label}: choose another label.")
        _KNOWN[self.label, self.code] = self

    def check_unchanged(self) -> None:
        """Raise a ValueError if the function, or a variable that it uses, has changed.

        The hash was computed when the term was created. A cell of a notebook can be executed again
        afterwards, and the function would then compute something else than the hash says.
        """
        if self.code and hash_function(self.function) != self.code:
            raise ValueError(
                f"the term {self.name} uses a variable or a function that has changed since the "
                f"term was created: execute the code with Term({self.function.__name__}) again."
            )

    __array_ufunc__ = None  # so that NumPy's numbers use the method below, too

    def __rmul__(self, weight: float) -> "WeightedTerm":
        """Return the term with a weight, which can be added to an objective."""
        return WeightedTerm(weight, self)

    __mul__ = __rmul__

    def __call__(self, images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep) -> Tensor:
        """Compute the term, one number for each image or one for the batch.

        Raises:
            ValueError: If the result has another shape.
        """
        value = ops.convert_to_tensor(self.function(images, outputs, prior))
        if value.dtype != "float32":
            value = ops.cast(value, "float32")
        # In a graph, the size of a batch is None. A fixed size is then that of another axis.
        batch = tuple(next(iter(outputs.values())).shape[:1])
        if tuple(value.shape) not in ((), batch):
            raise ValueError(
                f"the term {self.name} has shape {tuple(value.shape)}: expected one number for "
                "each image, (batch,), or one for the batch, ()."
            )
        return value

    @property
    def needs_sampled_codes(self) -> bool:
        """Whether the term can only be used if codes are sampled."""
        return self.uses != OUTPUTS and "z_log_var" in self.uses

    def get_config(self) -> dict[str, str]:
        """Return what identifies the term, as plain values for JSON."""
        own = {"name": self.name, "code": self.code} if self.code else {}
        return {"term": self.label} | own

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> "Term":
        """Return the term with the given label, name, and code.

        Raises:
            ValueError: If there is no such term in this Python process.
        """
        label, code = config["term"], config.get("code", "")
        found = _KNOWN.get((label, code))
        if found is not None and found.name == config.get("name", found.name):
            return found
        others = any(label == other for other, _ in _KNOWN)
        raise ValueError(
            f"the term {label!r} is "
            + ("defined with a different name or code" if others else "not defined")
            + " here: execute the code that defined it, Term(...), before you load what was "
            "trained with it. Another minor version of Python counts as different code."
        )


class WeightedTerm(NamedTuple):
    """A term with its weight, as in the sum `ELBO + 0.5 * term`.

    >>> (0.5 * KL).weight
    0.5
    """

    weight: float
    term: Term

    def __add__(self, other: object) -> object:
        if isinstance(other, tuple) or not hasattr(other, "terms"):
            raise TypeError(
                f"expected an objective to add 0.5 * Term to, not {other!r}: write objective + "
                "weight * term + weight * term."
            )
        return other + self

    __radd__ = __add__


# All terms of this Python process, by label and code.
_KNOWN: dict[tuple[str, str], Term] = {}


def weighted_term(pair: object) -> WeightedTerm:
    """Return a pair of a weight and a term as a `WeightedTerm`, or raise if it is none.

    Raises:
        TypeError: If it is not a pair of a number and a `Term`.
        ValueError: If the weight is negative, infinite, or NaN.

    >>> weighted_term((2, KL)).weight
    2.0
    """
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Term)):
        raise TypeError(f"expected a weight times a Term, such as 0.5 * KL, not {pair!r}.")
    weight, term = pair
    return WeightedTerm(check_number(f"the weight of {term.label}", weight, 0), term)


def _sampled_kl(images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep) -> Tensor:
    q = outputs["z_mean"], outputs["z_log_var"]
    return losses.sampled_kl(outputs["z"], *q, prior.log_density)


def _gaussian_kl(images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep) -> Tensor:
    return losses.gaussian_kl(outputs["z_mean"], outputs["z_log_var"])


def _mmd(images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep) -> Tensor:
    z = outputs["z"]
    kernel = mmd.GaussianKernel(mmd.default_variance(z.shape[1]))
    return mmd.mmd2(z, prior.sample(ops.shape(z)[0]), kernel)


def _unbiased_mmd(images: Tensor, outputs: Mapping[str, Tensor], prior: PriorOfStep) -> Tensor:
    z = outputs["z"]
    return mmd.mmd2_to_normal(z, mmd.default_variance(z.shape[1]), unbiased=True)


#: KL(q(z|x) || p(z)), estimated from the sampled code, as in the post; see `losses.sampled_kl`.
KL = Term(
    _sampled_kl,
    *("kl", "KL"),
    source="Kingma and Welling 2013, arXiv 1312.6114, equation 6",
    uses=("z", "z_mean", "z_log_var"),
    trains_prior=True,
    code="",
)
#: The same in closed form, for the standard normal prior; see `losses.gaussian_kl`.
CLOSED_FORM_KL = Term(
    _gaussian_kl,
    *("kl", "closed-form KL"),
    source="Kingma and Welling 2013, arXiv 1312.6114, appendix B",
    uses=("z_mean", "z_log_var"),
    needs_standard_normal=True,
    code="",
)
#: MMD^2 between the codes of a batch and equally many samples from the prior, as in the post; see
#: `mmd.mmd2`. Pairs of a code with itself are included, so it is too large on average.
MMD = Term(
    _mmd,
    *("mmd", "MMD"),
    decimals=5,
    source="Zhao, Song, and Ermon 2017, arXiv 1706.02262; Gretton et al. 2012, lemma 6",
    uses=("z",),
    trains_prior=True,
    code="",
)
#: MMD^2 between the codes of a batch and the standard normal prior, without samples from it; see
#: `mmd.mmd2_to_normal`. It is correct on average, and it can be negative.
UNBIASED_MMD = Term(
    _unbiased_mmd,
    *("mmd", "unbiased MMD"),
    decimals=5,
    source="Rustamov 2019, arXiv 1901.03227",
    uses=("z",),
    needs_standard_normal=True,
    smallest_batch=2,
    code="",
)
