"""Rendered faces: the same on every machine, with two factors of variation."""

import hashlib
import time
import tracemalloc

import numpy as np
import pytest

from vaelib.data.builtin import faces


def test_faces_are_the_same_on_every_machine():
    images, labels, factors = faces.sample(500, seed=0)
    digest = hashlib.sha256(images.tobytes() + labels.tobytes() + factors.tobytes()).hexdigest()
    assert digest == "f52460cbd5b707554769b32ea0c623fd92368ba16b976fbfdd3ee045c7f699bd"


def test_a_seed_gives_the_same_faces_and_another_seed_others():
    once, again, other = (faces.sample(40, seed) for seed in (3, 3, 4))
    for first, second in zip(once, again, strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(once[0], other[0])


def test_a_larger_sample_starts_with_the_smaller_one():
    for few, many in zip(faces.sample(7), faces.sample(150), strict=True):
        assert np.array_equal(few, many[:7])


def test_shapes_types_and_ranges():
    images, labels, factors = faces.sample(300)
    assert (images.shape, images.dtype) == ((300, 28, 28, 1), np.uint8)
    assert (labels.shape, labels.dtype) == ((300,), np.uint8)
    assert (factors.shape, factors.dtype) == ((300, 2), np.float32)
    assert images.max() == 255 and np.median(images) == 0  # bright strokes on black
    valence, intensity = factors.T
    assert -1 <= valence.min() < -0.9 and 0.9 < valence.max() <= 1
    assert 0 <= intensity.min() < 0.05 and 0.95 < intensity.max() <= 1
    assert set(labels) == set(range(len(faces.CLASS_NAMES)))


def test_edges_are_smooth():
    images = faces.sample(100)[0]
    gray = np.mean((images > 20) & (images < 235)) / np.mean(images > 20)
    assert gray > 0.3


@pytest.mark.parametrize(
    "valence, intensity, name",
    [
        (-1, 0, "gloomy"),
        (-0.8, 0.5, "sad"),
        (-1, 1, "anguished"),
        (0, 0.1, "calm"),
        (0.2, 0.5, "attentive"),
        (0, 0.9, "astonished"),
        (0.5, 0.2, "content"),
        (1, 0.5, "happy"),
        (1, 1, "ecstatic"),
    ],
)
def test_classes_have_the_names_of_expressions(valence, intensity, name):
    assert faces.CLASS_NAMES[faces.classify([[valence, intensity]])[0]] == name


def mouth_corners_above_its_middle(valence, intensity):
    """By how many rows the mouth's ends lie above its middle, measured on the picture."""
    image = faces.render(valence, intensity)[0, 16:23, 8:20, 0].astype(float)
    ink = image.sum(axis=0)
    heights = (image * np.arange(len(image))[:, None]).sum(axis=0)[ink > 100] / ink[ink > 100]
    return heights[len(heights) // 2] - (heights[0] + heights[-1]) / 2


@pytest.mark.parametrize("intensity", [0, 0.3])
def test_the_mouth_shows_the_valence(intensity):
    bends = [mouth_corners_above_its_middle(v, intensity) for v in (-1, -0.5, 0, 0.5, 1)]
    assert np.all(np.diff(bends) > 0.2)
    assert abs(bends[2]) < 0.1


def test_intensity_makes_expressions_stronger():
    def contrast(intensity):
        sad, happy = faces.render([-1, 1], intensity).astype(float)
        return np.abs(sad - happy).sum()

    assert 0 < contrast(0) < contrast(0.4) < contrast(0.8)
    ink = [faces.render(0, intensity).sum() for intensity in (0, 0.5, 1)]
    assert ink[0] < ink[1] < ink[2]  # eyes and mouth open


def test_valence_and_intensity_change_the_image_more_than_each_nuisance():
    random = np.random.default_rng(0)

    def mean_change(varied):
        """Mean squared change of an image when one factor is sampled again."""
        factors = {"valence": 2 * random.random(300) - 1, "intensity": random.random(300)}
        for name, width in faces.NUISANCE_RANGE.items():
            default = 1 if name in ("size", "thickness") else 0
            factors[name] = default + width * (2 * random.random(300) - 1)
        before = faces.render(**factors).astype(float)
        factors[varied] = random.permutation(factors[varied])
        return np.mean((faces.render(**factors) - before) ** 2)

    nuisances = max(mean_change(name) for name in faces.NUISANCE_RANGE)
    assert mean_change("valence") > 1.5 * nuisances
    assert mean_change("intensity") > 1.5 * nuisances


def test_one_face_or_many_can_be_rendered():
    assert faces.render(0.5, 0.5).shape == (1, 28, 28, 1)
    assert faces.render([], 0.5).shape == (0, 28, 28, 1)
    row = faces.render(np.linspace(-1, 1, 100), 0.5)
    assert np.array_equal(row[70:71], faces.render(np.linspace(-1, 1, 100)[70], 0.5))


def test_nuisances_move_and_scale_the_face():
    rows, columns = np.nonzero(faces.render(0, 0.5, x=2, y=-1)[0, :, :, 0])
    at_rest = np.nonzero(faces.render(0, 0.5)[0, :, :, 0])
    assert columns.mean() - at_rest[1].mean() == pytest.approx(2, abs=0.3)
    assert rows.mean() - at_rest[0].mean() == pytest.approx(-1, abs=0.3)
    assert np.ptp(np.nonzero(faces.render(0, 0.5, size=0.8)[0])[0]) < np.ptp(at_rest[0]) - 3
    thin, thick = (faces.render(0, 0.5, thickness=t).sum() for t in (0.7, 1.3))
    assert thick > 1.3 * thin


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"valence": 1.5}, "valence must lie between -1 and 1, but 1.5 does not"),
        ({"intensity": -0.1}, "intensity must lie between 0 and 1"),
        ({"valence": [0.5, np.nan]}, "but nan does not"),
        ({"size": 3}, "size must lie between 0.8 and 1.1"),
        ({"valence": [[0.5]]}, r"of shape \(n,\), not \(1, 1\)"),
        ({"valence": [0, 1], "intensity": [0, 1, 0.5]}, r"valence \(2,\), intensity \(3,\)"),
    ],
)
def test_impossible_faces_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        faces.render(**{"valence": 0, "intensity": 0} | settings)


@pytest.mark.parametrize("valence", ["happy", None, [True]])
def test_what_is_not_a_number_is_refused(valence):
    with pytest.raises(TypeError, match="valence must be a number"):
        faces.render(valence, 0)


@pytest.mark.parametrize("n, error", [(0, ValueError), (-3, ValueError), (2.5, TypeError)])
def test_an_impossible_number_of_faces_is_refused(n, error):
    with pytest.raises(error, match=f"n must be .*, not {n}"):
        faces.sample(n)


def test_factors_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(n, 2\), not \(3,\)"):
        faces.classify([0, 0, 0])


def test_rendering_is_quick_and_takes_little_memory():
    tracemalloc.start()
    began = time.process_time()
    images = faces.sample(3000)[0]
    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < images.nbytes + 10e6
    assert seconds < 3000 / 12_000 * 3 * 2  # 3 s for the data set, and twice that where it is slow
