"""The diagram of the network: its shapes, to scale, and the directions of gradients."""

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")

ENCODER = [(28, 28, 1), (13, 13, 32), (6, 6, 64), (2304,), (4,)]
DECODER = [(2,), (1568,), (7, 7, 32), (14, 14, 64), (28, 28, 32), (28, 28, 1)]


@pytest.fixture
def ax():
    figure = plotting.network_diagram(ENCODER, DECODER)
    rendered(figure)
    return figure.axes[0]


def words(ax):
    return [text.get_text() for text in ax.texts]


def arrows(ax, kind):
    found = [p for p in ax.patches if isinstance(p, FancyArrowPatch) and p.get_gid() == kind]
    return [np.array(arrow._posA_posB) for arrow in found]


def test_every_shape_is_written_once_where_the_layer_is(ax):
    written = words(ax)
    for shape in ("13 × 13 × 32", "6 × 6 × 64", "2,304", "1,568", "7 × 7 × 32", "14 × 14 × 64"):
        assert written.count(shape) == 1
    assert written.count("28 × 28 × 1") == 2  # the image and the logits
    assert written.count("2") == 3  # mean, log-variance, code


def test_blocks_are_to_scale(ax):
    sides = [p for p in ax.patches if isinstance(p, Polygon)][::3]  # the near side of each
    heights = [np.ptp(side.get_xy()[:, 1]) for side in sides]
    encoder, decoder = [28, 13, 6], [28, 28, 14, 7]  # and a vector after each
    pictures = np.array(heights)[[0, 1, 2, 4, 5, 6, 7]]
    np.testing.assert_allclose(pictures / pictures[0], np.array(encoder + decoder) / 28)


def test_image_and_logits_are_at_the_same_side(ax):
    first, last = [text.get_position() for text in ax.texts if text.get_text() == "28 × 28 × 1"]
    assert first[0] == last[0] and first[1] > last[1]


def test_gradients_go_back_along_every_arrow_but_those_from_the_image_and_from_the_noise(ax):
    values, gradients = arrows(ax, "values")[:-1], arrows(ax, "gradient")[:-1]  # without the key
    alone = []
    for start, end in values:
        reverse = [g for g in gradients if np.allclose(g[0], end, atol=0.2)]
        reverse = [g for g in reverse if np.allclose(g[1], start, atol=0.2)]
        if not reverse:
            alone.append((start, end))
    left = min(start[0] for start, _ in values)
    [noise] = [p.center for p in ax.patches if isinstance(p, Circle)]
    from_image = [start for start, _ in alone if start[0] < left + 0.5]
    from_noise = [start for start, _ in alone if np.hypot(*(start - noise)) < 0.3]
    assert (len(alone), len(from_image), len(from_noise)) == (3, 2, 1)


def test_the_missing_gradient_to_the_noise_is_crossed_out(ax):
    [cross] = [line for line in ax.lines if line.get_marker() == "x"]
    [noise] = [p.center for p in ax.patches if isinstance(p, Circle)]
    [x], [y] = cross.get_data()
    assert any(np.allclose(end, (x, y)) for _, end in arrows(ax, "gradient"))
    assert not any(np.hypot(*(end - noise)) < 0.5 for _, end in arrows(ax, "gradient"))
    assert 0 < noise[0] - x < 1


@pytest.mark.parametrize(
    "encoder, decoder",
    [
        (ENCODER, DECODER),
        ([*ENCODER[:-1], (40,)], [(20,), *DECODER[1:]]),
        ([(28, 28, 1), (784,), (300,), (300,), (4,)], [(2,), (300,), (300,), (784,), (28, 28, 1)]),
        ([(32, 32, 3), (16, 16, 128), (8, 8, 256), (8,)], [(4,), (8, 8, 256), (32, 32, 3)]),
    ],
)
def test_labels_overlap_neither_each_other_nor_the_edge(encoder, decoder):
    figure = plotting.network_diagram(encoder, decoder)
    rendered(figure)
    renderer, (ax,) = figure.canvas.get_renderer(), figure.axes
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for box in boxes:
        assert figure.bbox.x0 < box.x0 and box.x1 < figure.bbox.x1
        assert figure.bbox.y0 < box.y0 and box.y1 < figure.bbox.y1


def test_labels_stay_inside_their_boxes(ax):
    renderer = ax.figure.canvas.get_renderer()
    boxes = [p.get_window_extent() for p in ax.patches if isinstance(p, FancyBboxPatch)]
    formulas = [t.get_window_extent(renderer) for t in ax.texts if t.get_fontsize() == 11.5]
    assert len(formulas) == 7
    for text in formulas:
        assert any(
            b.x0 < text.x0 and text.x1 < b.x1 and b.y0 < text.y0 and text.y1 < b.y1 for b in boxes
        )


def test_halves_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected two outputs for each number of the code"):
        plotting.network_diagram([*ENCODER[:-1], (2,)], DECODER)
    with pytest.raises(ValueError, match="and a logit for each pixel"):
        plotting.network_diagram([(32, 32, 1), *ENCODER[1:]], DECODER)
