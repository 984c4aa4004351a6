"""Build the HTML page, the notebook output and the widget of an explorer."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vaelib.support.files import write_atomically

if TYPE_CHECKING:
    import anywidget  # an optional dependency

STATIC = Path(__file__).parent / "static"
MOST_OF_TITLE = 300  # characters, because titles can come from files
BASE_SCRIPTS = ("decoder", "spaces", "plane")  # of every page


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


class Explorer:
    """An interactive page, which a notebook displays if it is the last expression of a cell.

    Args:
        payload: The data of the page as values for JSON, as from `payload.page_payload`.
        title: Title of the page.
        scripts: Names of the JavaScript files in static/ that the page needs in addition to
            `BASE_SCRIPTS`, in this order, without the ending. Style sheets with the same names
            are added, and explorer.css always.
        start: Name of a JavaScript function `start(element, payload, onMove)` in these files. It
            fills an element of the page and returns (a promise of) a list of objects with a
            movable point, each with `point()` and `moveTo(point)`. It calls `onMove(points)` when
            a point has moved.
        points: Number of movable points.
    """

    def __init__(
        self, payload: dict, title: str, scripts: Sequence[str], start: str, points: int = 1
    ) -> None:
        self.payload, self.start, self.points = payload, start, points
        self.title = title if len(title) <= MOST_OF_TITLE else f"{title[: MOST_OF_TITLE - 1]}…"
        self.script = "\n".join(_text(f"{name}.js") for name in (*BASE_SCRIPTS, *scripts))
        sheets = [f"{name}.css" for name in dict.fromkeys(("explorer", *scripts))]
        self.style = "".join(_text(sheet) for sheet in sheets if (STATIC / sheet).exists())

    def page(self) -> str:
        """Return the text of a self-contained HTML page.

        Raises:
            ValueError: If a number in the payload is infinite or NaN, which browsers cannot read.
        """
        # Escape <, because a title that contains </script> or <!-- would break the page.
        content = json.dumps(self.payload, separators=(",", ":"), allow_nan=False)
        content = content.replace("<", "\\u003c")
        return PAGE.format(
            title=html.escape(self.title),
            style=self.style,
            script=self.script,
            start=self.start,
            payload=content,
        )

    def save(self, path: str | Path) -> None:
        """Write the self-contained HTML page to a file."""
        write_atomically(Path(path), self.page().encode())

    def live(self) -> anywidget.AnyWidget:
        """Return a notebook widget whose points can be read and set from Python.

        Returns:
            A widget with a trait `points`, a list of codes [z1, z2]. It changes when a point is
            moved on the page, and setting it moves the points on the page.
        """
        import anywidget  # imported here, because it is installed for notebooks only
        import traitlets

        class Live(anywidget.AnyWidget):
            _esm = f"{self.script}\nconst start = {self.start};\n{_text('widget.js')}"
            _css = self.style
            payload = traitlets.Dict().tag(sync=True)
            points = traitlets.List().tag(sync=True)

        return Live(payload=self.payload, points=[[0.0, 0.0]] * self.points)

    def __repr__(self) -> str:
        return f"Explorer, {self.title}: a page to look at in a browser"

    def _repr_html_(self) -> str:
        # A frame separates styles and scripts of page and notebook, and survives an export.
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
h1 {{ position: absolute; width: 1px; height: 1px; overflow: hidden; }} /* for screen readers */
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
