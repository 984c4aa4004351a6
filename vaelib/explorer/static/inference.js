// Compare true and approximate posteriors of an image in one or several latent spaces.

const nats = (value) => signed(value.toFixed(1));
const pair = (code) => inWords(code, 3);

// Sample from the standard normal distribution (Box and Muller 1958).
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

// Bars for log p(x), the ELBO and their gap. A bar of `longest` nats has the full width.
function makeBars(parent, longest) {
  const box = make("div", "bars", parent);
  const rows = ["log p(x)", "ELBO", "gap"].map((name) => {
    make("span", "", box, { textContent: name });
    const track = make("span", "track", box);
    track.setAttribute("aria-hidden", "true");
    const bar = make("span", `bar ${name.split(" ")[0].toLowerCase()}`, track);
    return { bar, number: make("span", "number", box) };
  });
  return (known, logP, elbo) => {
    const percent = (value) => `${(100 * Math.max(value, 0)) / longest}%`;
    const values = known ? [logP, elbo, elbo === null ? null : logP - elbo] : [null, null, null];
    const ends = known ? [[0, -logP], [0, -elbo], [-logP, -elbo]] : [];
    rows.forEach(({ bar, number }, i) => {
      const [begin, end] = values[i] === null ? [0, 0] : ends[i];
      bar.style.left = percent(begin);
      bar.style.width = percent(end - begin);
      bar.hidden = values[i] === null;
      number.textContent = values[i] !== null ? nats(values[i]) : known ? "none" : "–";
    });
  };
}

function makeInference(parent, space, data, onChoose) {
  const [encode, decode] = [makeEncoder(space.encoder), makeDecoder(space)];
  const posteriorOf = makePosteriors(space.posteriors);
  const [height, width] = space.shape;
  const label =
    `${planeInWords(space, data)}. Arrow keys choose the nearest test image in their direction. ` +
    "The true posterior of the chosen image is a blue region, its approximate posterior q(z|x) an " +
    "ellipse.";
  const { panel, canvas } = makePlanePanel(parent, space.title, label);
  const plane = makePlane(canvas, space, data, decode);
  const near = make("div", "near", panel);
  const figure = make("figure", "close", near);
  const close = make("canvas", "", figure, { width: 300, height: 300 });
  close.setAttribute("role", "img");
  const caption = make("figcaption", "", figure);
  const beside = make("div", "", near);
  const bars = makeBars(beside, space.longest);
  const said = make("p", "said", beside);
  said.setAttribute("aria-live", "polite");
  const again = make("button", "", beside, { type: "button", textContent: "Sample again from q(z|x)" });
  again.hidden = !space.encoder.sampled;
  const pictures = make("div", "pictures", panel);
  const decoded = [
    space.encoder.sampled ? "mean of q(z|x)" : "encoder’s code",
    ...(space.encoder.sampled ? ["sample from q(z|x)"] : []),
    "most probable code",
  ].map((name) => {
    const one = make("figure", "", pictures);
    const picture = make("canvas", "decoded", one, { width, height });
    picture.setAttribute("role", "img");
    make("figcaption", "", one, { textContent: name });
    return { name, one, picture };
  });
  make("p", "nearest", panel, { textContent: "Test images with the nearest codes" });
  const showNearest = makeNeighbors(make("div", "neighbors", panel), data);

  let state = null; // of the page: { image, q, posterior, drawn }
  const color = (name) => getComputedStyle(canvas).getPropertyValue(name);

  function decodeInto({ name, one, picture }, code) {
    one.classList.toggle("unknown", !code);
    if (!code) return picture.setAttribute("aria-label", `${name}, known for test images only`);
    paint(picture, decode(code), space.shape);
    picture.setAttribute("aria-label", `Decoded from ${name}, ${pair(code)}`);
  }

  function redraw() {
    plane.mark({ paint: (g, toPixel) => paintInference(g, toPixel, color, state) });
    const { middle, half } = closeUp(state);
    const g = close.getContext("2d");
    g.fillStyle = color("--paper");
    g.fillRect(0, 0, close.width, close.height);
    const toPixel = (code) => [
      ((code[0] - middle[0]) / half + 1) * 0.5 * close.width,
      (1 - (code[1] - middle[1]) / half) * 0.5 * close.height,
    ];
    paintInference(g, toPixel, color, state);
    caption.textContent = `close-up, ${(2 * half).toFixed(2)} wide`;
  }

  const draw = (q) => q.deviation && q.mean.map((mean, d) => mean + q.deviation[d] * normal());

  // Show an image. `image` is its number if it is an unchanged test image, and null otherwise.
  function show(pixels, image) {
    const known = image !== null;
    const q = encode(pixels);
    const shown = { image, q, posterior: known ? posteriorOf(image) : null, drawn: draw(q) };
    state = shown;
    decodeInto(decoded[0], q.mean);
    decoded.at(-1).one.classList.toggle("unknown", !known);
    requestAnimationFrame(() => {
      if (state !== shown) return; // the image has changed in the meantime
      if (state.drawn) decodeInto(decoded[1], state.drawn);
      decodeInto(decoded.at(-1), state.posterior?.likeliest);
    });
    const [logP, elbo] = known ? [space.logP[image], space.elbo?.[image] ?? null] : [null, null];
    bars(known, logP, elbo);
    showNearest(q.mean, space.codes);
    const about = q.deviation
      ? `q(z|x) has mean ${pair(q.mean)} and standard deviation ${pair(q.deviation)}.`
      : `The code is ${pair(q.mean)}. It is deterministic, so there is no q(z|x) and no ELBO.`;
    const truth = known
      ? ` The most probable code is ${pair(state.posterior.likeliest)}.`
      : " The true posterior is known for test images only.";
    said.textContent = about + truth;
    close.setAttribute(
      "aria-label",
      `Close-up: ${known ? "the true posterior as a blue region, and " : ""}` +
        (q.deviation ? "two standard deviations of q(z|x) as an ellipse" : "the code as a ring")
    );
    redraw();
  }

  again.addEventListener("click", () => {
    state.drawn = draw(state.q);
    decodeInto(decoded[1], state.drawn);
    redraw();
  });
  const choose = (event) => onChoose(nearest(plane.at(event), space.codes, data.pictured)[0]);
  canvas.addEventListener("pointerdown", choose);
  canvas.addEventListener("pointermove", (event) => event.buttons && choose(event));
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES)) return;
    const next = towards(state.q.mean, MOVES[event.key], space.codes, data.pictured);
    if (next !== null) onChoose(next);
    event.preventDefault();
  });
  return { show, draw: plane.draw, redraw, mean: () => state.q.mean, codes: space.codes };
}

