"""Draw colored pictures that take the place of the emoji where no emoji font can be found.

There are about as many pictures as emoji, in one folder per kind, and the faces are a part of
them. Each is 128 x 128 pixels on white. Size, position, rotation, and color are random. Unlike
`faces`, they are drawn by Pillow, so their bytes may differ between versions of Pillow.
"""

import colorsys
import io
import math
import zipfile
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from vaelib.support.rng import named_rng

SIDE, DETAIL = 128, 3  # pixels; pictures are drawn larger by this factor and then reduced
PER_SHAPE, PER_MOOD = 180, 20  # pictures
MOODS = {
    "smiling": 1.0,
    "content": 0.5,
    "neutral": 0.0,
    "worried": -0.5,
    "sad": -1.0,
    "angry": -0.8,
}
YELLOW, BROWN, VIOLET, INK = (255, 204, 50), (110, 70, 30), (150, 90, 200), (60, 45, 30)

#: A function that draws on a canvas, given a random generator.
Draw = Callable[[ImageDraw.ImageDraw, np.random.Generator], None]
Point = tuple[float, float]


def drawings(faces: bool = False, seed: int = 0) -> bytes:
    """Return a zip archive of drawn pictures in PNG format.

    Args:
        faces: If True, only the faces, in one folder per mood. If False, all pictures, in one
            folder per shape, of which "faces" is one.
        seed: Seed of all random properties.

    >>> import zipfile
    >>> len(zipfile.ZipFile(io.BytesIO(drawings(faces=True))).namelist())
    120
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for mood, (name, valence) in enumerate(MOODS.items()):
            folder = f"face-{name}" if faces else "faces"
            _add(archive, folder, name, PER_MOOD, [seed, 0, mood], _face(name, valence))
        for number, (name, draw) in enumerate(() if faces else SHAPES.items()):
            _add(archive, name, name, PER_SHAPE, [seed, 1, number], draw)
    return packed.getvalue()


def _add(
    archive: zipfile.ZipFile, folder: str, name: str, count: int, seed: list[int], draw: Draw
) -> None:
    random = named_rng(seed, "drawn pictures")
    for number in range(count):
        large = Image.new("RGB", (SIDE * DETAIL, SIDE * DETAIL), "white")
        draw(ImageDraw.Draw(large), random)
        file = io.BytesIO()
        large.resize((SIDE, SIDE), Image.Resampling.BOX).save(file, "PNG")
        entry = zipfile.ZipInfo(f"{folder}/{name}-{number:03}.png")  # has a fixed date
        archive.writestr(entry, file.getvalue())


def _color(random: np.random.Generator) -> tuple[int, ...]:
    """Return a random color of medium brightness as (red, green, blue) in 0 to 255."""
    parts = random.random(), random.uniform(0.5, 1), random.uniform(0.5, 1)
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(*parts))


def _placed(points: list[Point], random: np.random.Generator, turn: float = 0.3) -> list[Point]:
    """Scale, rotate, and shift points given in units of half the picture, and return pixels."""
    angle, size = random.uniform(-turn, turn), random.uniform(0.55, 0.85)
    shift = random.uniform(-0.1, 0.1, 2)
    cosine, sine = math.cos(angle), math.sin(angle)
    half = SIDE * DETAIL / 2
    return [
        (
            float(half * (1 + shift[0] + size * (cosine * x - sine * y))),
            float(half * (1 + shift[1] + size * (sine * x + cosine * y))),
        )
        for x, y in points
    ]


def _around(count: int, radius: Callable[[int], float] = lambda corner: 1.0) -> list[Point]:
    """Return corners around the center, the first one above it."""
    angles = [2 * math.pi * corner / count - math.pi / 2 for corner in range(count)]
    return [(radius(i) * math.cos(a), radius(i) * math.sin(a)) for i, a in enumerate(angles)]


def _filled(points: list[Point], turn: float = 0.3) -> Draw:
    def draw(canvas: ImageDraw.ImageDraw, random: np.random.Generator) -> None:
        canvas.polygon(_placed(points, random, turn), fill=_color(random))

    return draw


def _flag(canvas: ImageDraw.ImageDraw, random: np.random.Generator) -> None:
    """Draw three stripes in three colors, upright or across."""
    upright, shift, rise = random.random() < 0.5, 0.08 * random.random(), 0.55
    for stripe in range(3):
        low, high = -1 + 2 * stripe / 3, -1 + 2 * (stripe + 1) / 3
        box = (low, -rise, high, rise) if upright else (-1, low * rise, 1, high * rise)
        half = SIDE * DETAIL / 2
        canvas.rectangle([half * (1 + 0.9 * x + shift) for x in box], fill=_color(random))


def _heart() -> list[Point]:
    angles = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    across = np.sin(angles) ** 3
    down = sum(w * np.cos(k * angles) for k, w in {1: -13, 2: 5, 3: 2, 4: 1}.items()) / 16
    return list(zip(across.tolist(), down.tolist(), strict=True))


def _ring(canvas: ImageDraw.ImageDraw, random: np.random.Generator) -> None:
    """Draw a disc with a smaller one of another color in it, such as a target or a button."""
    (x, y), (edge, _) = _placed([(0, 0), (1, 0)], random, turn=0)
    for part in (1, random.uniform(0.3, 0.7)):
        r = part * (edge - x)
        canvas.ellipse([x - r, y - r, x + r, y + r], fill=_color(random))


def _face(name: str, valence: float) -> Draw:
    """Return a function that draws a face: its mouth is bent up if `valence` is positive."""

    def draw(canvas: ImageDraw.ImageDraw, random: np.random.Generator) -> None:
        half = SIDE * DETAIL / 2
        size, mouth = random.uniform(0.8, 0.95), valence + random.uniform(-0.15, 0.15)
        look, gap = random.uniform(-0.08, 0.08), random.uniform(0.28, 0.38)

        def box(x: float, y: float, width: float, height: float) -> list[float]:
            corners = (x - width, y - height, x + width, y + height)
            return [half * (1 + size * corner) for corner in corners]

        def line(points: list[Point], width: float) -> None:
            pixels = [(half * (1 + size * x), half * (1 + size * y)) for x, y in points]
            canvas.line(pixels, fill=INK, width=round(half * width), joint="curve")

        skin = VIOLET if name == "angry" else YELLOW
        if name == "angry":  # with horns
            for side in (-1, 1):
                horn = [(side * 0.45, -0.75), (side * 0.95, -1.0), (side * 0.8, -0.45)]
                canvas.polygon(
                    [(half * (1 + size * x), half * (1 + size * y)) for x, y in horn], skin
                )
        canvas.ellipse(box(0, 0, 0.98, 0.98), fill=skin)
        for side in (-1, 1):
            height = random.uniform(0.12, 0.2)
            canvas.ellipse(box(side * gap + look, -0.2, 0.1, height), fill=INK)
            if valence < 0:  # brows that fall to the inside of an angry face, else to the outside
                tilt = -0.12 if name == "angry" else 0.12
                inner, outer = -0.5 - tilt, -0.5 + tilt
                line([(side * 0.15 + look, inner), (side * 0.55 + look, outer)], 0.06)
        across = np.linspace(-0.5, 0.5, 21)
        curve = [(float(x) + look, 0.42 + 0.25 * mouth * (1 - 8 * float(x) ** 2)) for x in across]
        line(curve, 0.08)
        if name == "smiling":  # an open mouth
            canvas.chord(box(look, 0.3, 0.5, 0.45), 0, 180, fill=BROWN)

    return draw


#: A function that draws a picture, by the name of its folder.
SHAPES: dict[str, Draw] = {
    "crosses": _filled(
        [
            *((-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)),
            *((0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3)),
        ]
    ),
    "flags": _flag,
    "hearts": _filled(_heart()),
    "rings": _ring,
    "squares": _filled([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]),
    "stars": _filled(_around(10, lambda corner: 0.45 if corner % 2 else 1.0)),
    "triangles": _filled(_around(3)),
}
