"""Latent spaces side by side, decoded under the pointer: in a notebook, or as a page of its own.

The decoder runs in the browser, so that nothing is fetched and no kernel is needed.
"""

import html
import json
from pathlib import Path

from vaelib.explorer import payload
from vaelib.files import write_whole
from vaelib.plotting.panels import PRIOR_RADIUS
from vaelib.priors import STANDARD_NORMAL

HERE = Path(__file__).parent


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


SCRIPT = "\n".join(_text(f"{name}.js") for name in ("decoder", "plane", "explorer"))
WIDGET, STYLE = _text("widget.js"), _text("explorer.css")
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
        names = dict.fromkeys(space["of"].replace("_", " ") for space in spaces)
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
        dataset: a `Dataset` whose test images are shown in all of them; by default each run's own,
            which has to be passed on where it came from a folder and the run from a file.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: for no run, another number of titles, latent dimensions other than two, another
            network, or another prior.
        RunError: for runs on images of your own that are not at hand.
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
    loaded = {run.recipe.dataset: dataset or run.recipe.load() for run in runs}
    keys = {name: shown.fingerprint[:8] for name, shown in loaded.items()}
    spaces = [
        payload.of_space(run, title, loaded[run.recipe.dataset], keys[run.recipe.dataset])
        for run, title in zip(runs, titles, strict=True)
    ]
    return Explorer(
        {
            "spaces": spaces,
            "data": {keys[name]: payload.of_data(shown) for name, shown in loaded.items()},
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
