// Plot distortion over rate: connected dots, one per model, and a dashed line of equal sums.

const [CURVE_WIDE, CURVE_HIGH] = [420, 300];
const EDGES = { left: 52, right: 14, top: 12, bottom: 40 };

function svg(tag, parent, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.textContent = text;
  parent?.append(element);
  return element;
}

// About five round numbers between two ends.
function ticks(low, high) {
  const raw = (high - low) / 5;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= raw);
  const first = Math.ceil(low / step);
  const tick = (_, i) => Number(((first + i) * step).toPrecision(12)); // 0.6, not 0.6000000000000001
  return Array.from({ length: Math.floor(high / step) - first + 1 }, tick);
}

// models: [{ title, rate, distortion }]; onChoose(index of a model). Returns { choose(index) }.
function makeCurve(parent, models, onChoose) {
  const picture = svg("svg", parent, { viewBox: `0 0 ${CURVE_WIDE} ${CURVE_HIGH}`, role: "img" });
  const rates = models.map((model) => model.rate);
  const distortions = models.map((model) => model.distortion);
  const [cheapest, dearest] = [Math.min(...rates), Math.max(...rates)];
  const [best, worst] = [Math.min(...distortions), Math.max(...distortions)];
  const x0 = Math.max(0, cheapest - 0.15 * (dearest - cheapest));
  const x1 = dearest + 0.1 * (dearest - cheapest || 1);
  const room = 0.15 * (worst - best || 1);
  const [y0, y1] = [best - room, worst + room];
  const x = (rate) =>
    EDGES.left + ((rate - x0) / (x1 - x0)) * (CURVE_WIDE - EDGES.left - EDGES.right);
  const y = (distortion) =>
    CURVE_HIGH - EDGES.bottom -
    ((distortion - y0) / (y1 - y0)) * (CURVE_HIGH - EDGES.top - EDGES.bottom);
  const [floor, wall] = [CURVE_HIGH - EDGES.bottom, EDGES.left];
  svg("path", picture, { d: `M${wall},${EDGES.top}V${floor}H${x(x1)}`, class: "axis" });
  for (const value of ticks(x0, x1))
    svg("text", picture, { x: x(value), y: floor + 16, class: "tick middle" }, String(value));
  for (const value of ticks(y0, y1))
    svg("text", picture, { x: wall - 6, y: y(value) + 4, class: "tick end" }, String(value));
  const middle = { x: (wall + x(x1)) / 2, y: CURVE_HIGH - 6, class: "tick middle" };
  svg("text", picture, middle, "rate, nats per image");
  const up = `translate(12, ${(EDGES.top + floor) / 2}) rotate(-90)`;
  svg("text", picture, { transform: up, class: "tick middle" }, "distortion, nats per image");

  const clip = svg("clipPath", picture, { id: "inside" });
  const inside = { x: wall, y: EDGES.top, width: x(x1) - wall, height: floor - EDGES.top };
  svg("rect", clip, inside);
  const equal = svg("path", picture, { class: "equal", "clip-path": "url(#inside)" });
  svg("polyline", picture, {
    points: models.map((m) => `${x(m.rate)},${y(m.distortion)}`).join(" "),
    class: "joined",
  });
  const dots = models.map((model, i) => {
    const dot = svg("circle", picture, { cx: x(model.rate), cy: y(model.distortion), r: 5 });
    dot.addEventListener("click", () => onChoose(i));
    return dot;
  });
  const name = svg("text", picture, { class: "here" });

  return {
    choose(number) {
      const { title, rate, distortion } = models[number];
      dots.forEach((dot, i) => {
        dot.setAttribute("class", i === number ? "dot chosen" : "dot");
        dot.setAttribute("r", i === number ? 8 : 5);
      });
      const sum = rate + distortion;
      equal.setAttribute("d", `M${x(x0)},${y(sum - x0)}L${x(x1)},${y(sum - x1)}`);
      const left = rate > (x0 + x1) / 2;
      name.setAttribute("x", x(rate) + (left ? -12 : 12));
      name.setAttribute("y", y(distortion) - 10);
      name.setAttribute("text-anchor", left ? "end" : "start");
      name.textContent = title;
      picture.setAttribute(
        "aria-label",
        `Distortion over rate, with one dot for each of ${models.length} models. ${title} has ` +
          `a rate of ${rate.toFixed(1)} and a distortion of ${distortion.toFixed(1)} nats.`
      );
    },
  };
}
