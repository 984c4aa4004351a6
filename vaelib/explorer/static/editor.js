// An image to draw on with a mouse, pen, finger or the keyboard, or to load from a file.

const PEN = 1.1; // radius in pixels of the image; only black-and-white images have a hard edge

const MOST_PIXELS = 100_000_000; // of a file, as for training images

// Return a promise of the number of pixels of an image file, which is not decoded for it.
async function sizeOf(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await new Promise((good, bad) => Object.assign(image, { onload: good, onerror: bad }));
    return image.naturalWidth * image.naturalHeight;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

// Return a promise of a file's pixels, brought to (high, wide, channels), 0 to 255, as the training
// images were: "crop" fills the size and crops the rest, "pad" adds white borders. Both place
// transparent images on white. Without either, the borders are black, as in Fashion-MNIST.
async function pixelsOf(file, [high, wide, channels], fit) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const small = new OffscreenCanvas(wide, high).getContext("2d", { willReadFrequently: true });
  small.fillStyle = fit ? "white" : "black";
  small.fillRect(0, 0, wide, high);
  small.imageSmoothingQuality = "high";
  const scales = [wide / bitmap.width, high / bitmap.height];
  const scale = fit === "crop" ? Math.max(...scales) : Math.min(...scales);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  small.drawImage(bitmap, (wide - width) / 2, (high - height) / 2, width, height);
  bitmap.close();
  return read(small.getImageData(0, 0, wide, high).data, channels);
}

// Convert red, green, blue and alpha to the channels of an image: three colors, or brightness.
function read(rgba, channels) {
  return Uint8ClampedArray.from({ length: (rgba.length / 4) * channels }, (_, i) => {
    if (channels === 3) return rgba[4 * Math.floor(i / 3) + (i % 3)];
    return 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  });
}

// The editor calls onChange(pixels) after every change. Returns { show(pixels, name) }.
//   fit: how files are brought to the shape, as for pixelsOf
function makeEditor(parent, shape, blackAndWhite, fit, onChange) {
  const [high, wide, channels] = shape;
  let pixels = new Uint8ClampedArray(high * wide * channels);
  const at = [Math.floor(high / 2), Math.floor(wide / 2)]; // position of the keyboard cursor: row, column
  const box = make("div", "editor", parent);
  const frame = make("div", "sheet", box);
  const canvas = make("canvas", "", frame, { width: wide, height: high, tabIndex: 0 });
  canvas.style.aspectRatio = `${wide} / ${high}`;
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    "An image to draw on. Arrow keys move from pixel to pixel, Space or Enter paints a pixel " +
      "with the pen, and Delete makes it black."
  );
  const cursor = make("div", "cursor", frame);
  cursor.setAttribute("aria-hidden", "true");
  const title = make("p", "name", box);
  title.setAttribute("aria-live", "polite");
  const tools = make("div", "tools", box);
  const label = make("label", "", tools, { textContent: "Pen: " });
  const pen = channels === 3
    ? make("input", "", label, { type: "color", name: "pen", value: "#ffffff" })
    : make("input", "", label, {
        type: "range", name: "pen", min: 0, max: 255, step: blackAndWhite ? 255 : 15, value: 255,
      });
  pen.setAttribute("aria-label", channels === 3 ? "Pen" : "Pen, from black to white");
  const button = (textContent, act) => {
    const made = make("button", "", tools, { type: "button", textContent });
    made.addEventListener("click", act);
  };
  button("Clear", () => change(() => 0));
  button("Invert", () => change((value) => 255 - value));
  const loader = make("label", "file", tools, { textContent: "Load an image " });
  const file = make("input", "", loader, { type: "file", name: "file", accept: "image/*" });
  const said = make("p", "said", box);
  said.setAttribute("aria-live", "polite");

  function show(now, name) {
    pixels = Uint8ClampedArray.from(now);
    title.textContent = name;
    said.textContent = "";
    paint(canvas, pixels, shape);
  }

  function changed() {
    title.textContent = "Your drawing, not a test image";
    if (blackAndWhite) pixels = pixels.map((value) => (value > 127 ? 255 : 0));
    paint(canvas, pixels, shape);
    onChange(pixels.slice());
  }

  function change(each) {
    pixels = pixels.map(each);
    said.textContent = "";
    changed();
  }

  const ink = () =>
    channels === 3
      ? pen.value.match(/\w\w/g).map((part) => parseInt(part, 16))
      : [Number(pen.value)];

  function blend(row, column, strength) {
    if (row < 0 || row >= high || column < 0 || column >= wide) return;
    ink().forEach((value, c) => {
      const i = (row * wide + column) * channels + c;
      pixels[i] += strength * (value - pixels[i]); // rounded and clipped to 0 to 255
    });
  }

  function dab([x, y]) {
    for (let row = Math.floor(y - 2); row <= y + 2; row++)
      for (let column = Math.floor(x - 2); column <= x + 2; column++) {
        const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const soft = Math.min(Math.max(PEN + 0.5 - far, 0), 1);
        blend(row, column, blackAndWhite ? Math.round(soft) : soft);
      }
  }

  let last = null; // last position of the pen while it is down
  const place = (event) => {
    const { x, y, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - x) / width) * wide, ((event.clientY - y) / height) * high];
  };
  function stroke(to) {
    const steps = Math.ceil(2 * Math.hypot(to[0] - last[0], to[1] - last[1])) || 1;
    for (let i = 1; i <= steps; i++) dab(last.map((z, d) => z + (i / steps) * (to[d] - z)));
    last = to;
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(last);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) stroke(place(each));
    changed();
  });
  for (const name of ["pointerup", "pointercancel"])
    canvas.addEventListener(name, () => (last = null));

  function mark() {
    cursor.style.left = `${(100 * at[1]) / wide}%`;
    cursor.style.top = `${(100 * at[0]) / high}%`;
    cursor.style.width = `${100 / wide}%`;
    cursor.style.height = `${100 / high}%`;
    const from = (at[0] * wide + at[1]) * channels;
    const values = pixels.subarray(from, from + channels).join(", ");
    said.textContent = `Row ${at[0] + 1}, column ${at[1] + 1}: ${values}`;
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key in MOVES) {
      const [right, up] = MOVES[event.key];
      at[0] = Math.min(Math.max(at[0] - up, 0), high - 1);
      at[1] = Math.min(Math.max(at[1] + right, 0), wide - 1);
    } else if (event.key === " " || event.key === "Enter" || event.key === "Delete") {
      const from = (at[0] * wide + at[1]) * channels;
      pixels.set(event.key === "Delete" ? Array(channels).fill(0) : ink(), from);
      changed();
    } else return;
    mark();
    event.preventDefault();
  });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      if ((await sizeOf(chosen)) > MOST_PIXELS) {
        said.textContent =
          `${chosen.name} has more than ${MOST_PIXELS.toLocaleString("en")} pixels: scale it down ` +
          "and load it again.";
      } else {
        pixels = await pixelsOf(chosen, shape, fit);
        const how = { crop: "cropped", pad: "padded" }[fit];
        said.textContent =
          `Loaded ${chosen.name}.` + (how ? ` It was scaled and ${how} as in training.` : "");
        changed();
      }
    } catch {
      said.textContent =
        `${chosen.name} can't be read as an image: choose a PNG, JPEG or WebP file.`;
    }
    file.value = ""; // allows loading the same file again
  });
  return { show };
}
