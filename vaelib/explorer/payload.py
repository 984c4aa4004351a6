"""What the explorer's page knows of models and data sets, as plain values for JSON."""

import base64
import io
import math

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from vaelib.backend import keras
from vaelib.explorer.posteriors import REACH
from vaelib.plotting.mosaics import mosaic
from vaelib.plotting.panels import CLASS_COLORS, name_places, plane_limit

PICTURED = 1_000  # test images that are shown where their codes are near
COLUMNS = 40  # of them in the one picture that holds them all
THUMBNAIL = 32  # pixels of their longer side, at most
NAMED = range(2, 21)  # classes: one needs no name, and more would be a heap of them
MOST_SINGLE = 200_000  # weights of an encoder that are kept in single precision
LEAST = 3.2  # half the width of a plane, where the codes do not need more


def of_space(run, title, dataset, key):
    """A latent space: its codes, the names of its classes, and its decoder, layer by layer.

    Args:
        run: a `Run` with two latent dimensions.
        title: what it is called.
        dataset: a `Dataset`, whose test images are encoded.
        key: under which the page finds `of_data` of it.
    """
    codes, labels = run.model.encode(dataset.test_images), dataset.test_labels
    limit, present = float(plane_limit(codes, least=LEAST)), np.unique(labels)
    return {
        "title": title,
        "data": key,
        "of": dataset.name,
        "limit": limit,
        "codes": _half(codes),
        "names": names_of(codes, dataset, limit),
        "line": [codes[np.argmax(labels == label)].tolist() for label in present[[0, -1]]],
        **_decoder(run.model.decoder),
    }


def names_of(codes, dataset, limit):
    """Where the names of classes go on a plane that reaches to `limit`, for codes (n, 2)."""
    if len(dataset.class_names) not in NAMED:
        return []
    return [
        {"label": int(label), "middle": middle.tolist(), "place": place.tolist()}
        for label, middle, place in zip(
            *name_places(codes, dataset.test_labels, limit), strict=True
        )
    ]


def of_data(dataset, pictured=PICTURED, exact=False):
    """Labels, names and colours of a data set, and the first test images in one picture.

    Args:
        dataset: a `Dataset`.
        pictured: how many test images, at most.
        exact: whether every pixel is kept, for an encoder to read; else small pictures will do.
    """
    names, images = dataset.class_names, dataset.test_images[:pictured]
    height, width, _ = dataset.image_shape
    smaller = 1.0 if exact else min(1.0, THUMBNAIL / max(height, width))
    high, wide = (max(1, round(smaller * side)) for side in (height, width))
    picture = Image.fromarray(mosaic(images, COLUMNS)).convert("RGB")
    rows = math.ceil(len(images) / COLUMNS)
    file = io.BytesIO()
    kept = dict(lossless=True) if exact else dict(quality=70)
    picture.resize((COLUMNS * wide, rows * high), Image.BOX).save(file, "WEBP", **kept)
    return {
        "classNames": list(names),
        "colors": [to_hex(CLASS_COLORS[i % len(CLASS_COLORS)]) for i in range(len(names))],
        "labels": _base64(dataset.test_labels.astype("<u2").tobytes()),
        "pictures": "data:image/webp;base64," + _base64(file.getvalue()),
        "pictured": len(images),
        "columns": COLUMNS,
        "size": [high, wide],
    }


def of_encoder(model):
    """An encoder, layer by layer as encoder.js reads it.

    In single precision, for half precision may move a code by half a thousandth; in half where it
    has so many weights that the page would become too large.
    """
    single = model.encoder.count_params() <= MOST_SINGLE
    layers = [layer for layer in model.encoder.layers if layer.weights]
    return {
        "layers": [_layer(layer, _single if single else _half) for layer in layers],
        "single": single,
        "sampled": model.objective.sampled,
    }


def of_posteriors(found):
    """`Posteriors` as the page reads them: for each image, runs of neighbouring cells.

    A weight is 255 at the highest place, and falls with the logarithm of the posterior.
    """
    image, cell = found.image, found.cell
    begins = np.flatnonzero((np.diff(image, prepend=-1) != 0) | (np.diff(cell, prepend=-2) != 1))
    lengths = np.diff(begins, append=len(cell))
    counts = np.bincount(image[begins], minlength=len(found.log_p))
    weights = np.round(255 * (1 - found.below / REACH))
    return {
        "side": found.side,
        "limit": found.limit,
        "counts": _base64(counts.astype("<u4").tobytes()),
        "starts": _base64(cell[begins].astype("<u4").tobytes()),
        "lengths": _base64(lengths.astype("<u4").tobytes()),
        "weights": _base64(weights.astype("u1").tobytes()),
        "likeliest": _base64(found.likeliest_cells().astype("<u4").tobytes()),
    }


def _decoder(decoder):
    """Its layers as decoder.js reads them, the shape of an image, and what is cut off at its top
    and at its left."""
    cropped = [layer.cropping for layer in decoder.layers if hasattr(layer, "cropping")]
    (top, _), (left, _) = cropped[0] if cropped else ((0, 0), (0, 0))
    return {
        "layers": [_layer(layer, _half) for layer in decoder.layers if layer.weights],
        "shape": list(decoder.output_shape[1:]),
        "cropped": [top, left],
    }


def _layer(layer, numbers):
    """A dense layer or a convolution, transposed or not; `numbers` writes an array."""
    kernel, bias = layer.get_weights()
    read = {"bias": numbers(bias), "relu": layer.activation.__name__ == "relu"}
    if kernel.ndim == 4:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            kernel = kernel.swapaxes(2, 3)  # filters last, as the inner loop goes over them
        size, _, channels, filters = kernel.shape
        high, wide = layer.input.shape[1:3]
        read |= {"size": size, "filters": filters, "channels": channels}
        read |= {"stride": layer.strides[0], "high": high, "wide": wide}
    return read | {"kernel": numbers(kernel)}


def _half(array):
    """Numbers in half precision: a thousandth of each, and less than a grey value of a picture."""
    return _base64(np.ascontiguousarray(array, "<f2").tobytes())


def _single(array):
    return _base64(np.ascontiguousarray(array, "<f4").tobytes())


def _base64(content):
    return base64.b64encode(content).decode()
