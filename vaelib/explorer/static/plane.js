// A latent space on a canvas, with z1 to the right and z2 upwards as in all figures.

const GRID = 16; // number of decoded images per row

const signed = (number) => String(number).replace("-", "−");
const inWords = (code, digits) => `(${code.map((z) => signed(z.toFixed(digits))).join(", ")})`;

function make(tag, className = "", parent = null, properties = {}) {
  const element = Object.assign(document.createElement(tag), { className, ...properties });
  parent?.append(element);
  return element;
}

// Call redraw() when the reader changes between light and dark.
function onColorScheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
}

// Make a panel with a heading and the canvas of a latent space, which is only a picture if `still`.
function makePlanePanel(parent, textContent, label, still = false) {
  const panel = make("section", "panel", parent);
  const heading = make("h2", "", panel, { textContent });
  const name = still ? "plane still" : "plane";
  const canvas = make("canvas", name, panel, { width: 840, height: 840 });
  canvas.setAttribute("role", still ? "img" : "application");
  canvas.setAttribute("aria-label", label);
  if (!still) canvas.tabIndex = 0;
  return { panel, heading, canvas };
}

// Every description of the canvas for screen readers begins with this.
const planeInWords = ({ title }, { labels }) =>
  `Latent space of ${title}: codes of ${labels.length} images in the colors of their classes`;

// The distance between the numbers on axes from -limit to limit: about three to each side of 0.
function tickStep(limit) {
  if (limit <= 14) return limit > 6 ? 4 : 2;
  const size = 10 ** Math.floor(Math.log10(limit / 4));
  return [1, 2, 5, 10].map((n) => n * size).find((step) => step >= limit / 4);
}

