// As a widget of a notebook, the points of a page are kept in step with Python's. `start` fills it.

async function render({ model, el }) {
  let waiting = null;
  let placed = false; // from then on the reader's moves count, until then Python's do
  const panels = await start(el, model.get("payload"), (points) => {
    clearTimeout(waiting);
    if (!placed) return;
    waiting = setTimeout(() => {
      model.set("points", points);
      model.save_changes();
    }, 100);
  });
  const follow = () =>
    model.get("points").forEach((point, i) => {
      if (String(point) !== String(panels[i].point())) panels[i].moveTo(point);
    });
  model.on("change:points", follow);
  follow();
  placed = true;
}

export default { render };
