// A notebook widget that keeps the points of a page and of Python in sync. `start` fills the page.

async function render({ model, el }) {
  let waiting = null;
  let placed = false; // false until the points of Python have been applied
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
