"""What is to be seen on a canvas of a page, as arrays."""

import numpy as np

# Read from a copy, for reading the canvas itself makes the browser grumble in its console.
READ = """(canvas, [left, top, wide, high, what]) => {
  const copy = new OffscreenCanvas(wide, high).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, -left, -top);
  const { data } = copy.getImageData(0, 0, wide, high);
  return what === "count" ? new Set(new Uint32Array(data.buffer)).size : Array.from(data);
}"""


def pixels(canvas, left, top, wide, high):
    """The colors of a part of a canvas, (high, wide, 4)."""
    values = canvas.evaluate(READ, [left, top, wide, high, "values"])
    return np.array(values).reshape(high, wide, 4)


def picture(canvas):
    """The gray values of a canvas of 28 x 28 pixels."""
    return pixels(canvas, 0, 0, 28, 28)[:, :, 0]
