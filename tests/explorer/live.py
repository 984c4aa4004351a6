"""A page that does with a widget what a notebook does."""

import json

from vaelib.explorer import payload

# `python` moves the points as Python does; `told` is what Python was told.
NOTEBOOK = """<!doctype html><html lang="en"><title>Notebook</title><style>%s</style>
<body><main></main><script type="application/json">%s</script>
<script type="module">
const values = JSON.parse(document.querySelector("script").textContent);
const listeners = [];
window.told = [];
window.python = (points) => { values.points = points; listeners.forEach((act) => act()); };
const model = {
  get: (name) => values[name],
  set: (name, value) => (values[name] = value),
  save_changes: () => told.push(values.points),
  on: (name, act) => name === "change:points" && listeners.push(act),
};
const { default: widget } = await import("data:text/javascript;base64,%s");
await widget.render({ model, el: document.querySelector("main") });
window.ready = true;
</script>"""


def page_of_widget(widget, points, path):
    """Write a page with a widget, whose points are Python's, to a file."""
    content = json.dumps({"payload": widget.payload, "points": points}).replace("<", "\\u003c")
    module = payload._base64(widget._esm.encode())
    path.write_text(NOTEBOOK % (widget._css, content, module))
