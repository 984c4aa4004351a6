"""Figures: what is on their axes, that they are not blank, and that planes lie alike."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from vaelib import plotting
from vaelib.snapshots import grid_codes

CLASS_NAMES = tuple("abcdefghij")
LABELS = np.arange(500) % 10


pytestmark = pytest.mark.usefixtures("nothing_left_open")


def noise(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28, 1), dtype="uint8")


def codes(latent_dim=2, spread=2.0):
    """Ten round clusters on a circle."""
    random = np.random.default_rng(0)
    angle = 2 * np.pi * LABELS / 10
    middles = np.stack([np.cos(angle), np.sin(angle)] + [0 * angle] * (latent_dim - 2), axis=1)
    return spread * middles + random.normal(0, 0.1, (500, latent_dim))


def snapshots(count=2):
    return {
        "labels": LABELS,
        "epochs": np.arange(count) * 2,
        "samples": noise(count * 64).reshape(count, 64, 28, 28, 1),
        "codes": np.stack([codes()] * count),
        "grid": noise(count * 256).reshape(count, 256, 28, 28, 1),
    }


def rendered(figure, colors=20):
    """The figure as pixels, (height, width, 3), which must show more than so many colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > colors
    return pixels


def pixels_at(figure, *points):
    """The grey values of a figure where these points lie on its only plane."""
    pixels = rendered(figure, colors=2)
    places = figure.axes[0].transData.transform(points)
    found = [pixels[round(len(pixels) - 1 - y), round(x)] for x, y in places]
    assert all(np.ptp(rgb) == 0 for rgb in found)
    return [int(rgb[0]) for rgb in found]


# ---- What is on them


def test_samples_lie_row_by_row():
    images = np.zeros((16, 28, 28, 1), "uint8") + np.arange(16, dtype="uint8")[:, None, None, None]
    figure = plotting.samples(images, columns=8)
    (ax,) = figure.axes
    drawn = np.asarray(ax.images[0].get_array())
    assert drawn.shape == (2 * 28, 8 * 28)
    np.testing.assert_array_equal(drawn[::28, ::28], np.arange(16).reshape(2, 8))
    rendered(plotting.samples(noise(64)))


@pytest.mark.parametrize("one", [np.uint8(1), np.float32(1 / 255)])
def test_grey_stays_grey_however_little_contrast_there_is(one):
    images = np.full((64, 28, 28, 1), 100 * one)
    images[0] = 90 * one  # stretched to black and white, the two would look very different
    near = pytest.approx([100, 90], abs=1)
    assert pixels_at(plotting.samples(images), (100, 100), (10, 10)) == near
    codes = grid_codes(side=8)
    assert pixels_at(plotting.latent_grid(images), codes[9], codes[0]) == near


def test_latent_space_names_each_class_at_its_middle_in_its_colour():
    figure = plotting.latent_space(codes(), LABELS, CLASS_NAMES)
    rendered(figure)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z1", "z2")
    assert ax.get_xlim() == ax.get_ylim() == (-4, 4)
    assert len(ax.collections[0].get_offsets()) == 500
    assert {text.get_text() for text in ax.texts} == set(CLASS_NAMES)
    colors = ax.collections[0].get_facecolor()[:, :3]
    for text in ax.texts:
        label = CLASS_NAMES.index(text.get_text())
        middle = codes()[label == LABELS].mean(axis=0)
        assert np.abs(text.get_position()[0] - middle[0]) < 0.2
        assert np.abs(text.get_position()[1] - middle[1]) < 0.5
        np.testing.assert_allclose(text.get_color(), 0.75 * colors[label], atol=1e-6)


def test_a_class_without_images_has_no_name_on_the_plane():
    few = LABELS < 3
    figure = plotting.latent_space(codes()[few], LABELS[few], CLASS_NAMES)
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b", "c"]


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5])
def test_names_do_not_overlap_even_where_classes_do(spread):
    names = ["ankle boot"] * 10
    figure = plotting.latent_space(codes(spread=spread), LABELS, names)
    rendered(figure)
    # Of the names alone, without the lines that lead from them to their places.
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    assert len(boxes) == 10
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(figure.axes[0].get_window_extent().contains(*box.p0) for box in boxes)


