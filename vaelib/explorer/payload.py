"""Convert models, data sets and posteriors to values for JSON, which explorer pages contain."""

import base64
import io
import math
from collections.abc import Callable, Iterable

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from vaelib.data import Dataset
from vaelib.explorer.posterior_grid import REACH, PosteriorGrid
from vaelib.gans import GAN
from vaelib.measures.code_grid import most_probable_codes
from vaelib.models import VAE
from vaelib.plotting.panels import CLASS_COLORS, axis_limit, class_label_positions
from vaelib.plotting.prior_contours import PRIOR_RADIUS
from vaelib.plotting.tiling import tile_images
from vaelib.runs import Run
from vaelib.support.backend import keras
from vaelib.support.errors import RunError

MAX_IMAGES = 1_000  # maximum number of test images that a page can show
COLUMNS = 40  # images per row in the picture that contains all of them
THUMBNAIL = 32  # maximum length of their longer side in pixels
NAMED_CLASS_COUNTS = range(2, 21)  # numbers of classes whose names fit into the latent space
MOST_SINGLE = 200_000  # encoders with more weights are stored in half precision
MOST_CHARACTERS = 40  # of the name of a class or of a data set; a longer one would not fit
MOST_OF_TITLE = 80  # characters
MIN_LIMIT = 3.2  # axes span at least [-MIN_LIMIT, MIN_LIMIT]


def page_payload(
    spaces: list[dict],
    datasets: Iterable[Dataset],
    help_text: str,
    pictured: int = MAX_IMAGES,
    exact: bool = False,
    kind: str = "test images",
    **more: object,
) -> dict:
    """Combine what every page contains with what only one kind of page needs.

    Args:
        spaces: Latent spaces as from `space_payload`.
        datasets: The data sets of these latent spaces.
        help_text: The text at the end of the page.
        pictured: Maximum number of test images in the picture of a data set.
        exact: If True, keep every pixel, because an encoder reads the images. If False, reduce
            and compress them.
        kind: What the pictures show, in words.
        **more: Further values for JSON, by their names in the payload.
    """
    return {
        "spaces": spaces,
        "data": {_key(shown): _data(shown, pictured, exact) | {"kind": kind} for shown in datasets},
        "priorRadius": float(PRIOR_RADIUS),
        "help": help_text,
        **more,
    }


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """Cut a text that is too long for the page, and mark the cut with an ellipsis.

    >>> shortened("a rather long name", most=9)
    'a rather…'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def space_payload(run: Run, title: str, dataset: Dataset, codes: np.ndarray | None = None) -> dict:
    """Convert a latent space: codes, positions of class names, and the layers of the decoder.

    Args:
        run: A run with two latent dimensions.
        title: Name of the latent space on the page.
        dataset: Data set whose test images are encoded.
        codes: The codes of these images. Default: encode them, or, for a GAN, which has no encoder,
            find their most probable codes.

    Raises:
        RunError: If a code is too large for half precision, infinite, or NaN.
    """
    if codes is None and isinstance(run.model, GAN):
        codes = most_probable_codes(run.model, dataset.test_images)
    codes = run.model.encode(dataset.test_images) if codes is None else codes
    labels = dataset.test_labels
    if not (np.abs(codes) <= np.finfo("float16").max).all():  # NaN fails this comparison, too
        raise RunError(
            f"some codes of {run.recipe.slug} are not finite or beyond 65,504: train it again, "
            "with a lower learning rate."
        )
    limit, present = float(axis_limit(codes, least=MIN_LIMIT)), np.unique(labels)
    return {
        "title": shortened(title, MOST_OF_TITLE),
        "data": _key(dataset),
        "of": shortened(dataset.name),
        "limit": limit,
        "codes": _half(codes),
        "names": class_name_positions(codes, dataset, limit),
        "line": [codes[np.argmax(labels == label)].tolist() for label in present[[0, -1]]],
        **_decoder(run.model.decoder),
    }


def class_name_positions(codes: np.ndarray, dataset: Dataset, limit: float) -> list[dict]:
    """Compute where the names of classes go in a latent space that spans [-limit, limit].

    Args:
        codes: Codes of the test images, shape (n, 2).
        dataset: Data set with these test images.
        limit: Half the width of the latent space.

    Returns:
        For each class its label, the median of its codes and the position of its name. Empty if
        there are too few or too many classes.
    """
    if len(dataset.class_names) not in NAMED_CLASS_COUNTS:
        return []
    return [
        {"label": int(label), "middle": middle.tolist(), "place": place.tolist()}
        for label, middle, place in zip(
            *class_label_positions(codes, dataset.test_labels, limit), strict=True
        )
    ]


def encoder_payload(model: VAE) -> dict:
    """Convert the layers of an encoder for encoder.js.

    Weights are stored in single precision, because half precision can move a code by 0.0005. An
    encoder with more than `MOST_SINGLE` weights is stored in half precision, because the page
    would become too large.
    """
    single = model.encoder.count_params() <= MOST_SINGLE
    layers = [layer for layer in model.encoder.layers if layer.weights]
    return {
        "layers": [_layer(layer, _single if single else _half) for layer in layers],
        "single": single,
        "sampled": model.objective.sampled,
    }


def posterior_payload(found: PosteriorGrid) -> dict:
    """Convert true posteriors: for each image the runs of adjacent grid cells and their weights.

    The weight is 255 at the maximum of the posterior and decreases linearly with its logarithm.
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
        "likeliest": _base64(found.most_probable_cells().astype("<u4").tobytes()),
    }


