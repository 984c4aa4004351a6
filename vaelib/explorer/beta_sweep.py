"""Create a page with a slider for the KL weight, which compares models that differ in it."""

from collections.abc import Sequence

import numpy as np

from vaelib.data import Dataset
from vaelib.explorer import payload
from vaelib.explorer.page import Explorer
from vaelib.explorer.run_checks import check_explorable, shared_dataset, titles_or_default
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.objectives import ELBO, POST_ELBO
from vaelib.plotting.prior_contours import PRIOR_RADIUS
from vaelib.runs import Run

SAMPLES = 14  # number of codes sampled from the prior, the same for all models
MARKS = {"post's weights": POST_ELBO, "standard weight": ELBO}
HELP = (
    "Move the slider with the mouse or the arrow keys. Move the pointer over the latent space, or "
    "use the arrow keys there, and every model decodes the same code. The dashed circle contains "
    "95 % of the prior. The rate is the mean KL divergence from the approximate posterior to the "
    "prior, and the distortion is the mean reconstruction term, both over {images} test images. "
    "Their sum is the same everywhere on the dashed line."
)


def sweep(
    *runs: Run, titles: Sequence[str] | None = None, dataset: Dataset | None = None
) -> Explorer:
    """Compare models that differ in their KL weight, which is chosen with a slider.

    The page shows the latent space of the chosen model, images decoded by all models, and a curve
    of distortion over rate (Alemi et al. 2018, arXiv 1711.00464). Rates and distortions are
    computed by this call in nats per image, which takes a few seconds for each model.

    Args:
        *runs: Two or more runs with two latent dimensions and sampled codes, in the order of the
            slider, such as `study.vae_family.load_beta_vaes()`.
        titles: A label on the slider for each run; by default its KL weight β.
        dataset: Data set whose test images are shown; by default that of the runs.

    Raises:
        ValueError: For fewer than two runs, for deterministic codes, and as for `infer`.
        RunError: As for `compare`.
    """
    if len(runs) < 2:
        raise ValueError(f"{len(runs)} runs to sweep over: expected two or more.")
    objectives = [run.recipe.objective for run in runs]
    if titles is None:
        titles = [f"β = {objective.weight('kl'):g}" for objective in objectives]
    titles = titles_or_default(runs, titles)
    for run in runs:
        check_explorable(run, binarized=True, encodes=True)
        if not run.model.objective.sampled:
            raise ValueError(
                f"{run.recipe.slug} has deterministic codes, which have no rate: expected models "
                "that sample them."
            )
    shown = shared_dataset(runs, dataset)
    spaces = [
        payload.space_payload(run, title, shown) | _cost(run.model, shown)
        for run, title in zip(runs, titles, strict=True)
    ]
    widest = max(space["limit"] for space in spaces)
    for run, space in zip(runs, spaces, strict=True):
        codes = run.model.encode(shown.test_images)
        space["inside"] = float(np.mean(np.hypot(*codes.T) < PRIOR_RADIUS))
        roomy = space["limit"] > widest / 2  # otherwise the names do not have enough space
        names = payload.class_name_positions(codes, shown, widest) if roomy else []
        space["wide"] = {"limit": widest, "names": names}
    name = shown.name.replace("_", " ")
    marks = {word: objectives.index(one) for word, one in MARKS.items() if one in objectives}
    return Explorer(
        payload.page_payload(
            spaces,
            [shown],
            HELP.format(images=f"{len(shown.test_images):,}"),
            samples=runs[0].model.prior.sample(SAMPLES, 0).round(3).tolist(),
            marks=marks,
        ),
        f"The KL weight on {name}: from {titles[0]} to {titles[-1]}",
        ["curve", "sweep"],
        "sweep",
    )


def _cost(model: VAE, shown: Dataset) -> dict[str, float]:
    rate, distortion = likelihood.rate_distortion(model, shown.test_images)
    return {"rate": float(rate.mean()), "distortion": float(distortion.mean())}
