"""How well known causes can be read off codes: from all axes or one, before and after a turn.

Codes are (n, latent_dim), factors (n, factors), both of the same images. What is fitted is fitted
to one half of them and scored on the other, so that many dimensions do not look good by chance.
"""

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

BINS = 20  # for mutual information, as Locatello et al. 2019 have it
NEIGHBOURS = 15
TREES = 50
TURN = 0.5  # degrees between the rotations that are tried


def linear_r2(codes, factors):
    """Share of each factor's variance that a linear map of the codes explains, (factors,)."""
    return _r2(LinearRegression(), codes, factors)


def neighbour_r2(codes, factors):
    """As `linear_r2`, by the mean of the fifteen nearest codes: what any smooth map could read."""
    return _r2(KNeighborsRegressor(NEIGHBOURS), codes, factors)


def axis_r2(codes, factors):
    """Squared correlation of each axis with each factor, (latent_dim, factors)."""
    codes, factors = _checked(codes, factors)
    both = np.corrcoef(codes.T, factors.T)
    return both[: codes.shape[1], codes.shape[1] :] ** 2


def best_turn(codes, factors):
    """The rotation of a plane after which each of two factors is best read off an axis of its own.

    Args:
        codes: (n, 2).
        factors: (n, 2).

    Returns:
        The angle in degrees, 0 up to 90 and counterclockwise; and the mean over the factors of
        their squared correlation with their axis, before the turn and after it. Which axis is whose
        may be exchanged.
    """
    codes, factors = _checked(codes, factors)
    if codes.shape[1] != 2 or factors.shape[1] != 2:
        raise ValueError(
            f"codes of shape {codes.shape} and factors of shape {factors.shape}: expected (n, 2)."
        )
    angles = np.arange(0, 90, TURN)
    scores = [_own_axes(axis_r2(turned(codes, angle), factors)) for angle in angles]
    best = int(np.argmax(scores))
    return float(angles[best]), scores[0], scores[best]


def turned(codes, angle):
    """Codes on a plane, (n, 2), turned counterclockwise by so many degrees."""
    radians = np.deg2rad(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.asarray(codes) @ np.array([[cosine, sine], [-sine, cosine]])


def directions(codes, factors):
    """Where each factor grows on a plane: degrees from the first axis to the second, (factors,).

    That is the gradient of the linear map from codes, (n, 2), to factors, (n, factors).
    """
    codes, factors = _checked(codes, factors)
    slopes = LinearRegression().fit(codes, factors).coef_  # (factors, 2)
    return np.rad2deg(np.arctan2(slopes[:, 1], slopes[:, 0]))


def _own_axes(r2):
    return float(max(r2[0, 0] + r2[1, 1], r2[0, 1] + r2[1, 0]) / 2)


def mig(codes, factors):
    """Mutual information gap (Chen et al. 2018, arXiv 1802.04942, equation 6), 0 to 1.

        mean over factors of  [I(z_j; v) - I(z_j'; v)] / H(v),

    with j the axis that knows most of a factor and j' the next. Codes and factors are counted in 20
    bins of equal width.
    """
    codes, factors = (_binned(values) for values in _checked(codes, factors))
    gaps = []
    for factor in factors.T:
        known = sorted(_mutual_information(axis, factor) for axis in codes.T)
        gaps.append((known[-1] - known[-2]) / _mutual_information(factor, factor))
    return float(np.mean(gaps))


def sap(codes, factors):
    """Separated attribute predictability (Kumar et al. 2018, arXiv 1711.00848), 0 to 1.

    The mean over factors of the gap between the two axes that explain most of its variance.
    """
    r2 = np.sort(axis_r2(codes, factors), axis=0)
    return float((r2[-1] - r2[-2]).mean())


def dci(codes, factors, seed=0):
    """Disentanglement, completeness and informativeness (Eastwood and Williams 2018, ICLR).

    By the importances of axes in a random forest for each factor. An axis is disentangled if it is
    important for one factor only, a factor is complete if one axis is enough.

    Returns:
        dict of these three; informativeness as R^2 of the forests.
    """
    codes, factors = _checked(codes, factors)
    forests = [RandomForestRegressor(TREES, random_state=seed) for _ in factors.T]
    half = len(codes) // 2
    for forest, factor in zip(forests, factors.T, strict=True):
        forest.fit(codes[:half], factor[:half])
    importance = np.array([forest.feature_importances_ for forest in forests]).T  # (axes, factors)
    weights = importance.sum(axis=1) / importance.sum()
    scores = [f.score(codes[half:], v[half:]) for f, v in zip(forests, factors.T, strict=True)]
    return {
        "disentanglement": float(weights @ (1 - _entropy(importance))),
        "completeness": float(np.mean(1 - _entropy(importance.T))),
        "informativeness": float(np.mean(scores)),
    }


def _entropy(rows):  # of each row, as a share of the largest possible
    p = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-12)
    return -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1) / np.log(rows.shape[1])


def _binned(values):  # (n, d) -> (n, d), 0 to BINS - 1
    low, high = values.min(axis=0), values.max(axis=0)
    return np.minimum((BINS * (values - low) / np.maximum(high - low, 1e-12)).astype(int), BINS - 1)


def _mutual_information(x, y):
    joint = np.histogram2d(x, y, bins=[np.arange(BINS + 1)] * 2)[0] / len(x)
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / outer[there])).sum())


def _r2(model, codes, factors):
    codes, factors = _checked(codes, factors)
    half = len(codes) // 2
    residual = factors[half:] - model.fit(codes[:half], factors[:half]).predict(codes[half:])
    return 1 - (residual**2).mean(axis=0) / factors[half:].var(axis=0)


def _checked(codes, factors):
    codes, factors = (np.asarray(values, dtype="float64") for values in (codes, factors))
    wrong = codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors)
    if wrong or codes.shape[1] < 2 or len(codes) < 2 * NEIGHBOURS:
        raise ValueError(
            f"codes of shape {codes.shape} and factors of shape {factors.shape}: expected "
            f"(n, latent_dim), 2 or more wide, and (n, factors), n at least {2 * NEIGHBOURS}."
        )
    return codes, factors
