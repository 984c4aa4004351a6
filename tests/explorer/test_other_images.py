"""The explorer with images of other sizes, and in color: what a real browser makes of them."""

import re
from dataclasses import replace

import numpy as np
import pytest

import drawn
from tools.website import axe, chromium
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


def test_each_data_set_has_a_filter_for_its_own_classes(browser, tmp_path):
    one, other = run_of((16, 16, 1)), run_of((16, 16, 3))
    named = replace(other.recipe.load_dataset(), class_names=("cats", "dogs"), name="my_pets")
    recipe = Recipe(named, seed=3)
    explorer.compare(one, runs.Run(recipe, other.model, {}, {}, {})).save(tmp_path / "page.html")
    explorer.compare(one, run_of((16, 16, 3))).save(tmp_path / "same.html")
    with chromium.opened(browser, tmp_path / "page.html", width=900) as (page, problems):
        page.locator(".said:not(:empty)").last.wait_for()
        selects = page.locator("select")
        assert [text.split("\n")[0] for text in selects.all_inner_texts()] == ["all classes"] * 2
        assert page.get_by_label("Show codes of my pets:").locator("option").all_inner_texts() == [
            *("all classes", "cats", "dogs")
        ]
        planes = page.locator(".plane")
        seen = "canvas => canvas.toDataURL()"
        before = [planes.nth(i).evaluate(seen) for i in range(2)]
        page.get_by_label("Show codes of my pets:").select_option("dogs")
        after = [planes.nth(i).evaluate(seen) for i in range(2)]
        assert before[0] == after[0] and before[1] != after[1]
        assert axe.violations(page) == []
    assert problems == []
    with chromium.opened(browser, tmp_path / "same.html", width=900) as (page, problems):
        page.locator(".said:not(:empty)").last.wait_for()
        assert page.locator("select").count() == 1  # since the classes are the same
    assert problems == []


def stored(run):
    """The run as it is loaded from a file: with snapshots, and without its images."""
    dataset = run.recipe.load_dataset()
    snapshots = {
        "codes": run.model.encode(dataset.test_images)[None],
        "labels": dataset.test_labels,
    }
    lost = Recipe.from_config(run.recipe.get_config())
    return runs.Run(lost, run.model, {}, snapshots, {})


def test_a_page_is_made_from_the_arrays_of_a_run_alone(browser, tmp_path):
    run = run_of((16, 24, 3))
    shown = explorer.compare_stored(stored(run))
    dataset = run.recipe.load_dataset()
    full = explorer.compare(run, titles=["discs"])
    for name in ("codes", "layers", "limit", "names"):
        assert shown.payload["spaces"][0][name] == full.payload["spaces"][0][name]
    shown.save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        assert "nearest of 30 reconstructions:" in page.locator(".said").inner_text()
        assert "are not stored with the run" in page.locator(".help").inner_text()
        first = np.array(page.locator("figure canvas").first.evaluate(READ)).reshape(16, 24, 4)
    codes = run.model.encode(dataset.test_images)
    nearest = run.model.decode(codes[[np.argmin((codes**2).sum(axis=1))]])[0]
    assert np.abs(first[..., :3] - 255 * nearest).mean() < 12  # the picture is compressed
    assert problems == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({"codes": np.zeros((1, 3, 2), "float32")}, {"codes": np.zeros((1, 30, 3), "float32")}),
        *({"codes": np.full((1, 30, 2), np.nan)}, {"codes": np.array("text")}),
        *({"labels": np.full(30, 2)}, {"labels": np.full(30, -1)}, {"labels": np.full(30, "a")}),
    ],
    ids=str,
)
def test_arrays_that_make_no_page_are_refused(wrong):
    run = stored(run_of((16, 16, 1)))
    run.snapshots.update(wrong)
    with pytest.raises(runs.RunError, match=r"snapshots\.npz of discs"):
        explorer.compare_stored(run)


def test_weights_that_are_too_large_for_a_page_are_refused():
    run = run_of((16, 16, 1))
    run.model.encoder.set_weights([1e9 * w + 1 for w in run.model.encoder.get_weights()])
    with pytest.raises(runs.RunError, match="are not finite or beyond 65,504: train it again"):
        explorer.compare(run)


def test_long_names_are_cut(browser, tmp_path):
    run = run_of((16, 16, 1))
    long = replace(
        run.recipe.load_dataset(), class_names=("x" * 10_000, "word " * 2_000), name="y" * 10_000
    )
    run = runs.Run(Recipe(long, seed=3), run.model, {}, {}, {})
    explorer.compare(run, titles=["z" * 10_000], dataset=long).save(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 500_000
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(".said:not(:empty)").wait_for()
        wide, high = page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
        assert wide <= 700 and high < 1_500
    assert problems == []


def test_a_refusal_cuts_long_names():
    run = run_of((16, 16, 1))
    named = replace(run.recipe.load_dataset(), name="y" * 10_000)
    run = stored(runs.Run(Recipe(named, seed=3), run.model, {}, {}, {}))
    run.snapshots["labels"] = np.full(30, 2)
    with pytest.raises(runs.RunError, match="only 2 classes have a name") as refused:
        explorer.compare_stored(run)
    assert len(str(refused.value)) < 400


def test_images_that_are_not_at_hand_are_asked_for(tmp_path):
    run = run_of((16, 16, 1))
    lost = Recipe.from_config(run.recipe.get_config())
    with pytest.raises(runs.RunError, match="load them again with"):
        explorer.compare(runs.Run(lost, run.model, {}, {}, {}))
    shown = explorer.compare(
        runs.Run(lost, run.model, {}, {}, {}), dataset=run.recipe.load_dataset()
    )
    assert len(shown.payload["data"]) == 1
