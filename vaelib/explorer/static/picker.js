// Choose a test image by its number, or from a strip that can be sorted in several ways.

const STRIP = 24; // number of images in the strip

// Calls onChoose(image). Returns { choose(image), none(), caption(text), box }.
//   pictureOf: function from the number of an image to a canvas; describe: function from it to
//   [text below the image, full description]; orders: for each order its name and a function from
//   the number of an image to its sort key.
function makePicker(parent, count, pictureOf, describe, orders, onChoose) {
  const box = make("div", "picker", parent);
  const form = make("div", "controls", box);
  const number = make("input", "", make("label", "", form, { textContent: "Test image " }), {
    type: "number", name: "image", min: 0, max: count - 1, value: 0,
  });
  const sort = make("select", "", make("label", "", form, { textContent: "Sorted by " }), {
    name: "sort",
  });
  Object.keys(orders).forEach((textContent) =>
    make("option", "", sort, { value: textContent, textContent })
  );
  const turn = (textContent, by) => {
    const made = make("button", "", form, { type: "button", textContent });
    made.addEventListener("click", () => fill(begin + by));
    return made;
  };
  const back = turn("Earlier", -STRIP);
  const on = turn("Later", STRIP);
  const strip = make("div", "images", box);
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", "Test images");
  const words = make("p", "caption", box);
  let order = [];
  let begin = 0; // position in this order at which the strip starts
  let chosen = null;

  function fill(from) {
    begin = Math.min(Math.max(from, 0), Math.max(count - STRIP, 0));
    back.disabled = begin === 0;
    on.disabled = begin + STRIP >= count;
    strip.replaceChildren(
      ...order.slice(begin, begin + STRIP).map((image) => {
        const [short, title] = describe(image);
        const made = make("button", "", null, { type: "button", title });
        made.setAttribute("aria-label", title);
        made.setAttribute("aria-pressed", image === chosen);
        made.append(pictureOf(image), make("span", "", null, { textContent: short }));
        made.addEventListener("click", () => onChoose(image));
        return made;
      })
    );
  }

  function mark(image) {
    chosen = image;
    const shown = order.slice(begin, begin + STRIP);
    [...strip.children].forEach((made, i) => made.setAttribute("aria-pressed", shown[i] === image));
  }

  function arrange() {
    const keys = orders[sort.value];
    order = Array.from({ length: count }, (_, i) => i).sort((a, b) => keys(a) - keys(b) || a - b);
    fill(0);
  }

  sort.addEventListener("change", () => {
    arrange();
    onChoose(order[0]);
  });
  number.addEventListener("change", () => {
    const image = Math.round(Math.min(Math.max(Number(number.value) || 0, 0), count - 1));
    fill(STRIP * Math.floor(order.indexOf(image) / STRIP));
    onChoose(image);
  });
  arrange();
  return {
    choose(image) {
      number.value = image;
      mark(image);
    },
    none: () => mark(null),
    box,
    caption: (text) => (words.textContent = text),
  };
}
