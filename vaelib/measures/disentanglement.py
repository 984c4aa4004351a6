"""Measure how well factors of variation can be predicted from codes (disentanglement metrics).

Codes have shape (n, latent_dim) and factors shape (n, factors), for the same n images, n at least
30 and latent_dim at least 2. Other shapes, and numbers that are not finite, raise a ValueError.

Predictors are fitted to a random half of the images and scored on the other half, so that a large
latent_dim does not look good by chance. The halves are the same in every call, and the order of the
images does not matter, because sorted images would otherwise be predicted by extrapolation.

All scores are 0 where there is nothing to measure: an axis that does not vary carries no
information, and a factor that does not vary has no variance to explain.
"""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from vaelib.support.rng import named_rng

BINS = 20  # at most, for mutual information, as in Locatello et al. 2019
NEIGHBORS = 15  # for the k-nearest-neighbor probe
TREES = 50  # in each random forest
ANGLE_STEP = 0.5  # step in degrees between the rotations that `best_rotation` tries


def linear_r2(codes: ArrayLike, factors: ArrayLike) -> np.ndarray:
    """Compute R^2 of a linear probe, which predicts each factor from all axes.

    Returns:
        The share of each factor's variance that is explained, shape (factors,), at most 1.

    >>> codes = np.linspace([0.0, 1.0], [3.0, 1.0], 40)  # the second axis does not vary
    >>> linear_r2(codes, 2 * codes)
    array([1., 0.])
    """
    return _r2(LinearRegression(), codes, factors)


def knn_r2(codes: ArrayLike, factors: ArrayLike) -> np.ndarray:
    """Compute R^2 of a k-nearest-neighbor probe, which predicts the mean of the 15 nearest codes.

    Unlike `linear_r2`, it shows how well any smooth function of the codes could predict a factor.

    Returns:
        The share of each factor's variance that is explained, shape (factors,), at most 1.
    """
    return _r2(KNeighborsRegressor(NEIGHBORS), codes, factors)


def axis_r2(codes: ArrayLike, factors: ArrayLike) -> np.ndarray:
    """Compute the squared correlation of each axis with each factor.

    Returns:
        The share of a factor's variance that a linear function of the axis explains, from 0 to 1,
        shape (latent_dim, factors). It is 0 for an axis or a factor that does not vary.
    """
    units = []
    for values in _checked(codes, factors):
        varies = np.ptp(values, axis=0) > 0  # the standard deviation can be above 0 by rounding
        centered = np.where(varies, values - values.mean(axis=0), 0.0)
        norms = np.linalg.norm(centered, axis=0)
        units.append(centered / np.where(varies, norms, 1.0))
    return np.minimum((units[0].T @ units[1]) ** 2, 1.0)


def best_rotation(codes: ArrayLike, factors: ArrayLike) -> tuple[float, float, float]:
    """Find the rotation of two-dimensional codes that aligns two factors with the two axes best.

    Args:
        codes: Shape (n, 2).
        factors: Shape (n, 2).

    Returns:
        The counterclockwise angle in degrees, at least 0 and below 90, and a score before and
        after the rotation. The score is the squared correlation of a factor with its axis,
        averaged over the factors, for the better of the two assignments of factors to axes.

    Raises:
        ValueError: If codes or factors have another shape.
    """
    codes, factors = _checked(codes, factors)
    if codes.shape[1] != 2 or factors.shape[1] != 2:
        raise ValueError(
            f"codes of shape {codes.shape} and factors of shape {factors.shape}: expected (n, 2)."
        )
    angles = np.arange(0, 90, ANGLE_STEP)
    scores = [_own_axes(axis_r2(rotate(codes, angle), factors)) for angle in angles]
    best = int(np.argmax(scores))
    return float(angles[best]), scores[0], scores[best]


