// Read data sets and latent spaces from the payload, and show the nearest test images.

const NEAREST = 5; // number of test images shown
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function unpack(payload) {
  const data = Object.fromEntries(
    Object.entries(payload.data).map(([name, d]) => {
      const bytes = Uint8Array.from(atob(d.labels), (c) => c.charCodeAt(0));
      const labels = new Uint16Array(bytes.buffer);
      const pictures = make("img", "", null, { src: d.pictures });
      return [name, { ...d, labels, pictures, priorRadius: payload.priorRadius }];
    })
  );
  const spaces = payload.spaces.map((s) => ({ ...s, codes: floats(s.codes) }));
  return { data, spaces };
}

// Return the first `count` test images' numbers by the distance of their codes, nearest first.
function nearest(point, codes, count) {
  const squares = Float64Array.from(
    { length: count },
    (_, i) => (codes[2 * i] - point[0]) ** 2 + (codes[2 * i + 1] - point[1]) ** 2
  );
  return Array.from(squares.keys()).sort((a, b) => squares[a] - squares[b]).slice(0, NEAREST);
}

// Make a row of small pictures with class names. Returns a function that shows the test images
// nearest to a point in this row and returns their numbers.
function makeNeighbors(parent, data) {
  const [small, narrow] = data.size;
  const places = Array.from({ length: NEAREST }, () => {
    const figure = make("figure", "", parent);
    const picture = make("canvas", "", figure, { width: narrow, height: small });
    picture.setAttribute("aria-hidden", "true"); // the text beside it names it
    return [picture, make("figcaption", "", figure)];
  });
  return (point, codes) => {
    const found = nearest(point, codes, data.pictured);
    places.forEach(([picture, caption], k) => {
      const from = [narrow * (found[k] % data.columns), small * Math.floor(found[k] / data.columns)];
      const size = [narrow, small];
      picture.getContext("2d").drawImage(data.pictures, ...from, ...size, 0, 0, ...size);
      caption.textContent = data.classNames[data.labels[found[k]]];
    });
    return found;
  };
}
