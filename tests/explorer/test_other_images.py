"""The explorer with images of other sizes, and in color: what a real browser makes of them."""

import re

import numpy as np
import pytest

import drawn
from tools.website import chromium
from vaelib import explorer, runs
from vaelib.runs.recipes import Recipe

READ = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  return Array.from(copy.getImageData(0, 0, canvas.width, canvas.height).data);
}"""


def run_of(shape):
    """A model for images of a shape whose decoder says something, though nothing trained it."""
    recipe = Recipe(drawn.dataset(shape, train=40, test=30), seed=3)
    model = recipe.compiled_model(40)
    *others, kernel, bias = model.decoder.get_weights()
    spread = np.std(model.decoder(np.array([[0.06, 1.2]])))
    model.decoder.set_weights([*others, kernel / spread, bias])
    return runs.Run(recipe, model, {}, {}, {})


@pytest.mark.parametrize(
    "shape",
    [(64, 64, 3), (28, 20, 1), (44, 60, 3), (100, 128, 1), (28, 28, 1), (8, 8, 1), (8, 16, 3)],
    ids=str,
)
def test_images_are_decoded_as_keras_does(browser, tmp_path, shape):
    run = run_of(shape)
    explorer.compare(run).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        page.locator(".plane").focus()
        for key in ["Shift+ArrowRight"] * 3 + ["ArrowUp"] * 12:
            page.keyboard.press(key)
        shown = np.array(page.locator(".decoded").evaluate(READ)).reshape(*shape[:2], 4)
        said = page.locator(".said").inner_text().replace("−", "-")
    code = [float(number) for number in re.search(r"\((\S+), (\S+)\)", said).groups()]
    assert code == [0.06, 1.2] and problems == []
    expected = np.round(255 * run.model.decode([code])[0])
    assert np.ptp(expected) > 20
    # Weights of half precision: the deeper the network, the more of its gray values are rounded.
    np.testing.assert_allclose(shown[..., : shape[2]], expected, atol=1)
    assert (shown[..., 3] == 255).all()
    if shape[2] == 1:
        assert (shown[..., 0] == shown[..., 1]).all() and (shown[..., 0] == shown[..., 2]).all()


def test_pictures_of_test_images_keep_their_colors_and_proportions(browser, tmp_path):
    run = run_of((96, 64, 3))
    explorer.compare(run).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, _):
        page.locator(".said:not(:empty)").wait_for()
        first = page.locator("figure canvas").first
        shown = np.array(first.evaluate(READ)).reshape(32, 21, 4)[..., :3]
        box = first.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(32 / 21, abs=0.1)
    codes = run.model.encode(run.recipe.load_dataset().test_images)
    nearest = run.recipe.load_dataset().test_images[np.argmin((codes**2).sum(axis=1))]
    expected = nearest.reshape(32, 3, 64, 3).mean(axis=1)
    assert np.abs(shown.mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 6


def test_two_data_sets_of_one_name_are_not_taken_for_each_other():
    one, other = run_of((16, 16, 1)), run_of((16, 16, 3))
    payload = explorer.compare(one, other, titles=("gray", "color")).payload
    assert len(payload["data"]) == 2
    assert [space["of"] for space in payload["spaces"]] == ["discs", "discs"]


def test_images_that_are_not_at_hand_are_asked_for(tmp_path):
    run = run_of((16, 16, 1))
    lost = Recipe.from_config(run.recipe.get_config())
    with pytest.raises(runs.RunError, match="load them again with"):
        explorer.compare(runs.Run(lost, run.model, {}, {}, {}))
    shown = explorer.compare(
        runs.Run(lost, run.model, {}, {}, {}), dataset=run.recipe.load_dataset()
    )
    assert len(shown.payload["data"]) == 1
