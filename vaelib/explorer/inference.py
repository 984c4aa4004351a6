"""Create a page that compares the true posterior of an image with the approximate one."""

from collections.abc import Sequence

import numpy as np

from vaelib.data import Dataset
from vaelib.explorer import payload
from vaelib.explorer.page import Explorer
from vaelib.explorer.posterior_grid import estimate_elbo, true_posteriors
from vaelib.explorer.run_checks import check_explorable, shared_dataset, titles_or_default
from vaelib.runs import Run
from vaelib.support.errors import check_integer

MOST_PIXELS = 784_000  # of all test images on a page together: 1,000 images of 28 x 28 pixels
SCRIPTS = ("encoder", "posterior", "editor", "picker", "inference")
HELP = (
    "Click in a latent space, or use the arrow keys there, to choose the test image whose code is "
    "nearest. Its true posterior is blue, and darker where it is more probable. The ellipse shows "
    "two standard deviations of the encoder's approximate posterior q(z|x). Draw on the image, or "
    "load one, and the ellipse follows. {images} The ELBO is the mean of ten samples, so a gap can "
    "be slightly below zero."
)
GRAY = (
    "These images are not black and white, so log p(x) is minus a cross-entropy. It can be "
    "compared between models, but it is not a log-likelihood."
)
LEARNED = "Pixels have a normal density with a learned standard deviation."
POINTS = " {title} has deterministic codes, so it has no q(z|x), no ELBO and no gap."


def infer(
    *runs: Run,
    titles: Sequence[str] | None = None,
    dataset: Dataset | None = None,
    count: int | None = None,
    step: float | None = None,
) -> Explorer:
    """Compare true posteriors with the encoder's approximate ones, for test images and drawings.

        gap = log p(x) - ELBO = KL(q(z|x) || p(z|x)),  in nats

    True posteriors and these numbers are computed by this call as sums over a grid (see
    `posterior_grid.true_posteriors`), which takes about twenty seconds for each run.

    Args:
        *runs: One or more runs, usually two, with two latent dimensions each. A run with
            deterministic codes has a true posterior, but no q(z|x) and therefore no ELBO.
        titles: A name for each run; by default the name of its objective.
        dataset: Data set whose test images are shown; by default that of the runs, binarized if
            they were trained on binarized images.
        count: Number of test images, counted from the first one. By default 1,000 for images of
            28 x 28 pixels and fewer for larger ones, because the page contains every pixel.
        step: Distance of neighbors on the grid; by default 0.04, or more if codes lie farther
            than 4 from the origin.

    Raises:
        ValueError: If the runs were trained on different images, if the step or the count is out
            of range, and as for `compare`, except that binarized pixels are allowed.
        RunError: As for `compare`.
    """
    titles = titles_or_default(runs, titles)
    for run in runs:
        check_explorable(run, binarized=True, encodes=True)
    shown = shared_dataset(runs, dataset)
    most = max(1, MOST_PIXELS // int(np.prod(shown.image_shape)))
    count = min(most, len(shown.test_images)) if count is None else count
    images = shown.test_images[: check_integer("count", count, 1, len(shown.test_images))]
    spaces = [
        _space(run, title, shown, images, step) for run, title in zip(runs, titles, strict=True)
    ]
    two_valued = bool(np.isin(images, (0, 255)).all())
    names = " and ".join(
        title for title, run in zip(titles, runs, strict=True) if not run.model.objective.sampled
    )
    learned = any(run.model.objective.learns_scale for run in runs)
    note = LEARNED if learned else "" if two_valued else GRAY
    text = HELP.format(images=f"There are {len(images):,} test images with a posterior.")
    help_text = " ".join(filter(None, (text, note))) + (POINTS.format(title=names) if names else "")
    return Explorer(
        payload.page_payload(
            spaces, [shown], help_text, len(images), exact=True, blackAndWhite=two_valued
        ),
        f"Inference on {shown.name.replace('_', ' ')}: {' and '.join(titles)}",
        SCRIPTS,
        "infer",
    )


def _space(run: Run, title: str, shown: Dataset, images: np.ndarray, step: float | None) -> dict:
    found, bound = true_posteriors(run.model, images, step), estimate_elbo(run.model, images)
    return payload.space_payload(run, title, shown) | {
        "encoder": payload.encoder_payload(run.model),
        "posteriors": payload.posterior_payload(found),
        "logP": found.log_p.round(2).tolist(),
        "elbo": None if bound is None else bound.round(2).tolist(),
    }
