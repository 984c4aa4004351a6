"""Create a page with latent spaces side by side, where the code under the pointer is decoded."""

from collections.abc import Sequence

import numpy as np

from vaelib.data import DataError, Dataset
from vaelib.explorer import payload
from vaelib.explorer.page import Explorer
from vaelib.explorer.run_checks import check_explorable, titles_or_default
from vaelib.gans import GAN
from vaelib.runs import Run
from vaelib.support.errors import RunError

HELP = (
    "Move the pointer over a latent space, or click it and use the arrow keys, to decode a code. "
    "Drag, or press Enter at both ends, to draw a line; the strip shows images decoded along it. "
    "The ring marks the code of the nearest test image in the other latent space."
)


WITHOUT_IMAGES = (
    " The test images are not stored with the run, so the small pictures are the model's "
    "reconstructions of them."
)

WITHOUT_ENCODER = (
    " A GAN has no encoder, so each test image is shown at its most probable code given the image."
)


def compare(
    *runs: Run, titles: Sequence[str] | None = None, dataset: Dataset | None = None
) -> Explorer:
    """Explore the latent spaces of trained models side by side.

    Args:
        *runs: One or more runs, usually two, with two latent dimensions each.
        titles: A name for each run; by default the name of its objective.
        dataset: Data set whose test images are shown in all latent spaces; by default each run's
            own. It is required for a run that was loaded from a file and trained on your own
            images.

    Raises:
        ValueError: If no run is given, if the number of titles differs from the number of runs, or
            if a run does not have two latent dimensions, the convolutional network, a standard
            normal prior and gray pixels.
        RunError: If a run on your own images was loaded from a file, and `dataset` is not given.
    """
    titles = titles_or_default(runs, titles)
    for run in runs:
        check_explorable(run)
    loaded = {run.recipe.dataset: dataset or run.recipe.load_dataset() for run in runs}
    spaces = [
        payload.space_payload(run, title, loaded[run.recipe.dataset])
        for run, title in zip(runs, titles, strict=True)
    ]
    help_text = HELP if len(runs) > 1 else HELP.rpartition(" The ring")[0]
    if any(isinstance(run.model, GAN) for run in runs):
        help_text += WITHOUT_ENCODER
    names = dict.fromkeys(shown.name.replace("_", " ") for shown in loaded.values())
    return Explorer(
        payload.page_payload(spaces, loaded.values(), help_text),
        f"Latent spaces of {' and '.join(names)}: {' and '.join(titles)}",
        ["explorer"],
        "explore",
        points=len(runs),
    )


def compare_stored(run: Run, title: str | None = None) -> Explorer:
    """Explore the latent space of a run whose images are not available.

    The page is made from the arrays of the run alone: the codes of the test images in its last
    snapshot, their labels, and the weights of its decoder. It needs no page or image that came with
    the run, so it is safe for runs from an untrusted source. The small pictures are decoded from
    the codes of the first 1,000 test images.

    Args:
        run: A run as for `compare`.
        title: Name of the latent space; by default that of the data set.

    Raises:
        ValueError: As for `compare`, and for a GAN, whose run contains no codes.
        RunError: If the stored codes and labels do not belong to such a run.
    """
    check_explorable(run)
    recipe = run.recipe
    if isinstance(run.model, GAN):
        raise ValueError(
            f"{recipe.slug} is a GAN, which has no encoder, so no codes are stored with the run: "
            "give the images as well."
        )
    codes, labels = (np.asarray(run.snapshots.get(name, ())) for name in ("codes", "labels"))
    codes = codes[-1] if codes.ndim == 3 else codes
    wrong = codes.ndim != 2 or codes.shape != (len(labels), 2) or not len(labels)
    if wrong or (codes.dtype.kind, labels.dtype.kind not in "iu") != ("f", False):
        raise RunError(
            f"snapshots.npz of {recipe.slug} has codes of shape {codes.shape} ({codes.dtype}) and "
            f"labels of shape {labels.shape} ({labels.dtype}): expected floats, (n, 2), and "
            "integers, (n,), so train it again."
        )
    if not np.isfinite(codes).all():
        raise RunError(f"some codes in snapshots.npz of {recipe.slug} are not finite: train again.")
    codes, labels = codes[: payload.MAX_IMAGES], labels[: payload.MAX_IMAGES]
    pictures = np.round(255 * run.model.decode(codes)).astype("uint8")
    name = recipe.dataset.name if recipe.uses_own_images else recipe.dataset
    fit = recipe.dataset.fit if recipe.uses_own_images else None
    name = payload.shortened(name)  # a stranger's run.json can contain a name of any length
    parts = pictures, labels.astype("uint16"), pictures, labels.astype("uint16")
    try:
        stored = Dataset(name, *parts, recipe.class_names, "the run", fit=fit)
    except DataError as error:
        raise RunError(f"snapshots.npz of {recipe.slug} can't be shown, because {error}.") from None
    title = title or name.replace("_", " ")
    return Explorer(
        payload.page_payload(
            [payload.space_payload(run, title, stored, codes)],
            [stored],
            HELP.rpartition(" The ring")[0] + WITHOUT_IMAGES,
            kind="reconstructions",
        ),
        f"Latent space of {title}",
        ["explorer"],
        "explore",
    )