def rotate(codes: ArrayLike, angle: float) -> np.ndarray:
    """Rotate two-dimensional codes, shape (n, 2), counterclockwise by an angle in degrees.

    >>> rotate([[2.0, 1.0]], 90).round()
    array([[-1.,  2.]])
    """
    radians = np.deg2rad(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.asarray(codes) @ np.array([[cosine, sine], [-sine, cosine]])


def factor_angles(codes: ArrayLike, factors: ArrayLike) -> np.ndarray:
    """Compute the direction in which each factor increases in a two-dimensional latent space.

    It is the direction of the gradient of a linear regression from codes to factors.

    Args:
        codes: Shape (n, 2).
        factors: Shape (n, factors).

    Returns:
        Angles in degrees, counterclockwise from the first axis, -180 to 180, shape (factors,).
    """
    codes, factors = _checked(codes, factors)
    slopes = LinearRegression().fit(codes, factors).coef_  # (factors, 2)
    return np.rad2deg(np.arctan2(slopes[:, 1], slopes[:, 0]))


def _own_axes(r2: np.ndarray) -> float:  # mean R^2 for the better assignment of factors to axes
    return float(max(r2[0, 0] + r2[1, 1], r2[0, 1] + r2[1, 0]) / 2)


def mig(codes: ArrayLike, factors: ArrayLike) -> float:
    """Compute the mutual information gap, MIG (Chen et al. 2018, arXiv 1802.04942, equation 6).

        mean over factors v of  [I(z_j; v) - I(z_j'; v)] / H(v)

    Here j is the axis with the largest mutual information with the factor, and j' is the axis with
    the second largest. Codes and factors are counted in 20 bins that contain equally many values,
    so the result does not depend on the units of an axis, on a monotone transformation, or on
    outliers. Equal values share a bin, so there are fewer bins for a discrete factor.

    Returns:
        The gap, from 0 to 1 (one axis per factor carries all information). The gap of a factor
        that does not vary is 0.
    """
    codes, factors = (_binned(values) for values in _checked(codes, factors))
    gaps = []
    for factor in factors.T:
        information = sorted(_mutual_information(axis, factor) for axis in codes.T)
        entropy = _mutual_information(factor, factor)
        gaps.append((information[-1] - information[-2]) / entropy if entropy > 0 else 0.0)
    return float(np.mean(gaps))


def sap(codes: ArrayLike, factors: ArrayLike) -> float:
    """Compute the separated attribute predictability, SAP (Kumar et al. 2018, arXiv 1711.00848).

    Returns:
        The difference in R^2 between the two axes that explain most of a factor's variance,
        averaged over the factors, from 0 to 1.
    """
    r2 = np.sort(axis_r2(codes, factors), axis=0)
    return float((r2[-1] - r2[-2]).mean())


def dci(codes: ArrayLike, factors: ArrayLike, seed: int = 0) -> dict[str, float]:
    """Compute disentanglement, completeness and informativeness (Eastwood and Williams 2018, ICLR).

    A random forest predicts each factor and assigns an importance to each axis. An axis is
    disentangled if it is important for one factor only. A factor is complete if it is predicted
    from one axis only.

    Args:
        codes: Shape (n, latent_dim).
        factors: Shape (n, factors), at least two factors.
        seed: Seed of the random forests.

    Returns:
        "disentanglement" and "completeness", from 0 to 1, and "informativeness", the mean R^2 of
        the forests. Completeness is the concentration of a factor's importance on one axis. For
        codes that do not vary, no axis has any importance. Then nothing is concentrated, and both
        are 0.

    Raises:
        ValueError: If there is only one factor, because every axis would be disentangled.
    """
    codes, factors = _checked(codes, factors)
    if factors.shape[1] < 2:
        raise ValueError(
            f"factors of shape {factors.shape}: expected two or more factors, because an axis is "
            "disentangled if it is important for one of several."
        )
    forests = [RandomForestRegressor(TREES, random_state=seed) for _ in factors.T]
    fitted, scored = _halves(len(codes))
    predicted = [
        forest.fit(codes[fitted], factor[fitted]).predict(codes[scored])
        for forest, factor in zip(forests, factors.T, strict=True)
    ]
    importance = np.array([forest.feature_importances_ for forest in forests]).T  # (axes, factors)
    # Of a factor that does not vary, a forest would take the importance from rounding errors.
    importance[:, np.ptp(factors[fitted], axis=0) == 0] = 0
    weights = importance.sum(axis=1) / (importance.sum() or 1.0)
    return {
        "disentanglement": float(weights @ _concentration(importance)),
        "completeness": float(np.mean(_concentration(importance.T))),
        "informativeness": float(np.mean(_explained(factors[scored], np.transpose(predicted)))),
    }


def _concentration(rows: np.ndarray) -> np.ndarray:
    """Return how concentrated each row is: 1 for one entry, 0 for equal entries or only zeros."""
    total = rows.sum(axis=1, keepdims=True)
    p = np.where(total > 0, rows / np.maximum(total, 1e-12), 1 / rows.shape[1])
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
    return 1 - entropy / np.log(rows.shape[1])


def _binned(values: np.ndarray) -> np.ndarray:  # (n, d) -> (n, d), 0 to BINS - 1
    edges = np.quantile(values, np.arange(1, BINS) / BINS, axis=0)
    columns = zip(edges.T, values.T, strict=True)
    return np.stack([np.searchsorted(cuts, v, side="right") for cuts, v in columns], axis=1)


def _mutual_information(x: np.ndarray, y: np.ndarray) -> float:
    joint = np.histogram2d(x, y, bins=[np.arange(BINS + 1)] * 2)[0] / len(x)
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    occupied = joint > 0
    return float((joint[occupied] * np.log(joint[occupied] / outer[occupied])).sum())


def _r2(model: RegressorMixin, codes: ArrayLike, factors: ArrayLike) -> np.ndarray:
    codes, factors = _checked(codes, factors)
    fitted, scored = _halves(len(codes))
    predicted = model.fit(codes[fitted], factors[fitted]).predict(codes[scored])
    return _explained(factors[scored], predicted)


def _halves(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of a random half of n images, and of the other half."""
    order = named_rng(0, "halves of the images").permutation(n)
    return order[: n // 2], order[n // 2 :]


def _explained(factors: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return R^2 of each factor, (n, factors) to (factors,); 0 for one that does not vary."""
    varies = np.ptp(factors, axis=0) > 0
    variance = np.where(varies, factors.var(axis=0), 1.0)
    return np.where(varies, 1 - ((factors - predicted) ** 2).mean(axis=0) / variance, 0.0)


def _checked(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    codes, factors = (np.asarray(values, dtype="float64") for values in (codes, factors))
    wrong = codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors)
    if wrong or codes.shape[1] < 2 or len(codes) < 2 * NEIGHBORS:
        raise ValueError(
            f"codes of shape {codes.shape} and factors of shape {factors.shape}: expected "
            "(n, latent_dim) and (n, factors) with latent_dim at least 2 and n at least "
            f"{2 * NEIGHBORS}."
        )
    if not (np.isfinite(codes).all() and np.isfinite(factors).all()):
        raise ValueError(
            "some codes or factors are NaN or infinite: measure a model whose training succeeded."
        )
    return codes, factors
