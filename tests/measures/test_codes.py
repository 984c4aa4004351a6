"""Measures of codes, compared with cases that were computed by hand."""

import numpy as np
import pytest
from scipy import optimize, special

from vaelib import measures
from vaelib.models import VAE


def test_knn_accuracy_is_the_share_whose_neighbors_agree():
    train_codes = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], float)
    train_labels = np.array([0, 0, 0, 1, 1, 1])
    test_codes = np.array([[0, 0.5], [9, 8.5], [1, 1], [8, 8]])
    test_labels = np.array([0, 1, 1, 1])  # the third lies among zeros
    found = measures.knn_accuracy(train_codes, train_labels, test_codes, test_labels, k=3)
    assert found == 0.75


def test_knn_accuracy_uses_the_majority_of_k_neighbors():
    train_codes = np.array([[0.0], [2.0], [2.1]])
    train_labels = np.array([0, 1, 1])
    code, label = np.array([[0.5]]), np.array([1])
    assert measures.knn_accuracy(train_codes, train_labels, code, label, k=1) == 0
    assert measures.knn_accuracy(train_codes, train_labels, code, label, k=3) == 1


def test_code_statistics_are_those_of_the_distribution_of_the_codes():
    codes = np.random.default_rng(0).standard_normal((4000, 2)) * [2, 2] + [1, -1]
    found = measures.code_statistics(codes)
    assert found["mean of z1"] == pytest.approx(1, abs=0.1)
    assert found["mean of z2"] == pytest.approx(-1, abs=0.1)
    assert found["std of z1"] == pytest.approx(2, abs=0.1)
    assert found["std of z2"] == pytest.approx(2, abs=0.1)
    # Exactly, for N(m, s^2 I) against N(0, I) and a kernel of variance 2: all pairs are normal.
    variance, square = 4, 2  # s^2, ||m||^2
    expected = (
        2 / 4
        + 2 / (2 + 2 * variance)
        - 2 * 2 / (3 + variance) * np.exp(-square / (2 * (3 + variance)))
    )
    assert found["MMD² to prior"] == pytest.approx(expected, abs=0.01)


def test_code_statistics_name_each_dimension():
    found = measures.code_statistics(np.random.default_rng(0).standard_normal((2000, 3)))
    assert [name for name in found if name.startswith("mean")] == [
        "mean of z1",
        "mean of z2",
        "mean of z3",
    ]
    assert abs(found["MMD² to prior"]) < 2e-3


def test_summary_contains_the_measures_of_a_model(faces):
    model = VAE(seed=1)
    codes, train_codes = model.encode(faces.test_images), model.encode(faces.train_images)
    by_neighbors = measures.knn_accuracy(
        train_codes, faces.train_labels, codes, faces.test_labels, k=15
    )
    error = measures.mean_squared_error(model, faces.test_images)
    expected = {"15-NN accuracy": by_neighbors, "pixel MSE": error}
    assert measures.summary(model, faces) == measures.code_statistics(codes) | expected
    assert 0 < by_neighbors < 1


def test_the_probe_classifies_linearly_separable_classes_only():
    random = np.random.default_rng(0)
    labels = np.arange(400) % 2
    apart = random.standard_normal((400, 2)) + 100 * labels[:, None]
    assert measures.probe_accuracy(apart[:200], labels[:200], apart[200:], labels[200:]) == 1
    # One class surrounds the other: neighbors separate them, but no line does.
    angle, radius = random.uniform(0, 7, 400), 1 + 9 * labels
    rings = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    split = rings[:200], labels[:200], rings[200:], labels[200:]
    assert measures.probe_accuracy(*split) < 0.8
    assert measures.knn_accuracy(*split) == 1


def test_cluster_agreement_is_high_for_separate_classes_and_low_for_random_labels():
    random = np.random.default_rng(0)
    labels = np.arange(500) % 5
    codes = random.standard_normal((500, 2)) + 50 * np.stack([labels, labels**2], axis=1)
    shuffled = random.permutation(labels)
    assert measures.cluster_agreement(codes, labels) == pytest.approx(1)
    assert measures.cluster_agreement(codes, shuffled) < 0.05
    assert measures.silhouette(codes, labels) > 0.9
    assert measures.silhouette(codes, shuffled) < 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("constant", [0.0, 0.1, -7e4])
def test_a_constant_dimension_does_not_change_the_probe(constant, dtype):
    random = np.random.default_rng(0)
    labels = np.arange(400) % 2
    line = random.standard_normal((400, 1)) + 10 * labels[:, None]
    codes = np.concatenate([line, np.full((400, 1), constant)], axis=1).astype(dtype)
    assert measures.probe_accuracy(codes[:200], labels[:200], codes[200:], labels[200:]) == 1


def test_the_probe_is_a_logistic_regression_on_standardized_codes():
    random = np.random.default_rng(0)
    labels = np.arange(600) % 3
    codes = random.standard_normal((600, 2)) + np.eye(3)[labels][:, :2] * 2
    split = codes[:300], labels[:300], codes[300:], labels[300:]
    stretched = [part * [1e-3, 1e3] + 5 if part.ndim == 2 else part for part in split]
    assert measures.probe_accuracy(*stretched) == measures.probe_accuracy(*split)
    # The minimum of the cross-entropy and half the squared weights, found without scikit-learn.
    z = (codes - split[0].mean(axis=0)) / split[0].std(axis=0)

    def loss(parameters):
        weights = parameters.reshape(3, 3)
        logits = z[:300] @ weights[:2] + weights[2]
        log_p = logits - special.logsumexp(logits, axis=1, keepdims=True)
        return (weights[:2] ** 2).sum() / 2 - log_p[np.arange(300), labels[:300]].sum()

    best = optimize.minimize(loss, np.zeros(9), options={"gtol": 1e-6}).x.reshape(3, 3)
    guesses = np.argmax(z[300:] @ best[:2] + best[2], axis=1)
    expected = np.mean(guesses == labels[300:])
    assert 0.6 < expected < 0.95
    assert measures.probe_accuracy(*split) == pytest.approx(expected, abs=0.004)


def test_active_units_are_dimensions_whose_variance_exceeds_a_threshold():
    codes = np.random.default_rng(0).standard_normal((4_000, 2)) * [1, 0.05]
    assert measures.active_units(codes) == 1
    assert measures.active_units(codes, threshold=1e-4) == 2


def test_codes_with_nan_are_refused():
    codes = np.random.default_rng(0).standard_normal((10, 2))
    codes[:, 1] = np.nan
    for refuse in (measures.active_units, measures.code_statistics):
        with pytest.raises(ValueError, match="some codes are NaN, infinite or beyond"):
            refuse(codes)


def test_integers_of_numpy_are_accepted():
    codes = np.random.default_rng(0).standard_normal((60, 2))
    labels = np.arange(60) % 3
    split = codes[:30], labels[:30], codes[30:], labels[30:]
    four = np.int64(4)
    assert measures.knn_accuracy(*split, k=four) == measures.knn_accuracy(*split, k=4)
    assert measures.silhouette(codes, labels, four * 5) == measures.silhouette(codes, labels, 20)
    agreement = measures.cluster_agreement(codes, labels, four)
    assert agreement == measures.cluster_agreement(codes, labels, 4)
