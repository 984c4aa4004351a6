// Read true posteriors from the payload, and paint them with the ellipse of the encoder.

const DEVIATIONS = 2; // radius of the ellipse in standard deviations

// Return a function from a test image to its posterior { codes, weights, likeliest, step }. Weights
// from 0 to 255 show the log density, and `likeliest` is the most probable code.
function makePosteriors({ side, limit, ...kept }) {
  const bytes = (name) => Uint8Array.from(atob(kept[name]), (c) => c.charCodeAt(0));
  const [counts, starts, lengths, likeliest] = ["counts", "starts", "lengths", "likeliest"].map(
    (name) => new Uint32Array(bytes(name).buffer)
  );
  const weights = bytes("weights");
  const firstRun = [0]; // index of the first run of each image, and below of its first weight
  const firstWeight = [0];
  counts.forEach((count, image) => {
    const end = firstRun[image] + count;
    firstWeight.push(
      lengths.subarray(firstRun[image], end).reduce((sum, n) => sum + n, firstWeight[image])
    );
    firstRun.push(end);
  });
  const step = (2 * limit) / (side - 1);
  const code = (cell) => [(cell % side) * step - limit, limit - Math.floor(cell / side) * step];
  return (image) => {
    const cells = [];
    for (let run = firstRun[image]; run < firstRun[image + 1]; run++)
      for (let i = 0; i < lengths[run]; i++) cells.push(starts[run] + i);
    return {
      codes: cells.map(code),
      weights: weights.subarray(firstWeight[image], firstWeight[image + 1]),
      likeliest: code(likeliest[image]),
      step,
    };
  };
}

// Paint the posteriors of an image in the coordinates of codes, with z2 upwards.
//   posterior: as above, or null; q: as from makeEncoder; drawn: a sample from q, or null
function paintInference(g, toPixel, color, { posterior, q, drawn }) {
  const [left, top] = toPixel([0, 0]);
  const unit = toPixel([1, 0])[0] - left;
  const dot = 5; // radius in pixels of the canvas, which is displayed at half its size
  if (posterior) {
    // Each cell is one pixel of a small image, so that there are no seams when it is enlarged. An
    // empty margin of one cell lets the blue region fade out.
    const { codes, weights, step } = posterior;
    const [z1, z2] = [0, 1].map((d) => codes.map((code) => code[d]));
    const [low, high] = [Math.min(...z1) - 1.5 * step, Math.max(...z2) + 1.5 * step];
    const wide = Math.round((Math.max(...z1) - low) / step + 1.5);
    const tall = Math.round((high - Math.min(...z2)) / step + 1.5);
    const small = new ImageData(wide, tall);
    const [red, green, blue] = color("--truth").match(/\w\w/g).map((part) => parseInt(part, 16));
    codes.forEach((code, i) => {
      const column = Math.round((code[0] - low) / step - 0.5);
      const row = Math.round((high - code[1]) / step - 0.5);
      small.data.set([red, green, blue, weights[i]], 4 * (row * wide + column));
    });
    const patch = make("canvas", "", null, { width: wide, height: tall });
    patch.getContext("2d").putImageData(small, 0, 0);
    g.imageSmoothingEnabled = true;
    g.drawImage(patch, ...toPixel([low, high]), wide * step * unit, tall * step * unit);
  }
  const line = (ink, width, path) => {
    for (const [style, thickness] of [[color("--paper"), 2 * width], [ink, width]]) {
      g.strokeStyle = style;
      g.lineWidth = thickness;
      g.beginPath();
      path();
      g.stroke();
    }
  };
  const middle = toPixel(q.mean);
  if (q.deviation) {
    const radii = q.deviation.map((d) => Math.max(DEVIATIONS * d * unit, 1));
    line(color("--mark"), 3, () => g.ellipse(...middle, ...radii, 0, 0, 7));
  } else line(color("--mark"), 4, () => g.arc(...middle, 2 * dot, 0, 7));
  if (drawn) {
    g.fillStyle = color("--mark");
    g.beginPath();
    g.arc(...toPixel(drawn), dot, 0, 7);
    g.fill();
  }
  if (posterior) {
    const [x, y] = toPixel(posterior.likeliest);
    line(color("--ink"), 3, () => {
      for (const [i, j] of [[1, 0], [0, 1]]) {
        g.moveTo(x - 2.5 * dot * i, y - 2.5 * dot * j);
        g.lineTo(x + 2.5 * dot * i, y + 2.5 * dot * j);
      }
    });
  }
}

// Return the center and half the width of the square that contains the ellipse and the part of the
// true posterior that is above 1 % of its maximum.
function closeUp({ posterior, q }) {
  const reach = q.deviation?.map((d) => DEVIATIONS * d) ?? [0, 0];
  const places = [-1, 1].map((sign) => q.mean.map((z, d) => z + sign * reach[d]));
  posterior?.codes.forEach((code, i) => posterior.weights[i] > 90 && places.push(code)); // 1 %
  const ends = [0, 1].map((d) => {
    const along = places.map((place) => place[d]);
    return [Math.min(...along), Math.max(...along)];
  });
  const half = Math.max(...ends.map(([low, high]) => (high - low) / 2)) * 1.15 + 0.08;
  return { middle: ends.map(([low, high]) => (low + high) / 2), half };
}
