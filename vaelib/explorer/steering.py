"""Create a page with two named sliders that move a code through latent space."""

import numpy as np
from numpy.typing import ArrayLike

from vaelib.data import Dataset
from vaelib.explorer import payload
from vaelib.explorer.page import Explorer
from vaelib.explorer.run_checks import check_explorable
from vaelib.runs import Run

HELP = (
    "Move a slider with the mouse, a finger or the arrow keys, and the code for the values of both "
    "sliders is decoded. The solid line shows how the code moves when {} changes and {} stays the "
    "same, and the dashed line how it moves when {} changes."
)


def steer(
    run: Run,
    sliders: dict[str, tuple[float, float, str, str]],
    places: ArrayLike,
    title: str | None = None,
    dataset: Dataset | None = None,
) -> Explorer:
    """Move a code through latent space with two sliders, such as valence and intensity.

    A polynomial of second degree maps the values a and b of the sliders to a code.

    Args:
        run: A run with two latent dimensions.
        sliders: For each of the two sliders its name and a tuple of its lowest value, its highest
            value, and the names of the low and the high end.
        places: Coefficients of 1, a, b, a^2, a b and b^2 for each dimension of the code, shape
            (6, 2).
        title: Name of the latent space; by default the name of the run's objective.
        dataset: Data set whose test images are shown in latent space; by default the run's own.

    Raises:
        ValueError: If there are not two sliders or not (6, 2) finite coefficients, and as for
            `compare`.
        RunError: As for `compare`.
    """
    places = np.asarray(places, "float64")
    if len(sliders) != 2 or places.shape != (6, 2) or not np.isfinite(places).all():
        raise ValueError(
            f"{len(sliders)} sliders and coefficients of shape {places.shape}: expected two, and "
            "finite numbers of shape (6, 2)."
        )
    check_explorable(run)
    dataset = dataset or run.recipe.load_dataset()
    title = title or str(run.recipe.objective)
    words = ("name", "low", "high", "lowName", "highName")
    return Explorer(
        payload.page_payload(
            [payload.space_payload(run, title, dataset)],
            [dataset],
            HELP.format(*sliders, [*sliders][1]),
            sliders=[
                dict(zip(words, (name, *ends), strict=True)) for name, ends in sliders.items()
            ],
            places=places.round(6).tolist(),  # because the last digits differ between machines
        ),
        f"{' and '.join(sliders)} as sliders: {title}",
        ["steering"],
        "steer",
    )
