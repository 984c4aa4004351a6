"""Colors of classes that overlap are distinguishable, also with a color vision deficiency."""

from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert

from vaelib.data import DATASETS
from vaelib.plotting.panels import CLASS_COLORS, COLORS

# Full deficiency, simulated after Machado, Oliveira and Fernandes 2009.
VISIONS = {"common": None} | {
    kind: {"name": "sRGB1+CVD", "cvd_type": f"{kind}anomaly", "severity": 100}
    for kind in ("deuter", "prot", "trit")
}
# In CAM02-UCS, where 1 is about the least difference that is noticed in large fields; dots of a
# scatter plot need many times as much.
APART, SIMILAR, OVERLAPPING = 14, 25, 30


def seen(colors, vision):
    """Colors as such eyes see them, in a space where distances are differences."""
    if vision is not None:
        colors = np.clip(cspace_convert(colors, vision, "sRGB1"), 0, 1)
    return cspace_convert(colors, "sRGB1", "CAM02-UCS")


def nearest(colors, vision):
    places = seen(colors, vision)
    return min(np.linalg.norm(a - b) for a, b in combinations(places, 2))


@pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS)
@pytest.mark.parametrize(
    ("together", "least"),
    [
        (("pullover", "coat", "shirt"), OVERLAPPING),
        (("4", "7", "9"), OVERLAPPING),
        (("3", "5", "8"), OVERLAPPING),
        (("sandal", "sneaker", "ankle boot"), OVERLAPPING),
        (("T-shirt", "pullover", "coat", "shirt"), SIMILAR),
        (("T-shirt", "dress"), OVERLAPPING),
        (("pullover", "ankle boot"), OVERLAPPING),  # once two shades of gray
    ],
)
def test_classes_that_overlap_are_far_apart_in_color(vision, together, least):
    names = DATASETS["mnist" if "4" in together or "3" in together else "fashion_mnist"].class_names
    colors = CLASS_COLORS[[list(names).index(name) for name in together]]
    assert nearest(colors, vision) > least


@pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS)
def test_all_ten_colors_are_distinguishable(vision):
    assert len(CLASS_COLORS) == len(COLORS) == 10
    assert nearest(CLASS_COLORS, vision) > APART


def test_in_the_default_order_the_colors_of_tops_were_too_similar():
    """What the simulation is there to find."""
    tops = COLORS[[2, 4, 6]]
    assert min(nearest(tops, vision) for vision in VISIONS.values()) < OVERLAPPING
