"""Tables of the forecast whose effects are known."""

import itertools

import numpy as np
import pandas as pd

from study import forecast

ROWS = pd.MultiIndex.from_tuples(
    [
        (name, dimensions, *model, seed)
        for name, dimensions, model, seed in itertools.product(
            ("fashion_mnist", *forecast.REAL), forecast.DIMENSIONS, forecast.MODELS, range(5)
        )
    ],
    names=["dataset", "latent_dim", "objective", "prior", "seed"],
).to_frame(index=False)


def table(sizes, seed=0):
    """A table in which every change moves every measure by `sizes[dataset]` standard deviations."""
    random = np.random.default_rng(seed)
    moved = [
        (objective, prior) != forecast.VAE
        for objective, prior in ROWS[["objective", "prior"]].values
    ]
    shift = ROWS.dataset.map(sizes).to_numpy() * np.array(moved)
    noise = random.standard_normal((len(ROWS), len(forecast.MEASURES)))
    rates = np.where(ROWS.objective == "post-mmd", np.nan, 5.0)
    measures = dict(zip(forecast.MEASURES, (shift[:, None] + noise).T, strict=True))
    return ROWS.assign(rate=rates, **measures)
