"""The weight of the KL as a slider: a family of models, one plane, and what they pay and get."""

import numpy as np

from vaelib.data import BINARISED
from vaelib.explorer import payload
from vaelib.explorer.pages import Explorer
from vaelib.explorer.shown import check_plane, images_of, titles_of
from vaelib.measures import likelihood
from vaelib.objectives import ELBO, ELBO_AS_POSTED
from vaelib.plotting.panels import PRIOR_RADIUS

SCRIPTS = ("decoder", "spaces", "plane", "curve", "sweep")
SAMPLES = 14  # codes from the prior, the same for all models
MARKS = {"as posted": ELBO_AS_POSTED, "correctly weighted": ELBO}
HELP = (
    "Move the slider, with the mouse or the arrow keys. Move the pointer over the plane, or use "
    "the arrow keys there: the same place is decoded by every model. The dashed circle holds 95 % "
    "of the prior. The rate is the mean KL of a code to the prior, the distortion the mean "
    "reconstruction term, both over {images} test images; along the dashed line their sum is "
    "the same."
)


def sweep(*runs, titles=None, dataset=None):
    """Move through models that differ in the weight of the KL: plane, decoded images, curve.

    Rates and distortions (Alemi et al. 2018, arXiv 1711.00464) are computed now, in nats per image,
    which takes a few seconds for each model. The decoders run in the browser.

    Args:
        *runs: two or more, each a `Run` with two latent dimensions and sampled codes, such as
            `study.family.betas()`; in the order of the slider.
        titles: what stands at the slider for each; by default its weight of the KL.
        dataset: a `Dataset` whose test images are shown; by default that of the runs.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: as `infer`, for fewer than two runs, or for deterministic codes.
        RunError: for runs on images of your own that are not at hand.
    """
    if len(runs) < 2:
        raise ValueError(f"{len(runs)} runs to sweep over: expected two or more.")
    objectives = [run.recipe.objective for run in runs]
    if titles is None:
        titles = [f"β = {objective.kl_weight:g}" for objective in objectives]
    titles = titles_of(runs, titles)
    for run in runs:
        check_plane(run, ("grey", *BINARISED))
        if not run.model.objective.sampled:
            raise ValueError(
                f"{run.recipe.slug} has deterministic codes, which have no rate: expected models "
                "that sample them."
            )
    shown = images_of(runs, dataset)
    key = shown.fingerprint[:8]
    spaces = [
        payload.of_space(run, title, shown, key) | _cost(run.model, shown)
        for run, title in zip(runs, titles, strict=True)
    ]
    widest = max(space["limit"] for space in spaces)
    for run, space in zip(runs, spaces, strict=True):
        codes = run.model.encode(shown.test_images)
        space["inside"] = float(np.mean(np.hypot(*codes.T) < PRIOR_RADIUS))
        roomy = space["limit"] > widest / 2  # a small cloud has no room for names
        names = payload.names_of(codes, shown, widest) if roomy else []
        space["wide"] = {"limit": widest, "names": names}
    name = shown.name.replace("_", " ")
    marks = {word: objectives.index(one) for word, one in MARKS.items() if one in objectives}
    return Explorer(
        {
            "spaces": spaces,
            "data": {key: payload.of_data(shown)},
            "priorRadius": float(PRIOR_RADIUS),
            "samples": runs[0].model.prior.sample(SAMPLES, 0).round(3).tolist(),
            "marks": marks,
            "help": HELP.format(images=f"{len(shown.test_images):,}"),
        },
        f"The weight of the KL, on {name}: from {titles[0]} to {titles[-1]}",
        SCRIPTS,
        "sweep",
        points=1,
    )


def _cost(model, shown):
    rate, distortion = likelihood.rate_distortion(model, shown.test_images)
    return {"rate": float(rate.mean()), "distortion": float(distortion.mean())}
