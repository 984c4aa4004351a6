"""Latent spaces side by side, decoded under the pointer."""

from vaelib.explorer import payload
from vaelib.explorer.pages import Explorer
from vaelib.explorer.shown import check_plane, titles_of
from vaelib.plotting.panels import PRIOR_RADIUS

HELP = (
    "Move the pointer, or click a plane and use the arrow keys: the point is decoded at once. "
    "Drag, or press Enter at both ends, to draw a line; the strip shows what lies along it. The "
    "ring in the other plane is where the first of the nearest images lies there."
)


def compare(*runs, titles=None, dataset=None):
    """Walk through the latent spaces of trained runs, side by side.

    Args:
        *runs: each a `Run` with two latent dimensions; commonly two.
        titles: a name for each; by default what its objective is called.
        dataset: a `Dataset` whose test images are shown in all of them; by default each run's own,
            which has to be passed on where it came from a folder and the run from a file.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: for no run, another number of titles, latent dimensions other than two, another
            network, or another prior.
        RunError: for runs on images of your own that are not at hand.
    """
    titles = titles_of(runs, titles)
    for run in runs:
        check_plane(run)
    loaded = {run.recipe.dataset: dataset or run.recipe.load() for run in runs}
    keys = {name: shown.fingerprint[:8] for name, shown in loaded.items()}
    spaces = [
        payload.of_space(run, title, loaded[run.recipe.dataset], keys[run.recipe.dataset])
        for run, title in zip(runs, titles, strict=True)
    ]
    return Explorer(
        {
            "spaces": spaces,
            "data": {keys[name]: payload.of_data(shown) for name, shown in loaded.items()},
            "priorRadius": float(PRIOR_RADIUS),
            "help": HELP if len(runs) > 1 else HELP.rpartition(" The ring")[0],
        }
    )
