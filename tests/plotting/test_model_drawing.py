"""The drawing of the three models: what each compares with the prior, and what it does not."""

import numpy as np
import pytest
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")


@pytest.fixture
def ax():
    figure = plotting.three_models()
    rendered(figure)
    return figure.axes[0]


def words(ax):
    return [text.get_text() for text in ax.texts]


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


def test_three_models_have_the_same_networks(ax):
    titles = [word for word in words(ax) if word in ("autoencoder", "VAE", "MMD-VAE")]
    assert titles == ["autoencoder", "VAE", "MMD-VAE"]
    assert words(ax).count("encoder") == words(ax).count("decoder") == 3
    down = [arrow._posA_posB for arrow in patches(ax, FancyArrowPatch)]
    assert len(down) == 12 and all(a[0] == b[0] and a[1] > b[1] for a, b in down)


def test_the_vae_has_distributions_and_the_prior_is_drawn_for_two_models(ax):
    boxes = [box.get_bbox() for box in patches(ax, FancyBboxPatch)]
    assert len(boxes) == 3

    def column(point):
        return [box.contains(*point) for box in boxes].index(True)

    dashed = [circle for circle in patches(ax, Circle) if not circle.get_fill()]
    assert [column(circle.center) for circle in dashed] == [1, 2]
    ellipses = [column(ellipse.center) for ellipse in patches(ax, Ellipse)]
    assert set(ellipses) == {1}
    points = [points.get_offsets() for points in ax.collections]
    assert [{column(point) for point in each} for each in points] == [{0}, {1}, {2}]
    assert len({len(each) for each in (*points, ellipses)}) == 1  # one for each image


def test_codes_of_vae_and_mmd_vae_are_inside_the_prior(ax):
    dashed = [circle for circle in patches(ax, Circle) if not circle.get_fill()]
    for circle, points in zip(dashed, ax.collections[1:], strict=True):
        distances = np.linalg.norm(points.get_offsets() - np.array(circle.center), axis=1)
        assert distances.max() < circle.radius


def test_the_second_term_of_the_loss_is_for_one_image_or_for_all(ax):
    losses = [word for word in words(ax) if word.startswith("loss = ")]
    assert ["KL" in word for word in losses] == [False, True, False]
    assert ["MMD" in word for word in losses] == [False, False, True]
    assert losses[1].endswith("for each image") and losses[2].endswith("for all images together")
