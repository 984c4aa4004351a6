"""What the explorer's page knows of models and data sets, as plain values for JSON."""

import base64
import io
import math

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from vaelib.plotting.mosaics import mosaic
from vaelib.plotting.panels import CLASS_COLORS, name_places, plane_limit

PICTURED = 1_000  # test images that are shown where their codes are near
COLUMNS = 40  # of them in the one picture that holds them all
THUMBNAIL = 32  # pixels of their longer side, at most
NAMED = range(2, 21)  # classes: one needs no name, and more would be a heap of them
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
    limit = float(plane_limit(codes, least=LEAST))
    present, middles, places = name_places(codes, labels, limit)
    names = [
        {"label": int(label), "middle": middle.tolist(), "place": place.tolist()}
        for label, middle, place in zip(present, middles, places, strict=True)
        if len(dataset.class_names) in NAMED
    ]
    return {
        "title": title,
        "data": key,
        "of": dataset.name,
        "limit": limit,
        "codes": _half(codes),
        "names": names,
        "line": [codes[np.argmax(labels == label)].tolist() for label in present[[0, -1]]],
        **_decoder(run.model.decoder),
    }


def of_data(dataset):
    """Labels, names and colours of a data set, and the first test images in one picture."""
    names, images = dataset.class_names, dataset.test_images[:PICTURED]
    height, width, _ = dataset.image_shape
    smaller = min(1.0, THUMBNAIL / max(height, width))
    high, wide = (max(1, round(smaller * side)) for side in (height, width))
    picture = Image.fromarray(mosaic(images, COLUMNS)).convert("RGB")
    rows = math.ceil(len(images) / COLUMNS)
    file = io.BytesIO()
    picture.resize((COLUMNS * wide, rows * high), Image.BOX).save(file, "WEBP", quality=70)
    return {
        "classNames": list(names),
        "colors": [to_hex(CLASS_COLORS[i % len(CLASS_COLORS)]) for i in range(len(names))],
        "labels": _base64(dataset.test_labels.astype("<u2").tobytes()),
        "pictures": "data:image/webp;base64," + _base64(file.getvalue()),
        "pictured": len(images),
        "columns": COLUMNS,
        "size": [high, wide],
    }


def _decoder(decoder):
    """Its layers as decoder.js reads them, the shape of an image, and what is cut off at its top
    and at its left."""
    cropped = [layer.cropping for layer in decoder.layers if hasattr(layer, "cropping")]
    (top, _), (left, _) = cropped[0] if cropped else ((0, 0), (0, 0))
    return {
        "layers": [_layer(layer) for layer in decoder.layers if layer.weights],
        "shape": list(decoder.output_shape[1:]),
        "cropped": [top, left],
    }


def _layer(layer):
    """A dense layer or a transposed convolution."""
    kernel, bias = layer.get_weights()
    read = {"bias": _half(bias), "relu": layer.activation.__name__ == "relu"}
    if kernel.ndim == 4:
        size, _, filters, channels = kernel.shape
        kernel = kernel.swapaxes(2, 3)  # filters last, as the inner loop goes over them
        high, wide = layer.input.shape[1:3]
        read |= {"size": size, "filters": filters, "channels": channels}
        read |= {"stride": layer.strides[0], "high": high, "wide": wide}
    return read | {"kernel": _half(kernel)}


def _half(array):
    """Numbers in half precision: a thousandth of each, and less than a grey value of a picture."""
    return _base64(np.ascontiguousarray(array, "<f2").tobytes())


def _base64(content):
    return base64.b64encode(content).decode()
