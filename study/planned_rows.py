"""The rows that study/plan.md asks for, and the exploratory ones that the lessons show.

Each row is a dict of settings, `KEYS` and where needed more settings of a `Recipe`. In both lists
short training runs come before long ones, and all models with one seed before the next seed, so
that an interruption does not leave some models with fewer seeds than others.
"""

import itertools
from collections.abc import Iterable

from study.model_table import BLACK_AND_WHITE, DATASETS, FACTORIAL, POST
from study.named_models import FREY_SCHEDULE

# The settings that identify a row, with the values for those that a list below leaves out.
DEFAULTS = {
    "dataset": "fashion_mnist",
    "objective": "elbo",
    "prior": "normal",
    "latent_dim": 2,
    "schedule": "fast",
    "pixels": "gray",
    "seed": 0,
}
KEYS = list(DEFAULTS)
FREY = {"dataset": ["frey_faces"]} | {name: [v] for name, v in FREY_SCHEDULE.items()}
CIFAR = {"dataset": ["cifar10"], "epochs": [5]}
# The models with MMD and sampled codes whose training collapses from the usual initial values, and
# the initial log-variance of their approximate posteriors with which it does not.
COLLAPSING = (
    ("mnist", "mmd-sampled"),
    ("fashion_mnist", "mmd-sampled-squared-error"),
    ("mnist", "mmd-sampled-squared-error"),
)
SMALL_NOISE = {"initial_log_var": [-4.0]}
FORECAST = (
    {"objective": ["elbo", "elbo-squared-error", "post-mmd"]},
    {"objective": ["elbo"], "prior": ["vamp(20)"]},
)


def grid(**lists: Iterable) -> list[dict]:
    """Return all combinations of some settings, completed by `DEFAULTS`.

    Args:
        **lists: The values of each setting. The last one varies fastest.
    """
    combinations = itertools.product(*lists.values())
    return [DEFAULTS | dict(zip(lists, values, strict=True)) for values in combinations]


def of_models() -> list[dict]:
    """Return the rows of tables/models.csv."""
    both = list(DATASETS)
    rows = grid(seed=range(10), dataset=both, objective=FACTORIAL)
    rows += grid(seed=range(5), dataset=both, objective=BLACK_AND_WHITE, pixels=["threshold"])
    # The family of lesson 06, exploratory: mostly one seed on Fashion-MNIST.
    rows += grid(objective=[f"beta({weight})" for weight in ("0.03", "0.1", "0.3", "3", "10")])
    pairs = itertools.product(("0", "0.9", "1"), ("100", "1000"))
    rows += grid(objective=[f"infovae({alpha}, {lambda_})" for alpha, lambda_ in pairs])
    rows += grid(objective=[*(f"capacity(10, {c}, 2)" for c in (2, 4, 8)), "iwae(5)"])
    rows += grid(objective=["elbo", "mmd-sampled"], latent_dim=[8, 20])
    rows += grid(seed=range(3), prior=["mixture(20)", "vamp(20)", "fitted(20)"])
    return _in_order(rows + grid(seed=range(5), dataset=both, objective=POST, schedule=["post"]))


def of_forecast() -> list[dict]:
    """Return the rows of tables/forecast.csv (plan, amendment 2).

    The other rows of Fashion-MNIST with two latent dimensions are in tables/models.csv.
    """
    rows = grid(seed=[3, 4], prior=["vamp(20)"])
    for models in FORECAST:
        rows += grid(seed=range(5), latent_dim=[32], **models)
        for data in (FREY, CIFAR):
            rows += grid(seed=range(5), latent_dim=[2, 32], **data, **models)
    return _in_order(rows)


def of_post_schedule() -> list[dict]:
    """Return the rows of tables/post_schedule.csv (plan, amendment 6)."""
    return grid(seed=range(5, 10), dataset=list(DATASETS), objective=POST, schedule=["post"])


def of_noise() -> list[dict]:
    """Return the rows of tables/noise.csv (plan, amendment 10)."""
    models = [
        grid(seed=range(10), dataset=[dataset], objective=[objective], **SMALL_NOISE)
        for dataset, objective in COLLAPSING
    ]
    return _in_order(list(itertools.chain(*models)))


def _in_order(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda settings: (settings["schedule"] == "post", settings["seed"]))


TABLES = {
    "models": of_models,
    "forecast": of_forecast,
    "post_schedule": of_post_schedule,
    "noise": of_noise,
}
