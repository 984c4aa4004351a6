"""Tables of one measure, with every model that the plan asks for."""

import numpy as np
import pandas as pd

from study import model_table


def planned(noise=0.1, parts=("fast", "post"), measure="m", dataset="mnist", **means):
    """Rows of these parts, a measure each, whose means are given by model (0 if not).

    Args:
        noise: standard deviation over seeds.
        parts: of `model_table.PLANNED`.
        means: by the model's name with _ for -; of one part alone as in in_threshold_elbo.
    """
    random, rows = np.random.default_rng(0), []
    for part in parts:
        models, seeds = model_table.PLANNED[part]
        black_and_white = part == "threshold"
        for model in models:
            name = model.replace("-", "_")
            mean = means.get(f"in_{part}_{name}", means.get(name, 0.0))
            rows += [
                {
                    **dict(dataset=dataset, objective=model, prior="normal", latent_dim=2),
                    **dict(schedule="fast" if black_and_white else part),
                    **dict(pixels="threshold" if black_and_white else "gray", seed=seed),
                    measure: mean + noise * random.normal(),
                }
                for seed in range(seeds)
            ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # in no order
