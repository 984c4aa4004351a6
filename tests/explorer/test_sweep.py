"""explorer.sweep in a real browser: slider, switch and curve, one place in seven models."""

import copy
import re
from itertools import pairwise

import numpy as np
import pytest
from canvases import picture

from study import vae_family
from tools.website import axe, chromium
from vaelib import explorer, runs
from vaelib.measures import likelihood
from vaelib.objectives import ELBO, POST_ELBO
from vaelib.runs.recipes import Recipe

READY = ".sweep > .said:not(:empty)"
SMALL = """plane => {
  const small = new OffscreenCanvas(84, 84).getContext("2d", { willReadFrequently: true });
  small.drawImage(plane, 0, 0, 84, 84);
  return Array.from(small.getImageData(0, 0, 84, 84).data);
}"""
NAMES = ["β = 0.01", "β = 0.03", "β = 0.1", "β = 0.3", "β = 1", "β = 3", "β = 10"]


@pytest.fixture(scope="module")
def betas():
    """The family; codes of faces are made as far apart as those of clothes are."""
    runs = vae_family.load_beta_vaes()
    for run, factor in zip(runs, [12, 10, 8, 6, 4, 3, 2], strict=True):
        *others, kernel, bias = run.model.encoder.get_weights()
        kernel[:, :2] *= factor
        run.model.encoder.set_weights([*others, kernel, bias])
    return runs


@pytest.fixture(scope="module")
def shown(betas, faces):
    return explorer.sweep(*betas, dataset=faces)


def slide(page, number):
    page.locator("input[name=weight]").focus()
    page.keyboard.press("Home")
    for _ in range(number):
        page.keyboard.press("ArrowRight")


def code(page):
    text = page.locator(".spot").inner_text().replace("−", "-")
    return [float(number) for number in re.search(r"\((\S+), (\S+)\)", text).groups()]


def decoded(run, place):
    return 255 * run.model.decode([place])[0, ..., 0]


def assert_decoded(page, betas, place):
    page.wait_for_timeout(300)  # the other models' images follow as there is time
    row = page.locator(".row").first.locator("canvas")
    for canvas, run in zip(row.all(), betas, strict=True):
        np.testing.assert_allclose(picture(canvas), decoded(run, place), atol=1)


def test_the_slider_moves_everything_together(page, betas, faces):
    for number in (0, 3, 6):
        slide(page, number)
        assert page.locator(".panel h2").first.inner_text() == NAMES[number]
        rate, distortion = (
            part.mean()
            for part in likelihood.rate_distortion(betas[number].model, faces.test_images)
        )
        said = page.locator(READY).inner_text()
        numbers = [float(n) for n in re.findall(r"\d+\.?\d*", said.partition(":")[2])]
        radius = explorer.beta_sweep.PRIOR_RADIUS
        inside = np.hypot(*betas[number].model.encode(faces.test_images).T) < radius
        expected = [rate, distortion, rate + distortion, 100 * inside.mean()]
        np.testing.assert_allclose(numbers, expected, atol=0.51)
        np.testing.assert_allclose(numbers[:3], expected[:3], atol=0.051)
        assert page.locator(".row .chosen span").inner_text() == NAMES[number][4:]
        assert page.locator("svg .here").text_content() == NAMES[number]
        shown = page.locator("svg .dot.chosen")
        assert shown.count() == 1
        samples = page.locator(".row").nth(1).locator("canvas")
        places = betas[0].model.prior.sample(explorer.beta_sweep.SAMPLES, 0)
        page.wait_for_timeout(400)  # they are decoded one after the other
        for canvas, place in list(zip(samples.all(), places, strict=True))[::5]:
            np.testing.assert_allclose(picture(canvas), decoded(betas[number], place), atol=2)


def test_the_dots_lie_where_the_numbers_say(page, shown):
    dots = page.locator("svg .dot").evaluate_all(
        "all => all.map(d => [d.cx, d.cy].map(a => a.baseVal.value))"
    )
    cost = [(space["rate"], space["distortion"]) for space in shown.payload["spaces"]]
    for along, values in zip(np.transpose(dots), np.transpose(cost), strict=True):
        slope, offset = np.polyfit(values, along, 1)
        np.testing.assert_allclose(along, slope * values + offset, atol=1e-3)
    assert np.polyfit(np.transpose(cost)[1], np.transpose(dots)[1], 1)[0] < 0  # upwards
    page.locator("svg circle").nth(1).click()
    assert page.locator(".panel h2").first.inner_text() == NAMES[1]


def test_the_numbers_at_the_axes_are_round(browser, shown, tmp_path):
    other = copy.copy(shown)
    spaces = [s | {"rate": 0.15 * i} for i, s in enumerate(shown.payload["spaces"])]
    other.payload = shown.payload | {"spaces": spaces}
    other.save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html") as (page, problems):
        page.locator(READY).wait_for()
        texts = page.locator("svg .tick.middle").all_text_contents()
    assert texts[:-2] == ["0", "0.2", "0.4", "0.6", "0.8"]  # in binary, 3 * 0.2 is not 0.6
    assert problems == []