def test_codes_far_out_widen_the_plane():
    figure = plotting.latent_space(codes(spread=10), LABELS, CLASS_NAMES)
    low, high = figure.axes[0].get_xlim()
    assert low == -high
    assert np.abs(codes(spread=10)).max() < high < 13


def test_more_than_two_dimensions_are_shown_by_their_principal_components():
    turned = codes(3)[:, [2, 0, 1]]  # the two dimensions that matter are the last
    figure = plotting.latent_space(turned + 5, LABELS, CLASS_NAMES)
    rendered(figure)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("principal component 1", "principal component 2")
    drawn = np.asarray(ax.collections[0].get_offsets())
    distances = np.linalg.norm(drawn[:50, None] - drawn[None, :50], axis=2)
    expected = np.linalg.norm(codes(3)[:50, None, :2] - codes(3)[None, :50, :2], axis=2)
    np.testing.assert_allclose(distances, expected, atol=0.05)  # turned, but not distorted


@pytest.mark.parametrize("place", [0, 37])
def test_a_grid_can_be_laid_over_a_scatter_plot(place):
    images = np.zeros((256, 28, 28, 1), "uint8")
    images[place] = 255
    figure = plotting.latent_grid(images)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z1", "z2")
    codes = grid_codes()
    assert pixels_at(figure, codes[place], codes[place + 1], codes[place + 16]) == [255, 0, 0]


def test_evolution_has_the_three_pictures_for_each_epoch_kept():
    figure = plotting.evolution(snapshots())
    rendered(figure)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:2]] == ["before training", "epoch 2"]


def test_evolution_leaves_out_the_grid_where_there_is_none():
    kept = snapshots() | {"codes": np.stack([codes(3)] * 2)}
    del kept["grid"]
    assert len(plotting.evolution(kept).axes) == 4


def test_a_comparison_has_a_column_for_each_model_and_shows_how_it_ended():
    far = snapshots() | {"codes": np.stack([codes(), codes(spread=8)])}
    figure = plotting.comparison({"near": snapshots(), "far": far}, CLASS_NAMES)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:2]] == ["near", "far"]
    near, far = figure.axes[2:4]
    assert near.get_xlim() == far.get_xlim()
    assert near.get_xlim()[1] > 8
    assert {text.get_text() for text in far.texts} == set(CLASS_NAMES)
    assert not near.texts  # its codes are too close together for names
    drawn = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_array_equal(drawn[:28, :28], snapshots()["samples"][-1, 0, :, :, 0])


def test_loss_curves_have_axes_for_each_term():
    history = {"loss": [3.0, 2.0], "reconstruction": [2.5, 1.8], "kl": [0.5, 0.2]}
    figure = plotting.loss_curves(history)
    rendered(figure)
    assert [ax.get_title() for ax in figure.axes] == ["loss: 2", "reconstruction: 1.8", "kl: 0.2"]
    for ax, values in zip(figure.axes, history.values(), strict=True):
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.transpose([[1, 2], values]))
        assert ax.get_xlabel() == "epoch"


