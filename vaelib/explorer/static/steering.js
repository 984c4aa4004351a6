// Two named sliders, whose values are mapped to a code that is decoded.

const SLIDER_STEPS = 40; // number of steps from end to end

// Map slider values a and b to a code, by a polynomial of second degree for each dimension.
function placeOf([a, b], places) {
  const powers = [1, a, b, a * a, a * b, b * b];
  return [0, 1].map((d) => powers.reduce((sum, power, k) => sum + power * places[k][d], 0));
}

function makeSlider(parent, { name, low, high, lowName, highName }, onInput) {
  const label = make("label", "slider", parent);
  const head = make("span", "name", label, { textContent: name });
  const value = make("output", "", head);
  const [min, max, step] = [low, high, (high - low) / SLIDER_STEPS];
  const input = make("input", "", label, { type: "range", name, min, max, step });
  input.value = (low + high) / 2;
  const ends = make("span", "ends", label);
  for (const textContent of [lowName, highName]) make("span", "", ends, { textContent });
  const read = () => {
    const number = Number(input.value);
    const words = signed(number.toFixed(2));
    value.textContent = ` ${words}`;
    input.setAttribute("aria-valuetext", `${words}, from ${lowName} to ${highName}`);
    return number;
  };
  input.addEventListener("input", onInput);
  const stops = Array.from({ length: SLIDER_STEPS + 1 }, (_, i) => low + i * step);
  return { read, stops, set: (number) => (input.value = number) };
}

async function steer(element, payload, onMove = () => {}) {
  const { data, spaces } = unpack(payload);
  const [space] = spaces;
  const here = data[space.data];
  const decode = makeDecoder(space);
  const [height, width] = space.shape;

  const root = make("div", "vaelib-explorer steering", element);
  const panels = make("div", "panels", root);
  const left = make("section", "panel", panels);
  make("h2", "", left, { textContent: "Set the sliders" });
  const form = make("form", "sliders", left);
  const sliders = payload.sliders.map((slider) => makeSlider(form, slider, () => follow()));
  const large = make("canvas", "generated", left, { width, height });
  large.setAttribute("role", "img");
  const said = make("p", "said", left);
  said.setAttribute("aria-live", "polite");

  const label =
    `${planeInWords(space, here)}, the code of the slider values, and the lines along which ` +
    "sliders move it.";
  const { canvas } = makePlanePanel(panels, `Latent space: ${space.title}`, label, true);
  const plane = makePlane(canvas, space, here, decode);

  const marks = { point: [0, 0], line: null, paint: drawLines };
  let ways = []; // for each slider the codes from end to end while the other one stays fixed
  function drawLines(g, toPixel) {
    g.strokeStyle = getComputedStyle(canvas).getPropertyValue("--ink");
    ways.forEach((way, k) => {
      g.lineWidth = canvas.width / 200;
      g.setLineDash(k ? [canvas.width / 60, canvas.width / 90] : []);
      g.beginPath();
      way.forEach((place) => g.lineTo(...toPixel(place)));
      g.stroke();
    });
    g.setLineDash([]);
  }

  // The sliders determine the point, so set them to the values whose code is nearest.
  function moveTo(point) {
    const far = (values) =>
      Math.hypot(...placeOf(values, payload.places).map((z, d) => z - point[d]));
    const all = sliders[0].stops.flatMap((a) => sliders[1].stops.map((b) => [a, b]));
    const best = all.reduce((one, other) => (far(other) < far(one) ? other : one));
    sliders.forEach(({ set }, k) => set(best[k]));
    follow();
  }

  function follow() {
    const values = sliders.map(({ read }) => read());
    ways = sliders.map(({ stops }, k) =>
      stops.map((stop) => placeOf(values.with(k, stop), payload.places))
    );
    marks.point = placeOf(values, payload.places);
    paint(large, decode(marks.point), space.shape);
    plane.mark(marks);
    onMove([marks.point]);
    const words = payload.sliders.map(({ name }, k) => `${name} ${signed(values[k].toFixed(2))}`);
    said.textContent = `Decoded for ${words.join(" and ")}, at ${inWords(marks.point, 2)}.`;
    large.setAttribute("aria-label", `The decoded image. ${said.textContent}`);
  }

  make("p", "help", root, { textContent: payload.help });
  plane.draw();
  follow();
  onColorScheme(plane.draw);
  return [{ moveTo, point: () => marks.point }];
}
