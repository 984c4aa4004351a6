// The decoder of a VAE in plain loops.

// Read base64-encoded, little-endian half-precision floats, which halve the size of the page.
function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return bits & 0x8000 ? -size : size;
  });
}

// (inputs) -> (outputs); the kernel is (inputs, outputs).
function dense(x, { kernel, bias }) {
  const y = Float32Array.from(bias);
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < y.length; j++) y[j] += x[i] * kernel[i * y.length + j];
  return y;
}

// (high, wide, channels) -> (stride * high, stride * wide, filters), with padding "same": every
// input pixel contributes to the pixels around it. The kernel is (size, size, channels, filters).
function transposedConvolution(x, { kernel, bias, size, stride, filters, channels, high, wide }) {
  const [rows, columns] = [stride * high, stride * wide];
  const before = (size - stride) >> 1;
  const y = new Float32Array(rows * columns * filters);
  for (let i = 0; i < y.length; i++) y[i] = bias[i % filters];
  for (let pixel = 0; pixel < high * wide; pixel++) {
    const from = pixel * channels;
    for (let tap = 0; tap < size * size; tap++) {
      const row = stride * Math.floor(pixel / wide) + Math.floor(tap / size) - before;
      const column = stride * (pixel % wide) + (tap % size) - before;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const to = (row * columns + column) * filters;
      for (let c = 0; c < channels; c++) {
        const value = x[from + c];
        if (value === 0) continue; // true for about half of the values, because of the ReLU
        const weights = (tap * channels + c) * filters;
        for (let filter = 0; filter < filters; filter++)
          y[to + filter] += value * kernel[weights + filter];
      }
    }
  }
  return y;
}

// Return a function from a code [z1, z2] to the decoded image, (high, wide, channels), 0 to 255.
function makeDecoder({ layers, shape, cropped }) {
  const [high, wide, channels] = shape;
  const ready = layers.map((l) => ({ ...l, kernel: floats(l.kernel), bias: floats(l.bias) }));
  return (z) => {
    let x = z;
    for (const layer of ready) {
      x = (layer.stride ? transposedConvolution : dense)(x, layer);
      if (layer.relu) x = x.map((value) => Math.max(value, 0));
    }
    const last = ready.at(-1);
    const stride = last.stride * last.wide * channels; // length of a row before cropping
    const pixels = new Uint8ClampedArray(high * wide * channels); // rounds values
    for (let row = 0; row < high; row++)
      for (let i = 0; i < wide * channels; i++) {
        const logit = x[(cropped[0] + row) * stride + cropped[1] * channels + i];
        pixels[row * wide * channels + i] = 255 / (1 + Math.exp(-logit));
      }
    return pixels;
  };
}

// Paint a decoded image, in gray or in color, into a canvas at a position.
function paint(canvas, pixels, [high, wide, channels], left = 0, top = 0) {
  const image = new ImageData(wide, high);
  for (let i = 0; i < high * wide; i++) {
    const color = pixels.subarray(channels * i, channels * (i + 1));
    image.data.set(channels === 3 ? color : [color[0], color[0], color[0]], 4 * i);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, left, top);
}

// Call work(i) for i from 0 to count - 1 without blocking the page: after about one frame the rest
// continues in the next frame, as long as wanted() is true.
async function paced(count, work, wanted = () => true) {
  let begin = performance.now();
  for (let i = 0; i < count && wanted(); i++) {
    work(i);
    if (performance.now() - begin < 16) continue;
    await new Promise(requestAnimationFrame);
    begin = performance.now();
  }
}
