"""The figures of the overview: what they show, and what is on their axes."""

import re

import numpy as np
import pytest
from rendering import CLASS_NAMES, LABELS, codes, noise, rendered, snapshots

from vaelib import plotting
from vaelib.plotting.prior_contours import PRIOR_RADIUS

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_samples_lie_row_by_row():
    images = np.zeros((16, 28, 28, 1), "uint8") + np.arange(16, dtype="uint8")[:, None, None, None]
    figure = plotting.samples(images, columns=8)
    (ax,) = figure.axes
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (2 * 28, 8 * 28)
    np.testing.assert_array_equal(shown[::28, ::28], np.arange(16).reshape(2, 8))
    rendered(plotting.samples(noise(64)))


def test_latent_space_names_each_class_at_its_center_in_its_color():
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


def test_a_class_without_images_has_no_name_in_the_latent_space():
    few = LABELS < 3
    figure = plotting.latent_space(codes()[few], LABELS[few], CLASS_NAMES)
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b", "c"]


def test_distant_codes_widen_the_axes_of_the_latent_space():
    figure = plotting.latent_space(codes(radius=10), LABELS, CLASS_NAMES)
    low, high = figure.axes[0].get_xlim()
    assert low == -high
    assert np.abs(codes(radius=10)).max() < high < 13


def test_a_cropped_latent_space_spans_codes_and_prior_on_one_scale():
    far = codes() + np.array([-12, 3])
    figure = plotting.latent_space(far, LABELS, CLASS_NAMES, crop=True)
    rendered(figure)
    (ax,) = figure.axes
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert -15.5 < left < far[:, 0].min() and PRIOR_RADIUS < right < 3.5
    assert -3.5 < bottom < -PRIOR_RADIUS and far[:, 1].max() < top < 6.5
    across, upright = ax.get_window_extent().size / [right - left, top - bottom]
    assert across == pytest.approx(upright, rel=0.01)
    for text in ax.texts:
        middle = far[CLASS_NAMES.index(text.get_text()) == LABELS].mean(axis=0)
        assert np.abs(text.get_position() - middle).max() < 2
    for given in (dict(codes=codes(3)), dict(codes=codes(), limit=4)):
        with pytest.raises(ValueError, match=r"expected shape .* and no limit"):
            plotting.latent_space(labels=LABELS, class_names=CLASS_NAMES, crop=True, **given)


def test_more_than_two_dimensions_are_shown_by_their_principal_components():
    rotated = codes(3)[:, [2, 0, 1]]  # the two dimensions that matter are the last
    figure = plotting.latent_space(rotated + 5, LABELS, CLASS_NAMES)
    rendered(figure)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("principal component 1", "principal component 2")
    shown = np.asarray(ax.collections[0].get_offsets())
    distances = np.linalg.norm(shown[:50, None] - shown[None, :50], axis=2)
    expected = np.linalg.norm(codes(3)[:50, None, :2] - codes(3)[None, :50, :2], axis=2)
    np.testing.assert_allclose(distances, expected, atol=0.05)  # rotated, but not distorted


def test_evolution_has_the_three_pictures_for_each_step_kept():
    figure = plotting.evolution(snapshots())
    rendered(figure)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:2]] == ["before training", "step 1,200"]
    assert not figure.legends
    [legend] = plotting.evolution(snapshots(), CLASS_NAMES).legends
    assert [text.get_text() for text in legend.get_texts()] == list(CLASS_NAMES)


def test_evolution_leaves_out_the_grid_where_there_is_none():
    kept = snapshots() | {"codes": np.stack([codes(3)] * 2)}
    del kept["grid"]
    assert len(plotting.evolution(kept).axes) == 4


def test_one_latent_dimension_has_no_picture_of_codes():
    kept = snapshots(3)
    del kept["grid"]
    kept["codes"] = kept["codes"][..., :1]
    figures = plotting.evolution(kept, CLASS_NAMES), plotting.comparison({"VAE": kept}, CLASS_NAMES)
    for figure, columns in zip(figures, (3, 1), strict=True):
        rendered(figure)
        assert len(figure.axes) == columns
        assert all(len(ax.images) == 1 for ax in figure.axes)  # the samples
    assert not figures[0].legends


def test_a_comparison_has_a_column_for_each_model_and_shows_how_it_ended():
    far = snapshots() | {"codes": np.stack([codes(), codes(radius=8)])}
    figure = plotting.comparison({"near": snapshots(), "far": far}, CLASS_NAMES)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:2]] == ["near", "far"]
    near, far = figure.axes[2:4]
    assert near.get_xlim() == far.get_xlim()
    assert near.get_xlim()[1] > 8
    assert {text.get_text() for text in far.texts} == set(CLASS_NAMES)
    assert not near.texts  # its codes are too close together for names
    shown = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_array_equal(shown[:28, :28], snapshots()["samples"][-1, 0, :, :, 0])


def test_a_comparison_can_be_limited_to_some_pictures_which_are_then_larger():
    columns = {"one": snapshots(), "two": snapshots()}
    whole = plotting.comparison(columns, CLASS_NAMES)
    (grid, _) = (figure := plotting.comparison(columns, CLASS_NAMES, pictures=["grid"])).axes
    rendered(figure)
    assert grid.get_xlabel() == "z1" and len(grid.images) == 1 and not grid.collections[1:]
    assert figure.get_figwidth() > whole.get_figwidth()
    near = {"near": snapshots(), "far": snapshots() | {"codes": 8 * snapshots()["codes"]}}
    codes_only = plotting.comparison(near, CLASS_NAMES, pictures=["codes"])
    assert all(len(ax.texts) == len(CLASS_NAMES) for ax in codes_only.axes)
    unnamed = plotting.comparison(near, None, pictures=["codes"])
    assert not any(ax.texts for ax in unnamed.axes)
    reverse = plotting.comparison(columns, CLASS_NAMES, pictures=["codes", "samples"])
    assert [bool(ax.get_xlabel()) for ax in reverse.axes] == [True, True, False, False]


