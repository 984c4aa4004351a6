"""Render small faces with two known factors of variation: valence and intensity.

The thought experiment behind the tutorial assumes that faces differ in only two ways, from
negative to positive and from calm to intense. This module renders such faces as bright strokes on
black, like the digits of MNIST, so that we can check which factors a network has found. Position,
size and stroke thickness vary slightly as well. They are nuisance factors without labels.

The brightness of a pixel depends on its distance to the nearest stroke. Only +, -, *, / and square
roots are used, because IEEE 754 defines how they are rounded. The same seed therefore gives the
same bytes on every machine.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vaelib.support.errors import check_integer

SIDE = 28

#: Three rows of valence and three columns of intensity; label = 3 * row + column.
CLASS_NAMES = (
    *("gloomy", "sad", "anguished"),  # negative: calm, medium, intense
    *("calm", "attentive", "astonished"),
    *("content", "happy", "ecstatic"),  # positive
)

#: Arguments of `render`, with the lowest and highest value of each.
LIMITS = {
    "valence": (-1, 1),
    "intensity": (0, 1),
    "x": (-2, 2),  # pixels to the right
    "y": (-2, 2),  # pixels down
    "size": (0.8, 1.1),
    "thickness": (0.5, 2),
}
#: Largest deviation of each nuisance factor in `sample` from the default of `render`. They are
#: small, so that valence and intensity explain most of the differences between images.
NUISANCE_RANGE = {"x": 0.4, "y": 0.3, "size": 0.02, "thickness": 0.12}

_CHUNK = 64  # faces rendered at once; they fit in a processor's cache, which halves the time
_STROKE = 1.6  # pixels
_OUTLINE = 0.55  # the outline is fainter than the expression it surrounds

# Points on a quarter of a circle from (0, 1) to (1, 0), computed without sine and cosine.
_STEPS = [step / 4 for step in range(5)]
_QUARTER = [(2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)) for t in _STEPS]


def render(
    valence: ArrayLike,
    intensity: ArrayLike,
    x: ArrayLike = 0,
    y: ArrayLike = 0,
    size: ArrayLike = 1,
    thickness: ArrayLike = 1,
) -> np.ndarray:
    """Render faces with given properties.

    Each argument is a number or an array of shape (n,), and they are broadcast against each other.

    Args:
        valence: From -1 (negative) to 1 (positive).
        intensity: From 0 (calm) to 1 (intense).
        x: Shift to the right in pixels, from -2 to 2.
        y: Shift down in pixels, from -2 to 2.
        size: Relative size of the face, from 0.8 to 1.1.
        thickness: Relative thickness of the strokes, from 0.5 to 2.

    Returns:
        Images, uint8, shape (n, 28, 28, 1); n is 1 if all arguments are numbers.

    Raises:
        ValueError: If a value is outside its limits, or if the shapes do not fit together.
        TypeError: If an argument is not numeric.

    >>> render(valence=[-1, 0, 1], intensity=0.8).shape
    (3, 28, 28, 1)
    """
    given = dict(zip(LIMITS, (valence, intensity, x, y, size, thickness), strict=True))
    columns = [_checked(name, values) for name, values in given.items()]
    try:
        columns = np.broadcast_arrays(*columns)
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(values)}" for name, values in given.items())
        raise ValueError(f"these shapes cannot be broadcast together: {shapes}") from None
    images = np.empty((len(columns[0]), SIDE, SIDE, 1), np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        images[chunk] = _render(*(column[chunk, None] for column in columns))
    return images


def sample(n: int, seed: int | Sequence[int] = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Render `n` random faces. The first m of them are equal to `sample(m, seed)`.

    Args:
        n: Number of faces, 1 or more.
        seed: Seed for `numpy.random.default_rng`.

    Returns:
        Images, uint8, shape (n, 28, 28, 1); labels, uint8, shape (n,), see `CLASS_NAMES`; and
        factors, float32, shape (n, 2). The factors are valence, uniformly distributed on [-1, 1],
        and intensity, uniformly distributed on [0, 1].

    Raises:
        ValueError: If n is below 1.
        TypeError: If n is not an integer.
    """
    n = check_integer("n", n, 1)
    # `default_rng` instead of `named_rng`, because published fingerprints depend on the bytes.
    uniform = np.random.default_rng(seed).random((n, len(LIMITS))).astype(np.float32).T
    valence, intensity, *rest = uniform
    valence = 2 * valence - 1
    stray = {
        name: np.float32(spread) * (2 * column - 1)
        for (name, spread), column in zip(NUISANCE_RANGE.items(), rest, strict=True)
    }
    stray["size"] += 1
    stray["thickness"] += 1
    factors = np.stack([valence, intensity], axis=1)
    return render(valence, intensity, **stray), classify(factors), factors


