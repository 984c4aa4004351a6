// A slider for the KL weight, which chooses one of several models.

function makeSlider(parent, spaces, marks, onChoose) {
  const box = make("div", "slider", parent);
  const label = make("label", "", box, { textContent: "KL weight β" });
  const slider = make("input", "", label, {
    type: "range", name: "weight", min: 0, max: spaces.length - 1, step: 1,
  });
  const scale = make("div", "scale", box);
  scale.setAttribute("aria-hidden", "true"); // screen readers get it from the slider
  spaces.forEach(({ title }, i) => {
    const one = make("span", "", scale, { textContent: title.replace("β = ", "") });
    one.style.left = `${(100 * i) / (spaces.length - 1)}%`;
    const [word] = Object.entries(marks).find(([, number]) => number === i) ?? [];
    if (word) make("b", "", one, { textContent: word });
  });
  const radios = Object.entries(marks).map(([word, number]) => {
    const one = make("label", "switch", box);
    const radio = make("input", "", one, { type: "radio", name: "marked", value: word });
    one.append(` ${word}`);
    radio.addEventListener("change", () => onChoose(number));
    return { radio, number };
  });
  slider.addEventListener("input", () => onChoose(Number(slider.value)));
  return (number) => {
    slider.value = number;
    const [word] = Object.entries(marks).find(([, marked]) => marked === number) ?? [];
    slider.setAttribute("aria-valuetext", spaces[number].title + (word ? `, ${word}` : ""));
    radios.forEach(({ radio, number: marked }) => (radio.checked = marked === number));
  };
}

// Make a row of decoded images, which is a single picture for screen readers.
function makeRow(parent, title, count, [height, width], captions = []) {
  make("h3", "", parent, { textContent: title });
  const row = make("div", "row", parent);
  row.setAttribute("role", "img");
  row.setAttribute("aria-label", title);
  row.style.gridTemplateColumns = `repeat(${count}, 1fr)`;
  return Array.from({ length: count }, (_, i) => {
    const one = make("div", "", row);
    const canvas = make("canvas", "", one, { width, height });
    if (captions[i]) make("span", "", one, { textContent: captions[i] });
    return { one, canvas };
  });
}

// Start work in the next frame, so that more urgent work comes first.
function later(...work) {
  requestAnimationFrame(() => paced(...work));
}

async function sweep(element, payload, onMove = () => {}) {
  const { data: all, spaces } = unpack(payload);
  const data = all[spaces[0].data];
  await data.pictures.decode();
  const { shape } = spaces[0];
  const decoders = spaces.map(makeDecoder);
  const root = make("div", "vaelib-explorer sweep", element);
  const slide = makeSlider(root, spaces, payload.marks, choose);
  const said = make("p", "said", root);
  said.setAttribute("aria-live", "polite");
  const halves = make("div", "panels", root);
  const { panel: left, heading, canvas } = makePlanePanel(halves, "", ""); // named by choose
  const zoom = make("label", "", left);
  const own = make("input", "", zoom, { type: "checkbox", name: "own" });
  zoom.append(" zoom to the codes of this model");
  const right = make("section", "panel", halves);
  make("h2", "", right, { textContent: "Rate and distortion" });
  const curve = makeCurve(right, spaces, choose);
  const here = makeRow(right, "This code, decoded by each model", spaces.length, shape,
    spaces.map((space) => space.title.replace("β = ", "")));
  const spot = make("p", "spot", right);
  spot.setAttribute("aria-live", "polite");
  const samples = makeRow(right, "Samples from the prior", payload.samples.length, shape);
  const near = make("div", "", left);
  make("h3", "", near, { textContent: "Test images with the nearest codes" });
  const showNearest = makeNeighbors(near, data);
  make("p", "help", root, { textContent: payload.help });

  const wide = spaces.map((space) => ({ ...space, ...space.wide }));
  let planes = []; // created when a model is chosen for the first time
  let now = payload.marks["standard weight"] ?? 0;
  let point = [0, 0];
  const space = () => (own.checked ? spaces : wide)[now];

  function moveTo(to) {
    const { limit } = space();
    point = to.map((z) => Math.min(Math.max(z, -limit), limit));
    // Decode with the chosen model at once, and with the others as soon as there is time.
    const decodeBy = (i) => paint(here[i].canvas, decoders[i](place), shape);
    const place = point;
    decodeBy(now);
    const others = spaces.map((_, i) => i).filter((i) => i !== now);
    later(others.length, (k) => decodeBy(others[k]), () => point === place);
    showNearest(point, space().codes);
    spot.textContent = `Decoded at ${inWords(point, 2)}.`;
    if (planes[now]) planes[now].mark({ point });
    onMove([point]);
  }

  function choose(number) {
    now = number;
    slide(now);
    curve.choose(now);
    const { title, rate, distortion, inside } = space();
    heading.textContent = title;
    said.textContent =
      `${title}: a rate of ${rate.toFixed(1)} and a distortion of ${distortion.toFixed(1)} nats, ` +
      `together ${(rate + distortion).toFixed(1)}. ${Math.round(100 * inside)} % of the codes lie ` +
      "in the circle of the prior.";
    const label =
      `${planeInWords(space(), data)}. Arrow keys move the point that is decoded, with Shift in ` +
      "smaller steps.";
    canvas.setAttribute("aria-label", label);
    here.forEach(({ one }, i) => one.classList.toggle("chosen", i === now));
    if (!planes[now]) {
      planes[now] = makePlane(canvas, space(), data, decoders[now]);
      planes[now].draw();
    }
    moveTo(point);
    const decodeSample = (k) =>
      paint(samples[k].canvas, decoders[number](payload.samples[k]), shape);
    later(samples.length, decodeSample, () => now === number);
  }

  function redraw() {
    planes = [];
    choose(now);
  }

  own.addEventListener("change", redraw);
  for (const name of ["pointerdown", "pointermove"])
    canvas.addEventListener(name, (event) => moveTo(planes[now].at(event)));
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES)) return;
    const step = space().limit / (event.shiftKey ? 160 : 32);
    moveTo(point.map((z, d) => z + step * MOVES[event.key][d]));
    event.preventDefault();
  });
  onColorScheme(redraw);
  choose(now);
  return [{ point: () => point, moveTo }];
}
