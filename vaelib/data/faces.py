"""Small rendered faces whose two causes are known: valence and intensity.

The thought experiment behind the tutorial supposes that faces differ in two ways only, from
negative to positive and from calm to intense. Here such faces are rendered, bright strokes on black
like the digits of MNIST, so that every question about what a network found has a known answer.
Position, size and stroke thickness vary a little too: causes that no label mentions.

A face is made of strokes, and the brightness of a pixel depends on its distance to the nearest.
Only +, -, *, / and square roots are used, which IEEE 754 rounds in one way, so that a seed gives
the same bytes on every machine.
"""

import itertools

import numpy as np

from vaelib.errors import check_integer

SIDE = 28

#: Three rows of valence, three columns of intensity: label = 3 * row + column.
CLASS_NAMES = (
    *("gloomy", "sad", "anguished"),  # negative: calm, medium, intense
    *("calm", "attentive", "astonished"),
    *("content", "happy", "ecstatic"),  # positive
)

#: What a face is made from, and the lowest and highest value of each.
LIMITS = {
    "valence": (-1, 1),
    "intensity": (0, 1),
    "x": (-2, 2),  # pixels to the right
    "y": (-2, 2),  # pixels down
    "size": (0.8, 1.1),
    "thickness": (0.5, 2),
}
#: How far `sample` lets the nuisances stray to either side of `render`'s defaults: so little that
#: valence and intensity remain what moves most of a picture's pixels.
SPREAD = {"x": 0.4, "y": 0.3, "size": 0.02, "thickness": 0.12}

_CHUNK = 64  # faces rendered at once: few enough for a processor's cache, which halves the time
_STROKE = 1.6  # pixels
_OUTLINE = 0.55  # the outline is fainter than the expression it surrounds

# A quarter of a circle from its top (0, 1) to its end (1, 0), without sine and cosine.
_STEPS = [step / 4 for step in range(5)]
_QUARTER = [(2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)) for t in _STEPS]