// Return the nearest image whose code lies within 45 degrees of a direction, or null.
function towards(from, [right, up], codes, count) {
  let [best, least] = [null, Infinity];
  for (let i = 0; i < count; i++) {
    const [x, y] = [codes[2 * i] - from[0], codes[2 * i + 1] - from[1]];
    const [along, across] = [x * right + y * up, Math.abs(x * up - y * right)];
    const far = Math.hypot(x, y);
    // Codes on the page are rounded, so a small threshold excludes the image itself.
    if (along > 0.004 && across <= along && far < least) [best, least] = [i, far];
  }
  return best;
}

async function infer(element, payload, onMove = () => {}) {
  const { data: all, spaces } = unpack(payload);
  const data = all[spaces[0].data];
  await data.pictures.decode();
  const [height, width, channels] = spaces[0].shape;
  const reader = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  const part = (g, image) => {
    const from = [width * (image % data.columns), height * Math.floor(image / data.columns)];
    g.drawImage(data.pictures, ...from, width, height, 0, 0, width, height);
  };
  data.pictureOf = (image) => {
    const picture = make("canvas", "", null, { width, height });
    picture.setAttribute("aria-hidden", "true"); // the text beside it names it
    part(picture.getContext("2d"), image);
    return picture;
  };
  const pixelsOfTest = (image) => {
    part(reader, image);
    return read(reader.getImageData(0, 0, width, height).data, channels);
  };
  const bounds = spaces.flatMap((space) => [...space.logP, ...(space.elbo ?? [])]);
  const longest = -Math.min(...bounds);

  const root = make("div", "vaelib-explorer inference", element);
  const top = make("div", "source", root);
  const show = (pixels, image) => panels.forEach((panel) => panel.show(pixels, image));
  const moved = () => onMove([panels[0].mean()]);
  function choose(image) {
    const pixels = pixelsOfTest(image);
    editor.show(pixels, `Test image ${image}, ${name(image)}`);
    picker.choose(image);
    show(pixels, image);
    moved();
  }
  const editor = makeEditor(top, spaces[0].shape, payload.blackAndWhite, data.fit, (pixels) => {
    picker.none();
    show(pixels, null);
    moved();
  });
  const name = (image) => data.classNames[data.labels[image]];
  const gapOf = (space) => (image) => space.logP[image] - space.elbo[image];
  const orders = { number: (image) => image };
  for (const space of spaces) {
    if (space.elbo) orders[`gap of ${space.title}, largest first`] = (i) => -gapOf(space)(i);
    orders[`log p(x) of ${space.title}, lowest first`] = (image) => space.logP[image];
  }
  const sampled = spaces.find((space) => space.elbo);
  const number = sampled ? gapOf(sampled) : (image) => spaces[0].logP[image];
  const what = sampled ? `gap of ${sampled.title}` : `log p(x) of ${spaces[0].title}`;
  const describe = (image) => [
    nats(number(image)),
    `Image ${image}, ${name(image)}, ${what}: ${nats(number(image))} nats`,
  ];
  const picker = makePicker(top, data.pictured, data.pictureOf, describe, orders, choose);
  picker.caption(`The number below each image is its ${what}, in nats.`);
  make("p", "help", picker.box, { textContent: payload.help });
  const planes = make("div", "panels", root);
  const panels = spaces.map((s) => makeInference(planes, { ...s, longest }, data, choose));
  const draw = () => panels.forEach((panel) => panel.draw({ behind: "prior", only: -1, faint: true }));
  draw();
  choose(0);
  onColorScheme(() => {
    draw();
    panels.forEach((panel) => panel.redraw());
  });
  return [{ point: panels[0].mean, moveTo: (z) => choose(nearest(z, panels[0].codes, data.pictured)[0]) }];
}