def test_strips_are_rows_with_names():
    figure = plotting.strips({"images": noise(5), "decoded": noise(5, seed=1)})
    rendered(figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["images", "decoded"]
    assert figure.axes[1].images[0].get_array().shape == (28, 5 * 28)


def test_posteriors_are_ellipses_of_two_standard_deviations_each_with_a_close_up():
    z_mean, std = np.array([[1.0, 2.0], [-1.0, 0.0]]), np.array([[0.5, 0.1], [0.2, 0.2]])
    figure = plotting.posteriors(codes(), z_mean, 2 * np.log(std))
    rendered(figure)
    overview, *close_ups = figure.axes
    assert len(close_ups) == 2
    for ellipse, mean, deviation in zip(overview.patches, z_mean, std, strict=True):
        np.testing.assert_allclose(ellipse.center, mean)
        np.testing.assert_allclose([ellipse.width, ellipse.height], 4 * deviation)
    for ax, mean in zip(close_ups, z_mean, strict=True):
        assert np.mean(ax.get_xlim()) == pytest.approx(mean[0])
        assert np.mean(ax.get_ylim()) == pytest.approx(mean[1])


def test_agreement_is_drawn():
    x = np.linspace(0, 1, 20)
    figure = plotting.agreement(x, x**2, "one way", "another")
    rendered(figure)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("one way", "another")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.stack([x, x**2], axis=1))


# ---- Refused


@pytest.mark.parametrize(
    "draw, array",
    [
        (plotting.samples, noise(7)),
        (plotting.samples, noise(8)[..., 0]),
        (plotting.samples, noise(8)[:0]),
        (plotting.latent_grid, noise(10)),
        (plotting.latent_grid, noise(12)),
        (plotting.latent_grid, noise(1)),
        (lambda codes: plotting.latent_space(codes, LABELS, CLASS_NAMES), codes()[:, 0]),
        (lambda codes: plotting.latent_space(codes, LABELS, CLASS_NAMES), codes()[:, :1]),
        (lambda codes: plotting.latent_space(codes, LABELS, CLASS_NAMES), codes()[:0]),
    ],
)
def test_wrong_shapes_are_refused_and_named(draw, array):
    with pytest.raises(ValueError, match=re.escape(f"of shape {array.shape}: expected")):
        draw(array)


def test_labels_of_another_length_are_refused():
    for labels in (LABELS[:-1], np.append(LABELS, 0)):
        with pytest.raises(ValueError, match="labels"):
            plotting.latent_space(codes(), labels, CLASS_NAMES)


def test_clouds_are_ellipses_of_the_right_width_over_the_prior():
    z_mean = np.array([[0, 0], [1, 2], [-3, 1]], float)
    z_log_var = np.log([[1, 1], [0.25, 1], [1, 4]])
    figure = plotting.clouds(z_mean, z_log_var, ellipses=2, deviations=3)
    rendered(figure)
    single, together = figure.axes
    first, second = single.patches[:2]  # the third is the circle of the prior
    assert (tuple(first.center), first.width, first.height) == ((0, 0), 6, 6)
    assert (tuple(second.center), second.width, second.height) == ((1, 2), 3, 6)
    prior, codes = (points.get_offsets() for points in together.collections)
    assert prior.shape == codes.shape == (3, 2)
    assert [text.get_text() for text in together.get_legend().get_texts()] == ["prior", "codes"]
    assert single.get_xlim() == together.get_xlim()


def test_curves_have_a_panel_for_each_question_and_one_legend():
    x = np.linspace(0, 1, 5)
    left = ("x", "y", x, {"rising": x, "falling": 1 - x})
    figure = plotting.curves(left, ("u", "v", x[::-1], {"rising": x**2}))
    assert [ax.xaxis_inverted() for ax in figure.axes] == [False, True]
    rendered(figure)
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes] == [("x", "y"), ("u", "v")]
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), 1 - x)
    assert [ax.get_legend() is not None for ax in figure.axes] == [True, False]


def test_planes_reach_equally_far_or_each_as_far_as_its_codes():
    far = snapshots() | {"codes": 3 * snapshots()["codes"]}
    columns = {"near": snapshots(), "far": far}

    def limits(figure):
        return [ax.get_xlim()[1] for ax in figure.axes if ax.collections]

    one, own = (plotting.comparison(columns, CLASS_NAMES, one_scale=s) for s in (True, False))
    assert limits(one)[0] == limits(one)[1] > 6
    assert limits(own)[0] == 4 < limits(own)[1] == limits(one)[1]
    assert sum(bool(ax.texts) for ax in own.axes) == 2