def _key(dataset: Dataset) -> str:
    return dataset.fingerprint[:8]


def _data(dataset: Dataset, pictured: int, exact: bool) -> dict:
    """Convert a data set: labels, names and colors, and the first test images in one picture."""
    names, images = dataset.class_names, dataset.test_images[:pictured]
    height, width, _ = dataset.image_shape
    smaller = 1.0 if exact else min(1.0, THUMBNAIL / max(height, width))
    high, wide = (max(1, round(smaller * side)) for side in (height, width))
    picture = Image.fromarray(tile_images(images, COLUMNS)).convert("RGB")
    rows = math.ceil(len(images) / COLUMNS)
    file = io.BytesIO()
    kept = dict(lossless=True) if exact else dict(quality=70)
    picture.resize((COLUMNS * wide, rows * high), Image.BOX).save(file, "WEBP", **kept)
    return {
        "classNames": [shortened(name) for name in names],
        "fit": dataset.fit,
        "colors": [to_hex(CLASS_COLORS[i % len(CLASS_COLORS)]) for i in range(len(names))],
        "labels": _base64(dataset.test_labels.astype("<u2").tobytes()),
        "pictures": "data:image/webp;base64," + _base64(file.getvalue()),
        "pictured": len(images),
        "columns": COLUMNS,
        "size": [high, wide],
    }


def _decoder(decoder: keras.Model) -> dict:
    """Convert the layers of a decoder for decoder.js, with image shape and cropped pixels."""
    cropped = [layer.cropping for layer in decoder.layers if hasattr(layer, "cropping")]
    (top, _), (left, _) = cropped[0] if cropped else ((0, 0), (0, 0))
    return {
        "layers": [_layer(layer, _half) for layer in decoder.layers if layer.weights],
        "shape": list(decoder.output_shape[1:]),
        "cropped": [top, left],
    }


def _layer(layer: keras.layers.Layer, numbers: Callable[[np.ndarray], str]) -> dict:
    """Convert a dense, convolutional or transposed convolutional layer."""
    kernel, bias = layer.get_weights()
    read = {"bias": numbers(bias), "relu": layer.activation.__name__ == "relu"}
    if kernel.ndim == 4:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            kernel = kernel.swapaxes(2, 3)  # filters last, because the inner loop runs over them
        size, _, channels, filters = kernel.shape
        high, wide = layer.input.shape[1:3]
        read |= {"size": size, "filters": filters, "channels": channels}
        read |= {"stride": layer.strides[0], "high": high, "wide": wide}
    return read | {"kernel": numbers(kernel)}


def _half(array: np.ndarray) -> str:
    """Encode numbers in half precision, which changes images by less than one gray value."""
    return _base64(np.ascontiguousarray(array, "<f2").tobytes())


def _single(array: np.ndarray) -> str:
    return _base64(np.ascontiguousarray(array, "<f4").tobytes())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
