"""Check that objective, prior, network, and condition of a model can be combined."""

from vaelib.networks import NETWORKS
from vaelib.objectives import Objective
from vaelib.own_networks import OwnNetworks
from vaelib.priors import STANDARD_NORMAL, PriorSpec
from vaelib.support.backend import keras


def check_compatible(
    objective: Objective, prior: PriorSpec, network: str | OwnNetworks, condition: int = 0
) -> None:
    """Raise if objective, prior, network, and condition cannot be combined.

    Args:
        objective: The training objective.
        prior: Description of the prior, such as `vamp(20)`.
        network: A key of `vaelib.networks.NETWORKS`, or `OwnNetworks`.
        condition: Number of classes of a conditional model, or 0.

    Raises:
        TypeError: If the objective or the prior has the wrong type.
        ValueError: If the network is unknown, if the network or the prior requires sampled codes
            and the objective has sampled=False, if the objective uses a closed form that exists
            only for the standard normal prior, if it has no term that would train the prior, or if
            a VampPrior is used with a condition.

    >>> from vaelib.objectives import ELBO
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
    if not own and (not isinstance(network, str) or network not in NETWORKS):
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}.")
    if not own and NETWORKS[network].needs_sampled_codes and not objective.sampled:
        raise ValueError(
            f"a {network} network needs sampled codes: choose an objective with sampled=True, not "
            f"{objective}."
        )
    if prior == STANDARD_NORMAL:
        return
    if condition and prior.kind == "vamp":
        raise ValueError(
            f"a {prior} cannot be used with a condition, because its pseudo-inputs have no label: "
            "choose the standard normal or a mixture."
        )
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


def check_initial_log_var(objective: Objective, encoder: keras.Model | None = None) -> None:
    """Raise if the log-variances of a model cannot begin with a value of choice.

    Args:
        objective: The training objective.
        encoder: The encoder if it was given by the user, and not built by the model.

    Raises:
        ValueError: If codes are not sampled, so that there are no log-variances, or if the encoder
            was given, because a given encoder is used with its own weights.

    >>> from vaelib.objectives import ELBO
    >>> check_initial_log_var(ELBO)
    """
    if not objective.sampled:
        raise ValueError(
            f"initial_log_var needs sampled codes: choose an objective with sampled=True, not "
            f"{objective}, or initial_log_var=0."
        )
    if encoder is not None:
        raise ValueError(
            "initial_log_var is given next to encoder, which is used with its own weights: set the "
            "bias of its last layer instead."
        )
