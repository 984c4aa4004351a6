"""Latent spaces side by side, decoded under the pointer: in a notebook, or as a page of its own.

The decoder runs in the browser, so that nothing is fetched and no kernel is needed.
"""

import base64
import html
import io
import json
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from vaelib import data
from vaelib.files import write_whole
from vaelib.plotting.panels import CLASS_COLORS, PRIOR_RADIUS, name_places, plane_limit
from vaelib.priors import STANDARD_NORMAL

HERE = Path(__file__).parent


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


SCRIPT = "\n".join(_text(f"{name}.js") for name in ("decoder", "plane", "explorer"))
WIDGET, STYLE = _text("widget.js"), _text("explorer.css")
PICTURED = 1_000  # test images that are shown where their codes are near
LEAST = 3.2  # half the width of a plane, where the codes do not need more
COLUMNS = 40  # of them in the one picture that holds them all
HELP = (
    "Move the pointer, or click a plane and use the arrow keys: the point is decoded at once. "
    "Drag, or press Enter at both ends, to draw a line; the strip shows what lies along it. The "
    "ring in the other plane is where the first of the nearest images lies there."
)


class Explorer:
    """Latent spaces to walk through; a notebook shows it where it is a cell's last expression.

    Attributes:
        payload: all that the page needs, as plain values.
    """

    def __init__(self, payload):
        self.payload = payload

    @property
    def title(self):
        """What is shown, in a line."""
        spaces = self.payload["spaces"]
        names = dict.fromkeys(space["data"].replace("_", " ") for space in spaces)
        titles = " and ".join(space["title"] for space in spaces)
        return f"Latent spaces of {' and '.join(names)}: {titles}"

    def page(self):
        """The explorer as one HTML page that needs nothing else, as a string."""
        # No < of a title may end the script, or begin a comment in it.
        content = json.dumps(self.payload, separators=(",", ":")).replace("<", "\\u003c")
        return PAGE.format(
            title=html.escape(self.title),
            style=STYLE,
            script=SCRIPT,
            payload=content,
        )

    def save(self, path):
        """Write `page` to a file."""
        write_whole(Path(path), self.page().encode())

    def live(self):
        """The explorer as a widget of a running notebook: its `points` follow, and lead.

        Returns:
            An `anywidget.AnyWidget` with `points`, a list of codes [z1, z2], one for each space.
        """
        import anywidget  # here, for only notebooks have it
        import traitlets

        class Live(anywidget.AnyWidget):
            _esm, _css = f"{SCRIPT}\n{WIDGET}", STYLE
            payload = traitlets.Dict().tag(sync=True)
            points = traitlets.List().tag(sync=True)

        return Live(payload=self.payload, points=[[0.0, 0.0] for _ in self.payload["spaces"]])

    def __repr__(self):
        titles = ", ".join(space["title"] for space in self.payload["spaces"])
        return f"Explorer of {titles}: a page to look at in a browser"

    def _repr_html_(self):
        # A frame keeps the notebook and the explorer apart, and works once it is exported.
        content = html.escape(self.page())
        return (
            f'<iframe srcdoc="{content}" title="{html.escape(self.title)}" '
            'style="width: 100%; height: 860px; border: 0"></iframe>'
        )


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; background: light-dark(#fff, #16181c); }}
h1 {{ position: absolute; width: 1px; height: 1px; overflow: hidden; }} /* to be heard only */
{style}
</style>
<body>
<main aria-labelledby="title"><h1 id="title">{title}</h1></main>
<script type="application/json" id="payload">{payload}</script>
<script type="module">
{script}
const fit = () => {{
  if (frameElement) frameElement.style.height = `${{document.body.scrollHeight}}px`;
}};
new ResizeObserver(fit).observe(document.body);
explore(document.querySelector("main"), JSON.parse(document.getElementById("payload").textContent));
</script>
"""


def compare(*runs, titles=None, dataset=None):
    """Walk through the latent spaces of trained runs, side by side.

    Args:
        *runs: each a `Run` with two latent dimensions; commonly two.
        titles: a name for each; by default what its objective is called.
        dataset: a `Dataset` whose test images are shown in all of them; by default each run's own.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: for no run, another number of titles, latent dimensions other than two, another
            network, or another prior.
    """
    if not runs:
        raise ValueError("no run was given: expected one or more, such as compare(vae, mmd_vae).")
    titles = _titles(runs) if titles is None else list(titles)
    if len(titles) != len(runs):
        raise ValueError(f"{len(titles)} titles for {len(runs)} runs: expected one for each.")
    for run in runs:
        if run.model.latent_dim != 2:
            raise ValueError(
                f"{run.recipe.slug} has {run.model.latent_dim} latent dimensions: the explorer "
                "shows planes, so it needs two."
            )
        recipe = run.recipe
        posts = recipe.network == "convolutional" and recipe.prior == STANDARD_NORMAL
        if not posts or recipe.pixels != "grey":
            raise ValueError(
                f"{recipe.slug} has a {recipe.network} network, the prior {recipe.prior} and "
                f"{recipe.pixels} pixels: the explorer shows convolutional models with a standard "
                "normal and grey pixels only."
            )
    names = {run.recipe.dataset for run in runs}
    datasets = {name: dataset or data.load(name) for name in names}
    spaces = [
        _space(run, title, datasets[run.recipe.dataset])
        for run, title in zip(runs, titles, strict=True)
    ]
    return Explorer(
        {
            "spaces": spaces,
            "data": {shown.name: _pictures(shown) for shown in datasets.values()},
            "priorRadius": float(PRIOR_RADIUS),
            "help": HELP if len(runs) > 1 else HELP.rpartition(" The ring")[0],
        }
    )


def _titles(runs):
    names = [str(run.recipe.objective) for run in runs]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name}, {run.recipe.epochs} epochs, seed {run.recipe.seed}"
        for name, run in zip(names, runs, strict=True)
    ]


def _space(run, title, dataset):
    codes, labels = run.model.encode(dataset.test_images), dataset.test_labels
    limit = float(plane_limit(codes, least=LEAST))
    present, middles, places = name_places(codes, labels, limit)
    names = [
        {"label": int(label), "middle": middle.tolist(), "place": place.tolist()}
        for label, middle, place in zip(present, middles, places, strict=True)
    ]
    return {
        "title": title,
        "data": dataset.name,
        "limit": limit,
        "codes": _half(codes),
        "names": names,
        "line": [codes[np.argmax(labels == label)].tolist() for label in present[[0, -1]]],
        "layers": [_layer(layer) for layer in run.model.decoder.layers if layer.weights],
    }


def _layer(layer):
    """A dense layer or a transposed convolution, as decoder.js reads it."""
    kernel, bias = layer.get_weights()
    read = {
        "kernel": _half(kernel),
        "bias": _half(bias),
        "relu": layer.activation.__name__ == "relu",
    }
    if kernel.ndim == 4:
        size, _, filters, channels = kernel.shape
        read |= {"size": size, "filters": filters, "channels": channels}
        read |= {"stride": layer.strides[0]}
    return read


def _pictures(dataset):
    """Labels, names and colours of a data set, and the first test images in one picture."""
    images = dataset.test_images[:PICTURED, :, :, 0]
    rows = -(-len(images) // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, 28, 28), np.uint8)
    tiles[: len(images)] = images
    mosaic = tiles.reshape(rows, COLUMNS, 28, 28).swapaxes(1, 2).reshape(rows * 28, -1)
    file = io.BytesIO()
    Image.fromarray(mosaic).save(file, "WEBP", quality=70)
    return {
        "classNames": list(dataset.class_names),
        "colors": [
            to_hex(CLASS_COLORS[i % len(CLASS_COLORS)]) for i in range(len(dataset.class_names))
        ],
        "labels": _base64(dataset.test_labels.tobytes()),
        "pictures": "data:image/webp;base64," + _base64(file.getvalue()),
        "pictured": len(images),
        "columns": COLUMNS,
    }


def _half(array):
    """Numbers in half precision: a thousandth of each, and less than a grey value of a picture."""
    return _base64(array.astype("<f2").tobytes())


def _base64(content):
    return base64.b64encode(content).decode()