function makePlane(canvas, space, data, decode) {
  const { limit } = space;
  const picture = make("canvas"); // everything that does not depend on the point
  const [high, wideOne] = space.shape; // of a decoded image
  const tiles = make("canvas", "", null, { width: GRID * wideOne, height: GRID * high });
  let begun = false; // true once decoding of the grid has started
  let shown = { behind: "prior", only: -1 };

  const wide = () => canvas.width;
  const toPixel = ([z1, z2]) => [
    ((z1 / limit + 1) / 2) * wide(),
    ((1 - z2 / limit) / 2) * wide(),
  ];
  const toCode = (across, down) => [(2 * across - 1) * limit, (1 - 2 * down) * limit];
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return toCode((event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
  };
  const color = (name) => getComputedStyle(canvas).getPropertyValue(name);

  function drawPrior(g) {
    const [x, y] = toPixel([0, 0]);
    const unit = wide() / 2 / limit;
    const gradient = g.createRadialGradient(x, y, 0, x, y, 4 * unit);
    for (let r = 0; r <= 4; r += 0.25) {
      const strength = Math.round(35 * Math.exp((-r * r) / 2));
      gradient.addColorStop(r / 4, `color-mix(in srgb, ${color("--prior")} ${strength}%, transparent)`);
    }
    g.fillStyle = gradient;
    g.fillRect(0, 0, wide(), wide());
  }

  // The grid appears row by row, or all at once for readers who prefer reduced motion.
  function decodeGrid() {
    begun = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    paced(GRID * GRID, (i) => {
      const [row, column] = [Math.floor(i / GRID), i % GRID];
      const image = decode(toCode((column + 0.5) / GRID, (row + 0.5) / GRID));
      paint(tiles, image, space.shape, wideOne * column, high * row);
      if (column === GRID - 1 && (!still || row === GRID - 1)) draw();
    });
  }

  function drawCodes(g) {
    const few = Math.min(Math.max(2000 / data.labels.length, 1), 10); // few codes get larger dots
    const dot = (wide() / 260) * Math.sqrt(few);
    g.globalAlpha = shown.faint ? 0.3 : shown.behind === "grid" ? 0.75 : 0.55;
    data.labels.forEach((label, i) => {
      if (shown.only >= 0 && label !== shown.only) return;
      const [x, y] = toPixel(space.codes.subarray(2 * i, 2 * i + 2));
      g.fillStyle = data.colors[label];
      g.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    });
    g.globalAlpha = 1;
  }

  function drawFrame(g) {
    const unit = wide() / 2 / limit;
    g.strokeStyle = shown.behind === "grid" ? "#ffd400" : color("--faint");
    g.lineWidth = wide() / 350;
    g.setLineDash([wide() / 100, wide() / 130]);
    g.beginPath();
    g.arc(...toPixel([0, 0]), data.priorRadius * unit, 0, 2 * Math.PI);
    g.stroke();
    g.setLineDash([]);
    g.font = `${wide() / 36}px system-ui, sans-serif`;
    const step = tickStep(limit);
    for (let z = -step * Math.floor((0.88 * limit) / step); z < 0.88 * limit; z += step) {
      write(g, signed(z), [toPixel([z, 0])[0], 0.98 * wide()], color("--ink"));
      if (z) write(g, signed(z), [0.025 * wide(), toPixel([0, z])[1]], color("--ink"));
    }
    write(g, "z1", [0.965 * wide(), 0.98 * wide()], color("--ink"));
    write(g, "z2", [0.03 * wide(), 0.02 * wide()], color("--ink"));
  }

  function write(g, text, [x, y], ink) {
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.lineJoin = "round";
    g.lineWidth = wide() / 110;
    g.strokeStyle = color("--paper");
    g.strokeText(text, x, y);
    g.fillStyle = ink;
    g.fillText(text, x, y);
  }

  function drawNames(g) {
    g.font = `bold ${wide() / 32}px system-ui, sans-serif`;
    space.names.forEach(({ label, middle, place }) => {
      if (shown.only >= 0 && label !== shown.only) return;
      const ink = `color-mix(in srgb, ${data.colors[label]} 65%, ${color("--ink")})`;
      g.strokeStyle = ink; // a line from a name that was moved to the median of its codes
      g.lineWidth = wide() / 450;
      g.beginPath();
      g.moveTo(...toPixel(middle));
      g.lineTo(...toPixel(place));
      g.stroke();
      write(g, data.classNames[label], toPixel(place), ink);
    });
  }

  // Redraw everything that does not depend on the point.
  function draw(now = shown) {
    shown = now;
    picture.width = picture.height = wide();
    const g = picture.getContext("2d");
    g.fillStyle = color("--paper");
    g.fillRect(0, 0, wide(), wide());
    if (shown.behind === "prior") drawPrior(g);
    if (shown.behind === "grid") {
      g.imageSmoothingEnabled = false;
      g.drawImage(tiles, 0, 0, wide(), wide());
      if (!begun) decodeGrid();
    }
    drawCodes(g);
    drawFrame(g);
    drawNames(g);
    mark(marked);
  }

  // Draw the marks of the page, the line, the ring and the point on top.
  let marked = {};
  function mark(marks) {
    marked = marks;
    const g = canvas.getContext("2d");
    g.drawImage(picture, 0, 0);
    const stroke = (ink, width, path) => {
      for (const [style, thickness] of [[color("--paper"), 2.2 * width], [ink, width]]) {
        g.strokeStyle = style;
        g.lineWidth = (thickness * wide()) / 420;
        g.beginPath();
        path();
        g.stroke();
      }
    };
    const around = (code, radius) => () => g.arc(...toPixel(code), (radius * wide()) / 420, 0, 7);
    const { point, line, ring } = marks;
    marks.paint?.(g, toPixel);
    if (line) stroke(color("--ink"), 1.5, () => line.forEach((end) => g.lineTo(...toPixel(end))));
    line?.forEach((end) => stroke(color("--ink"), 1.5, around(end, 3)));
    if (ring) stroke(color("--mark"), 1.5, around(ring, 9));
    if (point) stroke(color("--mark"), 2.5, around(point, 6));
  }

  return { draw, mark, at };
}