def test_the_switch_tells_the_posts_mistake_in_one_move(page):
    assert page.get_by_label("standard weight").is_checked()
    page.get_by_label("post's weights").check()
    assert page.locator(".panel h2").first.inner_text() == "β = 0.01"
    assert (
        page.locator("input[name=weight]").get_attribute("aria-valuetext")
        == "β = 0.01, post's weights"
    )
    assert page.locator("input[name=weight]").input_value() == "0"
    slide(page, 2)
    assert not page.get_by_label("post's weights").is_checked()
    assert not page.get_by_label("standard weight").is_checked()
    assert page.locator(".scale b").all_inner_texts() == ["post's weights", "standard weight"]


def test_one_place_is_decoded_by_every_model(page, betas, shown):
    plane = page.locator(".plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    x, y = round(box["x"] + 0.56 * box["width"]), round(box["y"] + 0.45 * box["height"])
    page.mouse.move(x, y)
    limit = shown.payload["spaces"][0]["wide"]["limit"]
    place = [
        (2 * (x - box["x"]) / box["width"] - 1) * limit,
        (1 - 2 * (y - box["y"]) / box["height"]) * limit,
    ]
    np.testing.assert_allclose(code(page), place, atol=0.006)
    assert_decoded(page, betas, place)
    slide(page, 1)  # and the place stays
    np.testing.assert_allclose(code(page), place, atol=0.006)
    assert_decoded(page, betas, place)


def test_arrow_keys_move_the_place_by_a_share_of_the_plane(page, betas, shown):
    slide(page, 5)
    page.get_by_label("zoom to the codes of this model").check()
    plane = page.locator(".plane")
    plane.focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"]:
        page.keyboard.press(key)
    step = shown.payload["spaces"][5]["limit"] / 32
    place = [2 * step, 0.8 * step]
    np.testing.assert_allclose(code(page), place, atol=0.006)
    assert_decoded(page, betas, place)
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    np.testing.assert_allclose(code(page)[0], -32 * step, atol=0.006)


def test_the_plane_is_another_one_for_each_model_and_scale(page):
    looks = []
    for number, wide in [(0, False), (4, False), (4, True)]:
        slide(page, number)
        page.get_by_label("zoom to the codes of this model").set_checked(wide)
        looks.append(np.reshape(page.locator(".plane").evaluate(SMALL), (84, 84, 4))[..., :3])
    for one, other in pairwise(looks):
        assert (np.abs(one - other).max(axis=-1) > 20).mean() > 0.01
    # In color are the codes and their names; on the wider plane they are farther apart.
    places = [np.argwhere(np.ptp(look, axis=-1) > 60) for look in looks[1:]]
    assert places[1].std(axis=0).min() > 1.5 * places[0].std(axis=0).min()


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (1000, True), (390, False)])
def test_the_sweep_keeps_nobody_out(browser, file, width, dark):
    with chromium.opened(browser, file, width=width, dark=dark) as (page, problems):
        page.locator(READY).wait_for()
        assert axe.violations(page) == []
        assert page.evaluate(chromium.STICKING_OUT) == []
        assert page.evaluate(chromium.MOVING) == []
        names = []
        for _ in range(4):
            page.keyboard.press("Tab")
            assert page.evaluate(chromium.FOCUS)["outline"] > 0
            names.append(page.evaluate("document.activeElement.name || 'plane'"))
        assert names == ["weight", "marked", "plane", "own"]
    assert problems == []


def test_what_can_not_be_swept_over_is_refused(pair, betas, faces):
    with pytest.raises(ValueError, match="1 runs to sweep over: expected two or more"):
        explorer.sweep(betas[0])
    with pytest.raises(ValueError, match="deterministic codes, which have no rate"):
        explorer.sweep(*pair, dataset=faces)
    with pytest.raises(ValueError, match="1 titles for 7 runs"):
        explorer.sweep(*betas, titles=["one"], dataset=faces)
    recipe = Recipe("faces", ELBO, latent_dim=3)
    deep = runs.Run(recipe, recipe.compiled_model(1), {}, {}, {})
    with pytest.raises(ValueError, match="has 3 latent dimensions"):
        explorer.sweep(betas[0], deep, dataset=faces)


def test_marks_are_where_the_posts_objective_and_the_elbo_are(shown, betas, faces):
    objectives = [run.recipe.objective for run in betas]
    assert shown.payload["marks"] == {
        "post's weights": objectives.index(POST_ELBO),
        "standard weight": objectives.index(ELBO),
    }
    assert explorer.sweep(*betas[1:3], dataset=faces).payload["marks"] == {}
    assert shown.title == "The KL weight on faces: from β = 0.01 to β = 10"
    assert shown.live().points == [[0.0, 0.0]]
