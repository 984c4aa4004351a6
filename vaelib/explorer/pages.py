"""What all pages of the explorer share: one HTML file, a frame in a notebook, a widget."""

import html
import json
from pathlib import Path

from vaelib.files import write_whole

HERE = Path(__file__).parent


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


class Explorer:
    """A page to look at in a browser; a notebook shows it where it is a cell's last expression.

    Args:
        payload: all that the page needs, as plain values for JSON; most have "spaces", a list of
            latent spaces as from `payload.of_space`.
        title: what is shown, in a line; by default the spaces by their titles.
        scripts: names of the JavaScript files beside this one that the page is made of, in their
            order. A style sheet of the same name comes along; explorer.css always does.
        start: the name of a function in them, `start(element, payload, onMove)`. It fills an
            element of the page, and gives or promises a list of what has a point to be moved, each
            with `point()` and `moveTo(point)`. It calls `onMove(points)` when one was moved.
        points: how many of these there are; by default one for each space.
    """

    def __init__(
        self,
        payload,
        title=None,
        scripts=("decoder", "spaces", "plane", "explorer"),
        start="explore",
        points=None,
    ):
        self.payload, self.start = payload, start
        self.title = _title(payload["spaces"]) if title is None else title
        self.points = len(payload.get("spaces", ())) if points is None else points
        self.script = "\n".join(_text(f"{name}.js") for name in scripts)
        sheets = [f"{name}.css" for name in dict.fromkeys(("explorer", *scripts))]
        self.style = "".join(_text(sheet) for sheet in sheets if (HERE / sheet).exists())

    def page(self):
        """The explorer as one HTML page that needs nothing else, as a string."""
        # No < of a title may end the script, or begin a comment in it.
        content = json.dumps(self.payload, separators=(",", ":")).replace("<", "\\u003c")
        return PAGE.format(
            title=html.escape(self.title),
            style=self.style,
            script=self.script,
            start=self.start,
            payload=content,
        )

    def save(self, path):
        """Write `page` to a file."""
        write_whole(Path(path), self.page().encode())

    def live(self):
        """The explorer as a widget of a running notebook: its `points` follow, and lead.

        Returns:
            An `anywidget.AnyWidget` with `points`, a list of codes [z1, z2].
        """
        import anywidget  # here, for only notebooks have it
        import traitlets

        class Live(anywidget.AnyWidget):
            _esm = f"{self.script}\nconst start = {self.start};\n{_text('widget.js')}"
            _css = self.style
            payload = traitlets.Dict().tag(sync=True)
            points = traitlets.List().tag(sync=True)

        return Live(payload=self.payload, points=[[0.0, 0.0]] * self.points)

    def __repr__(self):
        return f"Explorer, {self.title}: a page to look at in a browser"

    def _repr_html_(self):
        # A frame keeps the notebook and the explorer apart, and works once it is exported.
        content = html.escape(self.page())
        return (
            f'<iframe srcdoc="{content}" title="{html.escape(self.title)}" '
            'style="width: 100%; height: 860px; border: 0"></iframe>'
        )


def _title(spaces):
    names = dict.fromkeys(space["of"].replace("_", " ") for space in spaces)
    titles = " and ".join(space["title"] for space in spaces)
    return f"Latent spaces of {' and '.join(names)}: {titles}"


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
{start}(document.querySelector("main"), JSON.parse(document.getElementById("payload").textContent));
</script>
"""
