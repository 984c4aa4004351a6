// Latent spaces side by side. The code under the pointer, or at the arrow keys' point, is decoded.

const STEPS = 9; // number of images along a line

function makePanel(parent, space, data, onMove) {
  const decode = makeDecoder(space);
  const [height, width] = space.shape;
  const label =
    `${planeInWords(space, data)}. Arrow keys move the point that is decoded, with Shift in ` +
    "smaller steps. Enter starts a line at the point, and Enter again ends it. Escape removes the " +
    "line.";
  const { panel, canvas } = makePlanePanel(parent, space.title, label);
  const here = make("div", "here", panel);
  const large = make("canvas", "decoded", here, { width, height });
  large.setAttribute("role", "img");
  const beside = make("div", "", here);
  beside.setAttribute("aria-live", "polite");
  const said = make("p", "said", beside);
  const showNearest = makeNeighbors(beside, data);
  const strip = make("div", "strip", panel);
  strip.setAttribute("role", "img");
  strip.setAttribute("aria-label", "Images decoded along the line, from its start to its end");
  const steps = Array.from({ length: STEPS }, () => make("canvas", "", strip, { width, height }));

  const plane = makePlane(canvas, space, data, decode);
  const marks = { point: [0, 0], line: space.line, ring: null };
  let drawing = false; // true while the end of the line follows the point

  function moveTo(point) {
    marks.point = point.map((z) => Math.min(Math.max(z, -space.limit), space.limit));
    const start = performance.now();
    paint(large, decode(marks.point), space.shape);
    const took = performance.now() - start;
    const found = showNearest(marks.point, space.codes);
    const names = found.map((i) => data.classNames[data.labels[i]]);
    said.textContent =
      `Decoded at ${inWords(marks.point, 2)} in ${took.toFixed(0)} ms. ` +
      `The nearest of ${data.pictured.toLocaleString("en")} ${data.kind}:`;
    large.setAttribute("aria-label", `The decoded image. ${said.textContent} ${names.join(", ")}`);
    if (drawing) drawLine([marks.line[0], marks.point]);
    plane.mark(marks);
    onMove(found[0]);
  }

  function drawLine(line) {
    marks.line = line;
    strip.classList.toggle("empty", !line);
    plane.mark(marks);
    const along = (share) => line[0].map((z, d) => z + share * (line[1][d] - z));
    const one = (k) => paint(steps[k], decode(along(k / (STEPS - 1))), space.shape);
    if (line) paced(STEPS, one, () => marks.line === line);
  }

  let pressed = null; // screen position where the pointer was pressed
  const dragged = (event) =>
    pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 6;
  canvas.addEventListener("pointerdown", (event) => {
    pressed = [event.clientX, event.clientY];
    marks.begin = plane.at(event);
    moveTo(marks.begin);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged(event) && !drawing) {
      drawing = true;
      marks.line = [marks.begin, marks.begin];
    }
    moveTo(plane.at(event));
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"])
    canvas.addEventListener(name, () => {
      if (pressed) drawing = false;
      pressed = null;
    });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.02 : 0.1;
    if (event.key in MOVES) moveTo(marks.point.map((z, d) => z + step * MOVES[event.key][d]));
    else if (event.key === "Enter") {
      drawing = !drawing;
      if (drawing) drawLine([marks.point, marks.point]);
    } else if (event.key === "Escape") {
      drawing = false;
      drawLine(null);
    } else return;
    event.preventDefault();
  });

  return {
    moveTo,
    draw: plane.draw,
    drawLine,
    point: () => marks.point,
    line: () => marks.line,
    ring(image) {
      marks.ring = image === null ? null : space.codes.subarray(2 * image, 2 * image + 2);
      plane.mark(marks);
    },
  };
}

// Calls onChange({ behind, only }), where `only` is a class, or -1 for all, by the name of the data.
function makeControls(parent, spaces, data, onChange) {
  const form = make("form", "controls", parent);
  const behind = make("fieldset", "", form);
  make("legend", "", behind, { textContent: "Background" });
  for (const [value, text] of [["none", "nothing"], ["prior", "the prior"], ["grid", "decoded grid"]]) {
    const label = make("label", "", behind);
    const checked = value === "prior";
    make("input", "", label, { type: "radio", name: "behind", value, checked });
    label.append(` ${text}`);
  }
  // Latent spaces whose data have the same classes share a choice.
  const groups = Object.groupBy(spaces, (space) => data[space.data].classNames.join("\n"));
  const choices = Object.values(groups).map((group, _, all) => {
    const names = [...new Set(group.map((space) => space.of.replaceAll("_", " ")))];
    const of = all.length > 1 ? `${names.join(" and ")}: ` : "";
    const label = make("label", "", form, { textContent: `Show codes of ${of}` });
    const only = make("select", "", label, { name: "only" });
    make("option", "", only, { value: -1, textContent: "all classes" });
    data[group[0].data].classNames.forEach((textContent, value) =>
      make("option", "", only, { value, textContent })
    );
    return { only, keys: group.map((space) => space.data) };
  });
  form.addEventListener("change", () => {
    const chosen = choices.flatMap(({ only, keys }) => keys.map((key) => [key, Number(only.value)]));
    onChange({ behind: form.elements.behind.value, only: Object.fromEntries(chosen) });
  });
}

async function explore(element, payload, onMove = () => {}) {
  const { data, spaces } = unpack(payload);
  await Promise.all(Object.values(data).map((d) => d.pictures.decode()));
  const root = make("div", "vaelib-explorer", element);
  const panels = [];
  makeControls(root, spaces, data, ({ behind, only }) =>
    panels.forEach((panel, i) => panel.draw({ behind, only: only[spaces[i].data] }))
  );
  const planes = make("div", "panels", root);
  spaces.forEach((space, i) => {
    const onMoveHere = (image) => {
      spaces.forEach((other, j) => {
        // Mark the same test image in the other latent spaces that show the same data.
        if (j !== i && panels[j]) panels[j].ring(other.data === space.data ? image : null);
      });
      if (panels.length === spaces.length) onMove(panels.map((panel) => panel.point()));
    };
    panels.push(makePanel(planes, space, data[space.data], onMoveHere));
  });
  make("p", "help", root, { textContent: payload.help });
  panels.forEach((panel, i) => {
    panel.draw();
    panel.drawLine(spaces[i].line);
    panel.moveTo([0, 0]);
  });
  panels.forEach((panel) => panel.ring(null));
  onColorScheme(() => panels.forEach((panel) => panel.draw()));
  return panels;
}