@pytest.mark.parametrize("pictures", [[], ["samples", "grids"]])
def test_unknown_pictures_are_refused(pictures):
    with pytest.raises(ValueError, match=r"expected one or more of .*'codes'"):
        plotting.comparison({"VAE": snapshots()}, CLASS_NAMES, pictures=pictures)


def test_a_comparison_of_pictures_that_no_model_has_is_refused():
    kept = snapshots(3)
    del kept["grid"]
    kept["codes"] = kept["codes"][..., :1]
    with pytest.raises(ValueError, match="codes and grid of models with another number"):
        plotting.comparison({"VAE": kept}, CLASS_NAMES, pictures=["codes", "grid"])


def test_image_rows_are_labeled():
    figure = plotting.image_rows({"images": noise(5), "decoded": noise(5, seed=1)})
    rendered(figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["images", "decoded"]
    assert figure.axes[1].images[0].get_array().shape == (28, 5 * 28)


def test_image_rows_may_have_a_name_above_each_column():
    figure = plotting.image_rows({"a": noise(3), "b": noise(3)}, ["one", "two", "three"])
    rendered(figure)
    top, below = figure.axes
    assert [text.get_text() for text in top.get_xticklabels()] == ["one", "two", "three"]
    assert top.get_xticks().tolist() == [13.5, 41.5, 69.5] and not len(below.get_xticks())
    with pytest.raises(ValueError, match="2 names for 3 columns: expected one for each"):
        plotting.image_rows({"a": noise(3)}, ["one", "two"])


def test_a_last_row_that_is_not_full_is_left_white():
    images = noise(11)
    [picture] = [image.get_array() for ax in plotting.samples(images).axes for image in ax.images]
    assert picture.shape == (2 * 28, 8 * 28)
    np.testing.assert_allclose(picture[28:, 2 * 28 : 3 * 28], images[10, ..., 0])
    assert (picture[28:, 3 * 28 :] == 255).all()


def test_pictures_in_color_have_their_colors():
    images = np.zeros((4, 20, 16, 3), np.uint8)
    images[1, :, :, 2] = 200
    [picture] = [i.get_array() for ax in plotting.samples(images, 2).axes for i in ax.images]
    assert picture.shape == (40, 32, 3) and (picture[:20, 16:] == (0, 0, 200)).all()
    rendered(plotting.latent_grid(images))


def test_classes_may_go_without_names():
    figure = plotting.latent_space(codes(), LABELS, None)
    assert [text.get_text() for text in figure.axes[0].texts] == []


@pytest.mark.parametrize(
    "plot, array",
    [
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
def test_wrong_shapes_are_refused_and_named(plot, array):
    with pytest.raises(ValueError, match=re.escape(f"of shape {array.shape}: expected")):
        plot(array)


@pytest.mark.parametrize(
    "labels, complaint",
    [
        (
            LABELS[:-1],
            r"labels of shape \(499,\) and type int64 for 500 codes: expected",
        ),
        (np.append(LABELS, 0), r"labels of shape \(501,\)"),
        (LABELS[:, None], r"labels of shape \(500, 1\)"),
        (LABELS / 2, "type float64 for 500 codes: expected an integer for each"),
        (LABELS - 1, "labels from -1 to 8: expected 0 to 9"),
        (LABELS + 1, "labels from 1 to 10: expected 0 to 9"),
    ],
)
def test_labels_that_do_not_go_with_codes_and_names_are_refused(labels, complaint):
    with pytest.raises(ValueError, match=complaint):
        plotting.latent_space(codes(), labels, CLASS_NAMES)


@pytest.mark.parametrize(
    "plot",
    [
        plotting.samples,
        plotting.latent_grid,
        lambda images: plotting.image_rows({"a": images[:5]}),
        lambda images: plotting.evolution(snapshots(1) | {"samples": images[None, :64]}),
    ],
)
def test_pixels_on_another_scale_are_refused(plot):
    images = noise(256)
    broken = images / np.float32(255)
    broken[:, 3, 3] = np.nan
    for wrong, found in (
        (images.astype("float32"), "0 to 255"),
        (images.astype("int64"), "0 to 255"),
        (broken, "nan to nan"),
        (images / 255 - 0.5, "-0.5 to 0.5"),
    ):
        with pytest.raises(ValueError, match=f"pixels from {found}: expected bytes, or floats in"):
            plot(wrong)


def test_integers_of_numpy_are_accepted():
    shown = plotting.samples(noise(16), columns=np.int64(4)).axes[0].images[0]
    assert shown.get_array().shape == (4 * 28, 4 * 28)
    figure = plotting.latent_space(codes(), LABELS.astype("uint8"), CLASS_NAMES, np.float32(5))
    assert figure.axes[0].get_xlim() == (-5, 5)


def test_latent_spaces_have_equal_limits_or_each_its_own():
    far = snapshots() | {"codes": 3 * snapshots()["codes"]}
    columns = {"near": snapshots(), "far": far}

    def limits(figure):
        return [ax.get_xlim()[1] for ax in figure.axes if ax.collections]

    one, own = (plotting.comparison(columns, CLASS_NAMES, one_scale=s) for s in (True, False))
    assert limits(one)[0] == limits(one)[1] > 6
    assert limits(own)[0] == 4 < limits(own)[1] == limits(one)[1]
    assert sum(bool(ax.texts) for ax in own.axes) == 2