def classify(factors: ArrayLike) -> np.ndarray:
    """Return the class of each face, by dividing each factor into three equal bins.

    Args:
        factors: Valence and intensity, shape (n, 2).

    Returns:
        Labels, uint8, shape (n,), see `CLASS_NAMES`.

    Raises:
        ValueError: If the factors have another shape.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2 or factors.shape[1] != 2:
        raise ValueError(f"factors must have shape (n, 2), not {factors.shape}")
    valence, intensity = factors.T
    rows, columns = np.digitize(valence, [-1 / 3, 1 / 3]), np.digitize(intensity, [1 / 3, 2 / 3])
    return (3 * rows + columns).astype(np.uint8)


def _checked(name: str, values: ArrayLike) -> np.ndarray:
    """Check the values of an argument and return them as a float32 array of shape (n,)."""
    low, high = LIMITS[name]
    column = np.atleast_1d(values)
    if column.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, not {values!r}")
    if column.ndim > 1:
        raise ValueError(f"{name} must be a number or of shape (n,), not {column.shape}")
    outside = column[~((column >= low) & (column <= high))]
    if len(outside):
        raise ValueError(f"{name} must lie between {low} and {high}, but {outside[0]} does not")
    return column.astype(np.float32)


def _render(valence, intensity, x, y, size, thickness) -> np.ndarray:
    """Render a chunk of faces: float32 arrays (n, 1) in, uint8 images (n, 28, 28, 1) out."""
    row, column = np.divmod(np.arange(SIDE * SIDE, dtype=np.float32), SIDE)
    middle = (SIDE - 1) / 2
    # A face is symmetric, so only its right half is described, in units of its size.
    across = np.abs(column - middle - x) / size  # (n, 784)
    down = (row - middle - y) / size  # (n, 784)

    def ink(distance):
        # Edges are one pixel wide, so a pixel half covered by the stroke is half as bright.
        return np.clip(thickness * (_STROKE / 2) + 0.5 - distance * size, 0, 1)

    image = _OUTLINE * ink(_distance_to_ellipse(across, down, 0, 0, 11.4, 12.4))
    for kind, *shape in _expression(valence, intensity):
        image = np.maximum(image, ink(kind(across, down, *shape)))
    return np.rint(255 * image).astype(np.uint8).reshape(-1, SIDE, SIDE, 1)


def _expression(valence, intensity):
    """Yield mouth, eye and eyebrow, each as a distance function and the arguments of its shape.

    Coordinates are pixels to the right of and below the center of the face. Numbers may be arrays
    of shape (n, 1).
    """
    mood = valence * (0.35 + 0.65 * intensity)  # a calm face also shows its valence a little
    gloom, joy = np.maximum(-mood, 0), np.maximum(mood, 0)
    wonder = intensity * (1 - np.abs(valence))  # intense, but neither positive nor negative

    # The two lips meet at the corners. Mood bends both, intensity opens the mouth, and wonder
    # makes it round.
    bend = 4.4 * mood
    gape = intensity * intensity * (4.8 + 1.4 * wonder)
    width = 5.0 + 1.4 * np.abs(mood) - 2.0 * wonder
    height = 5.9 - 0.4 * mood + bend * 0.6
    for lip in (-gape / 2, gape / 2):
        curve = [(width * a, height - bend * (a * a) + lip * b) for a, b in _QUARTER]
        yield _distance_to_line, curve

    # The eye opens with intensity.
    radius, opening = 1.2 + 0.8 * intensity, 0.6 + 2.0 * intensity - 0.5 * np.abs(mood)
    yield _distance_to_ellipse, 4.5, -2.0, radius, opening

    # Gloom raises the inner end of the eyebrow, joy arches it, and intensity raises all of it.
    lift = -5.3 - 2.0 * intensity
    inner = (2.2, lift + 0.4 - 2.2 * gloom + 0.5 * joy)
    arch = (4.6, lift - 0.4 - 0.6 * gloom - 0.6 * joy)
    outer = (6.9, lift + 0.4 + 1.3 * gloom + 0.5 * joy)
    yield _distance_to_line, [inner, arch, outer]


def _distance_to_line(across, down, points):
    """Return the distance of each pixel to the polyline through `points`, (across, down)."""
    nearest = np.float32(np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        u, v = across - x0, down - y0
        along = np.clip((u * dx + v * dy) / (dx * dx + dy * dy), 0, 1)
        nearest = np.minimum(nearest, np.square(u - along * dx) + np.square(v - along * dy))
    return np.sqrt(nearest)


def _distance_to_ellipse(across, down, x, y, width, height):
    """Return the first-order distance |f| / |grad f| of each pixel to an ellipse's outline."""
    u, v = (across - x) / width, (down - y) / height
    radius = np.sqrt(u * u + v * v) + np.float32(1e-6)  # avoids division by 0 in the center
    slope = np.sqrt(np.square(u / width) + np.square(v / height)) / radius + np.float32(1e-6)
    return np.abs(radius - 1) / slope
