"""Sliders with names that steer over a plane: what they say is decoded."""

import numpy as np

from vaelib.explorer import payload
from vaelib.explorer.pages import Explorer
from vaelib.explorer.shown import check_plane
from vaelib.plotting.panels import PRIOR_RADIUS

SCRIPTS = "decoder", "spaces", "plane", "steering"
HELP = (
    "Move a slider with the mouse, a finger or the arrow keys: the place on the plane that goes "
    "with both is decoded at once. The solid line is where {} leads while {} stays, and the dashed "
    "line where {} does."
)


def steer(run, sliders, places, title=None, dataset=None):
    """Two sliders that lead over a latent plane, by a map from what they are called to codes.

    Args:
        run: a `Run` with two latent dimensions.
        sliders: dict of two names, each to (lowest, highest, name of the low end, of the high end).
        places: coefficients of the map, (6, 2): of 1, a, b, a^2, a b and b^2 in each dimension of
            the code, where a and b are what the sliders say.
        title: what is shown; by default what the run's objective is called.
        dataset: a `Dataset` whose test images lie on the plane; by default the run's own.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: for another number of sliders or coefficients, or a run that has no plane.
        RunError: for a run on images of your own that are not at hand.
    """
    places = np.asarray(places, "float64")
    if len(sliders) != 2 or places.shape != (6, 2) or not np.isfinite(places).all():
        raise ValueError(
            f"{len(sliders)} sliders and coefficients of shape {places.shape}: expected two, and "
            "finite numbers of shape (6, 2)."
        )
    check_plane(run)
    dataset = dataset or run.recipe.load()
    key = dataset.fingerprint[:8]
    space = payload.of_space(run, title or str(run.recipe.objective), dataset, key)
    words = ("name", "low", "high", "lowName", "highName")
    return Explorer(
        {
            "spaces": [space],
            "data": {key: payload.of_data(dataset)},
            "priorRadius": float(PRIOR_RADIUS),
            "sliders": [
                dict(zip(words, (name, *ends), strict=True)) for name, ends in sliders.items()
            ],
            "places": places.round(6).tolist(),  # whose last digits differ between machines
            "help": HELP.format(*sliders, [*sliders][1]),
        },
        title=f"{' and '.join(sliders)} as sliders: {space['title']}",
        scripts=SCRIPTS,
        start="steer",
    )
