"""Measures of decoded images: perfect, collapsed and known cases."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from vaelib.measures import decoded_images
from vaelib.models import VAE
from vaelib.priors import StandardNormal
from vaelib.support.backend import ops


def points(n=300, seed=0, shift=0.0):
    return np.random.default_rng(seed).standard_normal((n, 8)) + shift


class Fading:
    """A model that encodes an image as its mean pixel and decodes a code as a gray image.

    Args:
        sampled: Whether the encoder also returns a log-variance, which no measure here may use.
    """

    image_shape = (28, 28, 1)

    def __init__(self, sampled=False):
        self.objective = SimpleNamespace(sampled=sampled)

    def chunk_size(self):
        return 250

    def encoder(self, images):
        assert float(ops.max(images)) == 1
        mean = ops.mean(images, axis=(1, 2))
        return ops.concatenate([mean, mean + 99], axis=1) if self.objective.sampled else mean

    def decoder(self, z):
        gray = ops.clip(z, 1e-7, 1 - 1e-7)
        return ops.log(gray / (1 - gray))[:, :, None, None] + ops.zeros((1, 28, 28, 1))


@pytest.mark.parametrize("sampled", [False, True])
def test_reconstruction_errors_use_the_posterior_means(sampled):
    pictures = np.zeros((2, 28, 28, 1), "uint8")
    pictures[0, :14] = (
        255  # decoded as gray 0.5, so each pixel differs by 0.5; the black image is exact
    )
    for given in (pictures, pictures / np.float32(255)):
        squared = decoded_images.mean_squared_error(Fading(sampled), given)
        assert squared == pytest.approx(0.25 / 2)
        entropy = decoded_images.mean_cross_entropy(Fading(sampled), given)
        assert entropy == pytest.approx(784 * np.log(2) / 2, rel=1e-4)


def test_reconstruction_errors_of_a_vae_follow_their_definitions():
    model, pictures = VAE(seed=1), np.random.default_rng(0).random((300, 28, 28, 1), "float32")
    decoded = model.decode(model.encode(pictures)).astype("float64")
    squared = ((decoded - pictures) ** 2).mean()
    assert decoded_images.mean_squared_error(model, pictures) == pytest.approx(squared, rel=1e-5)
    entropy = -(pictures * np.log(decoded) + (1 - pictures) * np.log(1 - decoded))
    expected = entropy.sum(axis=(1, 2, 3)).mean()
    assert decoded_images.mean_cross_entropy(model, pictures) == pytest.approx(expected, rel=1e-5)


def test_sharpness_is_the_variance_of_the_laplacian():
    pictures = np.random.default_rng(0).random((3, 28, 28, 1))
    expected = [ndimage.laplace(picture)[1:-1, 1:-1].var() for picture in pictures[..., 0]]
    assert decoded_images.sharpness(pictures) == pytest.approx(np.mean(expected))


def test_sharpness_falls_when_edges_are_blurred_and_is_0_for_a_slope():
    edge = np.zeros((1, 28, 28, 1))
    edge[:, :, 14:] = 1
    blurred = edge.copy()
    blurred[:, :, 13:15] = [[1 / 3], [2 / 3]]
    assert decoded_images.sharpness(blurred) < decoded_images.sharpness(edge) / 3
    slope = np.broadcast_to(np.linspace(0, 1, 28)[:, None], (1, 28, 28, 1))
    assert decoded_images.sharpness(slope) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "wrong, complaint",
    [
        (np.zeros((1, 28, 28, 1), "uint8"), "of type uint8, from 0 to 0"),
        (np.full((1, 28, 28, 1), 255.0), "of type float64, from 255 to 255"),
        (np.full((1, 28, 28, 1), np.nan, "float32"), "of type float32, from nan to nan"),
    ],
)
def test_sharpness_refuses_pixels_on_another_scale(wrong, complaint):
    with pytest.raises(ValueError, match=f"images {complaint}: expected floats in"):
        decoded_images.sharpness(wrong)


def test_a_manifold_consists_of_balls_that_reach_to_the_kth_neighbor():
    real = np.array([[0.0], [1], [3], [10]])
    manifold = decoded_images.Manifold(real, k=1)
    np.testing.assert_allclose(manifold.radii, [1, 1, 2, 7])
    np.testing.assert_allclose(decoded_images.Manifold(real, k=2).radii, [3, 2, 3, 9])
    inside = manifold.ball_membership([[-0.5], [4.5], [-2.0]])
    assert inside.tolist() == [
        [True, False, False, False],
        [False, False, True, True],
        [False, False, False, False],
    ]
    assert manifold.contains([[-0.5], [4.5], [-2.0]]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="4 images: expected more than k, which is 4"):
        decoded_images.Manifold(real, k=4)


def test_the_ball_of_an_outlier_is_left_out_where_only_a_share_is_kept():
    real = np.array([[0.0], [1], [2], [3], [100]])
    anything = [[50.0]]
    assert decoded_images.Manifold(real, k=1).contains(anything)
    assert not decoded_images.Manifold(real, k=1, share=0.5).contains(anything)
    assert decoded_images.Manifold(real, k=1, share=0.5).contains([[1.5]])


@pytest.mark.parametrize("middle", [0.0, 1.0, 1e6, -3e9])
def test_a_manifold_contains_its_own_points(middle):
    random = np.random.default_rng(0)
    single = middle + random.standard_normal((700, 64))  # more than are compared at a time
    repeated = np.concatenate([single[:100]] * 7)[random.permutation(700)]
    for own in (single, repeated, np.concatenate([repeated, single])):
        assert decoded_images.Manifold(own).contains(own).all()
        assert decoded_images.precision_recall_density_coverage(own, own)["coverage"] == 1


def test_a_manifold_of_many_images_does_not_keep_all_distances_in_memory():
    many = np.random.default_rng(0).standard_normal((3000, 2))
    tracemalloc.start()
    decoded_images.Manifold(many)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 2  # half of what all of them take


def test_repeated_points_have_balls_of_radius_0():
    manifold = decoded_images.Manifold(np.repeat([[1e6, 0.1], [3e6, 0.3]], 6, axis=0))
    assert not manifold.radii.any()
    assert manifold.contains([[1e6, 0.1], [1e6, 0.1 + 1e-9], [2e6, 0.2]]).tolist() == [
        True,
        False,
        False,
    ]


def in_loops(real, decoded, k):
    """Precision, recall, density and coverage by their definitions, point by point."""

    def distance(x, y):
        return sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5

    def radii(points):
        found = []
        for i, point in enumerate(points):
            others = [distance(point, other) for j, other in enumerate(points) if j != i]
            found.append(sorted(others)[k - 1])
        return found

    precise = recalled = covered = balls = 0
    of_real, of_decoded = radii(real), radii(decoded)
    for y in decoded:
        around = sum(distance(x, y) <= radius for x, radius in zip(real, of_real, strict=True))
        balls, precise = balls + around, precise + (around > 0)
    for x, radius in zip(real, of_real, strict=True):
        recalled += any(distance(x, y) <= r for y, r in zip(decoded, of_decoded, strict=True))
        covered += any(distance(x, y) <= radius for y in decoded)
    n, m = len(real), len(decoded)
    numbers = precise / m, recalled / n, balls / (k * m), covered / n
    return dict(zip(("precision", "recall", "density", "coverage"), numbers, strict=True))


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift, scale", [(0, 1), (1, 0.5), (0.3, 2)])
def test_precision_recall_density_and_coverage_follow_their_definitions(k, shift, scale):
    random = np.random.default_rng(k)
    real, decoded = random.standard_normal((40, 3)), shift + scale * random.standard_normal((25, 3))
    expected = in_loops(real, decoded, k)
    assert decoded_images.precision_recall_density_coverage(real, decoded, k) == pytest.approx(
        expected
    )
    assert len(set(expected.values())) > 2  # so that they cannot be confused


def test_two_samples_of_one_distribution_have_high_precision_and_recall():
    found = decoded_images.precision_recall_density_coverage(points(seed=0), points(seed=1))
    assert found["precision"] > 0.85 and found["recall"] > 0.85
    assert found["density"] == pytest.approx(1, abs=0.15)
    assert found["coverage"] > 0.9


def test_a_collapsed_model_has_high_precision_and_low_recall():
    collapsed = points()[:1] + 1e-6 * points(seed=1)
    found = decoded_images.precision_recall_density_coverage(points(), collapsed)
    assert found["precision"] == 1
    assert found["recall"] < 0.01
    assert found["coverage"] < 0.1


def test_a_model_far_from_the_data_scores_0():
    found = decoded_images.precision_recall_density_coverage(points(), points(seed=1, shift=50))
    assert set(found.values()) == {0}


def test_path_length_of_a_linear_decoder_is_the_mean_of_its_squared_scales():
    w = np.diag([3.0, 4.0])
    codes = np.random.default_rng(0).standard_normal((4_000, 2))
    found = decoded_images.path_length(lambda z: z @ w, lambda images: images, codes)
    assert found == pytest.approx((9 + 16) / 2, rel=0.03)
    assert decoded_images.path_length(np.zeros_like, lambda images: images, codes) == 0


@pytest.mark.parametrize("prior", [StandardNormal(2), None])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_directions_of_path_length_are_independent_of_the_codes(seed, prior):
    """If a function changes only along the radius, it is cos^2 of the angle, 1/2 on average."""
    plain = np.random.default_rng(seed).standard_normal((4_000, 2))
    codes = prior.sample(4_000, seed) if prior else plain

    def radius(z):
        return np.linalg.norm(z, axis=1, keepdims=True)

    found = decoded_images.path_length(radius, lambda images: images, codes, seed=seed)
    assert found == pytest.approx(0.5, abs=0.03)


def test_features_with_nan_are_refused():
    broken = points()
    broken[3, 2] = np.nan
    complaint = "some features are NaN, infinite or beyond"
    with pytest.raises(ValueError, match=complaint):
        decoded_images.Manifold(broken)
    with pytest.raises(ValueError, match=complaint):
        decoded_images.Manifold(points()).contains(broken)
    with pytest.raises(ValueError, match="k must be an integer, 1 or more, not 0"):
        decoded_images.Manifold(points(), k=0)


def test_integers_of_numpy_are_accepted():
    pair, two = (points(30), points(30, seed=1)), np.int64(2)
    expected = decoded_images.precision_recall_density_coverage(*pair, k=2)
    assert decoded_images.precision_recall_density_coverage(*pair, k=two) == expected
    stretch = [
        decoded_images.path_length(lambda z: z**2, lambda x: x, pair[0], seed=s) for s in (2, two)
    ]
    assert stretch[0] == stretch[1]