def render(valence, intensity, x=0, y=0, size=1, thickness=1):
    """Render faces: numbers or arrays of shape (n,) in, uint8 images of shape (n, 28, 28, 1) out.

    The arguments are broadcast against each other and must lie within `LIMITS`; numbers alone
    give one face. `x` and `y` move it right and down by so many pixels.

    >>> render(valence=[-1, 0, 1], intensity=0.8).shape
    (3, 28, 28, 1)

    Raises ValueError for values outside their limits and for shapes that do not fit together,
    TypeError for what is not a number.
    """
    given = dict(zip(LIMITS, (valence, intensity, x, y, size, thickness), strict=True))
    columns = [_checked(name, values) for name, values in given.items()]
    try:
        columns = np.broadcast_arrays(*columns)
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(values)}" for name, values in given.items())
        raise ValueError(f"the shapes of these do not fit together: {shapes}") from None
    images = np.empty((len(columns[0]), SIDE, SIDE, 1), np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        images[chunk] = _render(*(column[chunk, None] for column in columns))
    return images


def sample(n, seed=0):
    """Render `n` random faces; the first m of them are what `sample(m, seed)` renders.

    Returns images, uint8 (n, 28, 28, 1); labels, uint8 (n,), see `CLASS_NAMES`; and factors,
    float32 (n, 2): valence, uniform on [-1, 1], and intensity, uniform on [0, 1]. `seed` is
    whatever `numpy.random.default_rng` takes.

    Raises ValueError unless n is positive, TypeError unless it is an integer.
    """
    n = check_integer("n", n, 1)
    # No named stream, for what it makes is known by its bytes.
    uniform = np.random.default_rng(seed).random((n, len(LIMITS))).astype(np.float32).T
    valence, intensity, *rest = uniform
    valence = 2 * valence - 1
    stray = {
        name: np.float32(spread) * (2 * column - 1)
        for (name, spread), column in zip(SPREAD.items(), rest, strict=True)
    }
    stray["size"] += 1
    stray["thickness"] += 1
    factors = np.stack([valence, intensity], axis=1)
    return render(valence, intensity, **stray), classify(factors), factors


def classify(factors):
    """The class of each face, uint8 (n,), by its factors (n, 2): three equal bins of each.

    Raises ValueError for factors of another shape.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2 or factors.shape[1] != 2:
        raise ValueError(f"factors must have shape (n, 2), not {factors.shape}")
    valence, intensity = factors.T
    rows, columns = np.digitize(valence, [-1 / 3, 1 / 3]), np.digitize(intensity, [1 / 3, 2 / 3])
    return (3 * rows + columns).astype(np.uint8)


def _checked(name, values):
    """`values` as a float32 array of shape (n,)."""
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


def _render(valence, intensity, x, y, size, thickness):
    """A chunk of faces: each argument float32 (n, 1), the images uint8 (n, 28, 28, 1)."""
    row, column = np.divmod(np.arange(SIDE * SIDE, dtype=np.float32), SIDE)
    middle = (SIDE - 1) / 2
    # A face is symmetric, so only its right half is described, in units of its size.
    across = np.abs(column - middle - x) / size  # (n, 784)
    down = (row - middle - y) / size  # (n, 784)

    def ink(distance):
        # Edges one pixel wide: a pixel half covered by the stroke is half as bright.
        return np.clip(thickness * (_STROKE / 2) + 0.5 - distance * size, 0, 1)

    image = _OUTLINE * ink(_distance_to_ellipse(across, down, 0, 0, 11.4, 12.4))
    for kind, *shape in _expression(valence, intensity):
        image = np.maximum(image, ink(kind(across, down, *shape)))
    return np.rint(255 * image).astype(np.uint8).reshape(-1, SIDE, SIDE, 1)


def _expression(valence, intensity):
    """Mouth, eye and eyebrow: for each the function that measures distances to it, and its shape.

    Pixels to the right of and below the middle of the face; every number may be (n, 1).
    """
    mood = valence * (0.35 + 0.65 * intensity)  # even a calm face betrays its valence a little
    gloom, joy = np.maximum(-mood, 0), np.maximum(mood, 0)
    wonder = intensity * (1 - np.abs(valence))  # strong, yet neither glad nor sad

    # Two lips that meet in the corners: bent together by mood, parted by intensity. Wonder
    # rounds the mouth to an O.
    bend = 4.4 * mood
    gape = intensity * intensity * (4.8 + 1.4 * wonder)
    width = 5.0 + 1.4 * np.abs(mood) - 2.0 * wonder
    height = 5.9 - 0.4 * mood + bend * 0.6
    for lip in (-gape / 2, gape / 2):
        curve = [(width * a, height - bend * (a * a) + lip * b) for a, b in _QUARTER]
        yield _distance_to_line, curve

    # A calm eye is narrow, an intense one wide open.
    radius, opening = 1.2 + 0.8 * intensity, 0.6 + 2.0 * intensity - 0.5 * np.abs(mood)
    yield _distance_to_ellipse, 4.5, -2.0, radius, opening

    # Gloom pulls up the inner end of the brow, joy arches it, intensity lifts it.
    lift = -5.3 - 2.0 * intensity
    inner = (2.2, lift + 0.4 - 2.2 * gloom + 0.5 * joy)
    arch = (4.6, lift - 0.4 - 0.6 * gloom - 0.6 * joy)
    outer = (6.9, lift + 0.4 + 1.3 * gloom + 0.5 * joy)
    yield _distance_to_line, [inner, arch, outer]


def _distance_to_line(across, down, points):
    """Distance of each pixel to the broken line through `points`, pairs of (across, down)."""
    nearest = np.float32(np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        u, v = across - x0, down - y0
        along = np.clip((u * dx + v * dy) / (dx * dx + dy * dy), 0, 1)
        nearest = np.minimum(nearest, np.square(u - along * dx) + np.square(v - along * dy))
    return np.sqrt(nearest)


def _distance_to_ellipse(across, down, x, y, width, height):
    """Distance of each pixel to an ellipse's outline, to first order: |f| / |grad f|."""
    u, v = (across - x) / width, (down - y) / height
    radius = np.sqrt(u * u + v * v) + np.float32(1e-6)  # never 0, not even in the centre
    slope = np.sqrt(np.square(u / width) + np.square(v / height)) / radius + np.float32(1e-6)
    return np.abs(radius - 1) / slope
