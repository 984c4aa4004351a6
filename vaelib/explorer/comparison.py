"""Create a page with latent spaces side by side, where the code under the pointer is decoded."""

from collections.abc import Sequence

from vaelib.data import Dataset
from vaelib.explorer import payload
from vaelib.explorer.page import Explorer
from vaelib.explorer.run_checks import check_explorable, titles_or_default
from vaelib.runs import Run

HELP = (
    "Move the pointer over a latent space, or click it and use the arrow keys, to decode a code. "
    "Drag, or press Enter at both ends, to draw a line; the strip shows images decoded along it. "
    "The ring marks the code of the nearest test image in the other latent space."
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
    names = dict.fromkeys(shown.name.replace("_", " ") for shown in loaded.values())
    return Explorer(
        payload.page_payload(spaces, loaded.values(), help_text),
        f"Latent spaces of {' and '.join(names)}: {' and '.join(titles)}",
        ["explorer"],
        "explore",
        points=len(runs),
    )
