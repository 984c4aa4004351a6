// The encoder of a VAE in plain loops, like decoder.js.

// Read base64-encoded, little-endian single-precision floats.
function singles(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

// (high, wide, channels) -> (rows, columns, filters), without padding ("valid"): every output
// pixel sums over the pixels under the kernel, which is (size, size, channels, filters).
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
        if (value === 0) continue; // true for most values, because of black pixels and the ReLU
        const weights = (tap * channels + c) * filters;
        for (let filter = 0; filter < filters; filter++)
          y[to + filter] += value * kernel[weights + filter];
      }
    }
  }
  return y;
}

// Return a function from an image, (high, wide, channels) from 0 to 255, to its approximate
// posterior { mean, deviation }, both [z1, z2]. The deviation is null for deterministic codes.
function makeEncoder({ layers, single, sampled }) {
  const numbers = single ? singles : floats;
  const ready = layers.map((l) => ({ ...l, kernel: numbers(l.kernel), bias: numbers(l.bias) }));
  return (pixels) => {
    let x = Float32Array.from(pixels, (value) => value / 255);
    for (const layer of ready) {
      x = (layer.stride ? convolution : dense)(x, layer);
      if (layer.relu) x = x.map((value) => Math.max(value, 0));
    }
    const outputs = Array.from(x);
    if (!sampled) return { mean: outputs, deviation: null };
    const deviation = outputs.slice(2).map((logVariance) => Math.exp(logVariance / 2));
    return { mean: outputs.slice(0, 2), deviation };
  };
}
