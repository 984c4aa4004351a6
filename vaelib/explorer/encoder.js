// A VAE's encoder, written out in plain loops, as decoder.js does for the decoder.

// Numbers as little-endian single-precision floats in base64.
function singles(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

// (high, wide, channels) -> (rows, columns, filters), padded by nothing ("valid"): every output
// pixel gathers what the kernel covers. The kernel is (size, size, channels, filters).
function convolution(x, { kernel, bias, size, stride, filters, channels, high, wide }) {
  const rows = Math.floor((high - size) / stride) + 1;
  const columns = Math.floor((wide - size) / stride) + 1;
  const y = new Float32Array(rows * columns * filters);
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const to = pixel * filters;
    y.set(bias, to);
    for (let tap = 0; tap < size * size; tap++) {
      const row = stride * Math.floor(pixel / columns) + Math.floor(tap / size);
      const column = stride * (pixel % columns) + (tap % size);
      const from = (row * wide + column) * channels;
      for (let c = 0; c < channels; c++) {
        const value = x[from + c];
        if (value === 0) continue; // as most of them are, in the black and behind a ReLU
        const weights = (tap * channels + c) * filters;
        for (let filter = 0; filter < filters; filter++)
          y[to + filter] += value * kernel[weights + filter];
      }
    }
  }
  return y;
}

// A function from an image, (high, wide, channels) of 0 to 255, to what the encoder says of it:
// { mean, deviation }, both [z1, z2], and deviation null where codes are deterministic.
function makeEncoder({ layers, single, sampled }) {
  const numbers = single ? singles : floats;
  const ready = layers.map((l) => ({ ...l, kernel: numbers(l.kernel), bias: numbers(l.bias) }));
  return (pixels) => {
    let x = Float32Array.from(pixels, (value) => value / 255);
    for (const layer of ready) {
      x = (layer.stride ? convolution : dense)(x, layer);
      if (layer.relu) x = x.map((value) => Math.max(value, 0));
    }
    const said = Array.from(x);
    if (!sampled) return { mean: said, deviation: null };
    const deviation = said.slice(2).map((logVariance) => Math.exp(logVariance / 2));
    return { mean: said.slice(0, 2), deviation };
  };
}
