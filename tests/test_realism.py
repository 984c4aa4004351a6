"""Images against images: perfect, collapsed and known cases."""

import numpy as np
import pytest
from scipy import ndimage

from vaelib import realism


def points(n=300, seed=0, shift=0.0):
    return np.random.default_rng(seed).standard_normal((n, 8)) + shift


def test_sharpness_is_the_variance_of_the_laplacian():
    images = np.random.default_rng(0).random((3, 28, 28, 1))
    expected = [ndimage.laplace(image)[1:-1, 1:-1].var() for image in images[..., 0]]
    assert realism.sharpness(images) == pytest.approx(np.mean(expected))


def test_sharpness_falls_when_edges_are_blurred_and_is_0_for_a_slope():
    edge = np.zeros((1, 28, 28, 1))
    edge[:, :, 14:] = 1
    blurred = edge.copy()
    blurred[:, :, 13:15] = [[1 / 3], [2 / 3]]
    assert realism.sharpness(blurred) < realism.sharpness(edge) / 3
    slope = np.broadcast_to(np.linspace(0, 1, 28)[:, None], (1, 28, 28, 1))
    assert realism.sharpness(slope) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="uint8"):
        realism.sharpness(np.zeros((1, 28, 28, 1), "uint8"))


def test_a_manifold_is_the_balls_that_reach_to_the_kth_neighbour():
    real = np.array([[0.0], [1], [3], [10]])
    manifold = realism.Manifold(real, k=1)
    np.testing.assert_allclose(manifold.radii, [1, 1, 2, 7])
    np.testing.assert_allclose(realism.Manifold(real, k=2).radii, [3, 2, 3, 9])
    inside = manifold.inside([[-0.5], [4.5], [-2.0]])
    assert inside.tolist() == [
        [True, False, False, False],
        [False, False, True, True],
        [False, False, False, False],
    ]
    assert manifold.holds([[-0.5], [4.5], [-2.0]]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="4 images: expected more than k, which is 4"):
        realism.Manifold(real, k=4)


def test_the_ball_of_an_outlier_is_left_out_where_only_a_share_is_kept():
    real = np.array([[0.0], [1], [2], [3], [100]])
    anything = [[50.0]]
    assert realism.Manifold(real, k=1).holds(anything)
    assert not realism.Manifold(real, k=1, share=0.5).holds(anything)
    assert realism.Manifold(real, k=1, share=0.5).holds([[1.5]])


def test_two_samples_of_one_law_are_as_real_as_each_other():
    found = realism.precision_recall_density_coverage(points(seed=0), points(seed=1))
    assert found["precision"] > 0.85 and found["recall"] > 0.85
    assert found["density"] == pytest.approx(1, abs=0.15)
    assert found["coverage"] > 0.9


def test_a_collapsed_model_is_precise_and_reaches_nothing():
    collapsed = points()[:1] + 1e-6 * points(seed=1)
    found = realism.precision_recall_density_coverage(points(), collapsed)
    assert found["precision"] == 1
    assert found["recall"] < 0.01
    assert found["coverage"] < 0.1


def test_a_model_far_off_is_neither():
    found = realism.precision_recall_density_coverage(points(), points(seed=1, shift=50))
    assert set(found.values()) == {0}


def test_path_length_of_a_linear_decoder_is_the_mean_of_its_squared_stretches():
    w = np.diag([3.0, 4.0])
    codes = np.random.default_rng(0).standard_normal((4_000, 2))
    found = realism.path_length(lambda z: z @ w, lambda images: images, codes)
    assert found == pytest.approx((9 + 16) / 2, rel=0.03)
    assert realism.path_length(np.zeros_like, lambda images: images, codes) == 0
