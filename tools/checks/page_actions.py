"""Scripts that act on the interactive pages and return milliseconds, for `make bench`."""

# Milliseconds from opening a page until its two latent spaces are complete.
BOTH = """new Promise(resolve => {
  const look = () => document.querySelectorAll(".said:not(:empty)").length === 2
    ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})"""
# Median milliseconds of an action that is repeated 60 times, for i from 0 to 59.
MEDIAN = """() => {
  const times = [];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    %s
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[30];
}"""
POINTER = """const on = document.querySelector("%s"), { x, y } = on.getBoundingClientRect();
on.setPointerCapture = () => {};
const at = { clientX: x + %s, clientY: y + %s, buttons: 1 };
if (i === 0) on.dispatchEvent(new PointerEvent("pointerdown", at));
on.dispatchEvent(new PointerEvent("pointermove", at));"""
MOVE = MEDIAN % (POINTER % (".plane", "30 + 6 * i", 200))
STROKE = MEDIAN % (POINTER % (".sheet canvas", "20 + 2 * i", 90))
SLIDE = (
    MEDIAN
    % """const slider = document.querySelector("input[name=weight]");
slider.value = i % 7;
slider.dispatchEvent(new Event("input"));"""
)
# For each page its first row, and description, script and goal in milliseconds of the others.
PAGES = {
    "explorer": (
        "the explorer: its page",
        ("both planes drawn, both points decoded", BOTH, None),
        ("each move: decoded, neighbors found, drawn", MOVE, 50),
    ),
    "inference": (
        "the page of inference",
        ("each move: an image chosen, in both models", MOVE, 50),
        ("each stroke: drawn, encoded, decoded", STROKE, 100),
    ),
    "sweep": (
        "the page of sweep",
        ("each move: decoded by seven models", MOVE, 50),
        ("each step of the slider", SLIDE, 50),
    ),
}
