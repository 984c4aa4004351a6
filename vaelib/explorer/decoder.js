// A VAE's decoder, written out in plain loops.

// Numbers come as little-endian half-precision floats in base64, which halves the page.
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

// (side, side, channels) -> (stride * side, stride * side, filters), padded as "same": every input
// pixel adds its share to the pixels around it. The kernel is (size, size, filters, channels).
function transposedConvolution(x, { kernel, bias, size, stride, filters, channels }) {
  const side = Math.sqrt(x.length / channels);
  const wide = stride * side;
  const before = (size - stride) >> 1;
  const y = new Float32Array(wide * wide * filters);
  for (let i = 0; i < y.length; i++) y[i] = bias[i % filters];
  for (let pixel = 0; pixel < side * side; pixel++) {
    const from = pixel * channels;
    for (let tap = 0; tap < size * size; tap++) {
      const row = stride * Math.floor(pixel / side) + Math.floor(tap / size) - before;
      const column = stride * (pixel % side) + (tap % size) - before;
      if (row < 0 || row >= wide || column < 0 || column >= wide) continue;
      const to = (row * wide + column) * filters;
      for (let filter = 0; filter < filters; filter++) {
        const weights = (tap * filters + filter) * channels;
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += x[from + c] * kernel[weights + c];
        y[to + filter] += sum;
      }
    }
  }
  return y;
}

// A function from a code [z1, z2] to the 28 * 28 grey values, 0 to 255, of the decoded image.
function makeDecoder(layers) {
  const ready = layers.map((l) => ({ ...l, kernel: floats(l.kernel), bias: floats(l.bias) }));
  return (z) => {
    let x = z;
    for (const layer of ready) {
      x = (layer.stride ? transposedConvolution : dense)(x, layer);
      if (layer.relu) x = x.map((value) => Math.max(value, 0));
    }
    return Uint8ClampedArray.from(x, (logit) => 255 / (1 + Math.exp(-logit))); // this rounds
  };
}

// Paint grey values into a canvas of 28 x 28 pixels, or into a larger one at a place.
function paint(canvas, grey, left = 0, top = 0) {
  const image = new ImageData(28, 28);
  grey.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  canvas.getContext("2d").putImageData(image, left, top);
}
