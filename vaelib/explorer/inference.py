"""Where an image came from, and what the encoder makes of it: of test images, and of drawings."""

import numpy as np

from vaelib.data import BINARISED
from vaelib.errors import check_integer
from vaelib.explorer import payload
from vaelib.explorer.pages import Explorer
from vaelib.explorer.posteriors import bounds, posteriors
from vaelib.explorer.shown import check_plane, images_of, titles_of
from vaelib.plotting.panels import PRIOR_RADIUS

MOST_PIXELS = 784_000  # numbers in all pictures together: those of 1,000 images of the post's size
SCRIPTS = ("decoder", "encoder", "spaces", "plane", "posterior", "editor", "picker", "inference")
HELP = (
    "Click a plane, or use the arrow keys there, to choose the test image whose code is nearest. "
    "Blue is its true posterior, the darker the likelier; the ellipse is two standard deviations "
    "of the encoder's q. Draw on the image, or load one, and the ellipse follows. {images} "
    "The ELBO is the mean of ten draws, so a gap may come out a little below zero."
)
GREY = (
    "These images are not black and white, so log p(x) is minus a cross-entropy: a number to "
    "compare by, no log-likelihood."
)
LEARNED = "The density of pixels is a normal one, whose width was learned."
POINTS = " {title} has deterministic codes, points: so no q, no ELBO and no gap."


def infer(*runs, titles=None, dataset=None, count=None, step=None):
    """Look at true posteriors beside what the encoder says, image by image, and draw your own.

        gap = log p(x) - ELBO = KL(q(z|x) || p(z|x)),  in nats

    Posteriors and numbers are computed now, by a sum over a grid (see `posteriors`), which takes
    about twenty seconds for each run. Encoder and decoder run in the browser.

    Args:
        *runs: each a `Run` with two latent dimensions; commonly two. One with deterministic codes
            has a true posterior all the same, but no q, and so no ELBO.
        titles: a name for each; by default what its objective is called.
        dataset: a `Dataset` whose test images are shown; by default that of the runs, black and
            white where they were trained so.
        count: how many test images, the first ones; by default 1,000 of the post's size, and fewer
            of larger ones, for the page holds every pixel.
        step: of the grid; by default .04, or more where codes lie farther out than 4.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: as `compare`, for runs on different images, or for a step or a count out of
            range.
        RunError: for runs on images of your own that are not at hand.
    """
    titles = titles_of(runs, titles)
    for run in runs:
        check_plane(run, ("grey", *BINARISED))
    shown = images_of(runs, dataset)
    most = max(1, MOST_PIXELS // int(np.prod(shown.image_shape)))
    count = min(most, len(shown.test_images)) if count is None else count
    images = shown.test_images[: check_integer("count", count, 1, len(shown.test_images))]
    key = shown.fingerprint[:8]
    spaces = [
        _space(run, title, shown, key, images, step)
        for run, title in zip(runs, titles, strict=True)
    ]
    two_valued = bool(np.isin(images, (0, 255)).all())
    names = " and ".join(
        title for title, run in zip(titles, runs, strict=True) if not run.model.objective.sampled
    )
    learned = any(run.model.objective.learns_scale for run in runs)
    note = LEARNED if learned else "" if two_valued else GREY
    text = HELP.format(images=f"There are {len(images):,} test images with a posterior.")
    help_ = " ".join(filter(None, (text, note))) + (POINTS.format(title=names) if names else "")
    return Explorer(
        {
            "spaces": spaces,
            "data": {key: payload.of_data(shown, len(images), exact=True)},
            "priorRadius": float(PRIOR_RADIUS),
            "blackAndWhite": two_valued,
            "help": help_,
        },
        f"Inference on {shown.name.replace('_', ' ')}: {' and '.join(titles)}",
        SCRIPTS,
        "infer",
        points=1,
    )


def _space(run, title, shown, key, images, step):
    found, bound = posteriors(run.model, images, step), bounds(run.model, images)
    return payload.of_space(run, title, shown, key) | {
        "encoder": payload.of_encoder(run.model),
        "posteriors": payload.of_posteriors(found),
        "logP": found.log_p.round(2).tolist(),
        "elbo": None if bound is None else bound.round(2).tolist(),
    }
