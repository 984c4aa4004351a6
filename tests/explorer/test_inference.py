"""explorer.infer in a real browser: images, posteriors and numbers, and by keyboard."""

import re

import numpy as np
import pytest
from canvases import picture, pixels
from inferring import READY, assert_encoded, choose, name, numbers, rows, sheet

from tools.website import axe, chromium
from vaelib import explorer
from vaelib.explorer import posterior_grid
from vaelib.support.latent_grid import grid_codes

STEP = 0.2
TRUTH = np.array([0x1F, 0x5F, 0xAE])  # the color of posteriors


@pytest.fixture(scope="module")
def shown(pair, faces):
    return explorer.infer(*pair, titles=("VAE", "MMD-VAE"), dataset=faces, step=STEP)


def test_an_image_is_shown_as_it_is_and_encoded_as_keras_does(page, pair, faces):
    for image in (0, 7, 59):
        choose(page, image)
        np.testing.assert_array_equal(sheet(page), faces.test_images[image, ..., 0])
        assert name(page) == f"Test image {image}, {faces.class_names[faces.test_labels[image]]}"
        assert_encoded(page, pair, faces.test_images[image : image + 1])


def test_the_bars_are_log_p_the_elbo_and_their_gap(page, pair, faces):
    choose(page, 3)
    images = faces.test_images[3:4]
    vae, mmd_vae = (run.model for run in pair)
    log_p = posterior_grid.true_posteriors(vae, faces.test_images, STEP).log_p[3]
    elbo = posterior_grid.estimate_elbo(vae, faces.test_images)[3]
    np.testing.assert_allclose(np.float64(rows(page)), [log_p, elbo, log_p - elbo], atol=0.1)
    there = posterior_grid.true_posteriors(mmd_vae, images, STEP).log_p[0]
    assert rows(page, 1)[1:] == ["none", "none"]
    assert float(rows(page, 1)[0]) == pytest.approx(there, abs=0.1)
    log, bound, gap = (
        page.locator(f".bar.{kind}").first.bounding_box() for kind in ("log", "elbo", "gap")
    )
    assert log["width"] / bound["width"] == pytest.approx(log_p / elbo, abs=0.02)
    assert gap["x"] == pytest.approx(log["x"] + log["width"], abs=1)
    assert gap["x"] + gap["width"] == pytest.approx(bound["x"] + bound["width"], abs=1)


def test_the_true_posterior_lies_where_it_should(page, pair, faces):
    found = posterior_grid.true_posteriors(pair[1].model, faces.test_images, STEP)
    codes = grid_codes(found.side, found.limit)
    for image in (2, 40):
        choose(page, image)
        likeliest = codes[found.most_probable_cells()[image]]
        np.testing.assert_allclose(numbers(page, 1)[2:4], likeliest, atol=1e-3)
        here = found.image == image
        dark = codes[found.cell[here & (found.below < 1.5)]]
        plane = page.locator(".plane").nth(1)
        limit = explorer.payload.space_payload(pair[1], "", faces)["limit"]

        def blue(code, plane=plane, limit=limit):
            """How near to the color of posteriors a place is, away from crosses and rings."""
            x, y = (1 + code[0] / limit) * 420, (1 - code[1] / limit) * 420
            around = pixels(plane, round(x) - 6, round(y) - 6, 13, 13)[..., :3]
            return np.abs(around - TRUTH).sum(axis=-1).min()

        assert max(blue(code) for code in dark) < 150
        far = [code for code in codes[::37] if np.linalg.norm(code - likeliest) > 1.5]
        inside = [code for code in far if np.abs(code).max() < 0.9 * limit]
        assert np.mean([blue(code) for code in inside]) > 250


def test_an_image_is_chosen_on_the_plane_and_in_the_strip(page, pair, faces):
    plane = page.locator(".plane").nth(1)
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    limit = explorer.payload.space_payload(pair[1], "", faces)["limit"]
    codes = pair[1].model.encode(faces.test_images)
    target = codes[11]
    x = box["x"] + (1 + target[0] / limit) / 2 * box["width"]
    y = box["y"] + (1 - target[1] / limit) / 2 * box["height"]
    page.mouse.click(round(x), round(y))
    at = ((round(x) - box["x"]) / box["width"] * 2 - 1) * limit
    up = (1 - (round(y) - box["y"]) / box["height"] * 2) * limit
    nearest = np.argmin(np.linalg.norm(codes - [at, up], axis=1))
    assert name(page).startswith(f"Test image {nearest},")
    page.locator(".images button").nth(4).click()
    assert name(page).startswith("Test image 4,")
    pressed = page.locator(".images button[aria-pressed=true]")
    assert pressed.count() == 1
    assert pressed.get_attribute("aria-label").startswith("Image 4,")
    page.get_by_role("button", name="Later").click()
    assert page.locator(".images button").first.get_attribute("title").startswith("Image 24,")


def test_the_widest_gap_is_one_click_away(page, pair, faces, shown):
    space = shown.payload["spaces"][0]
    gap = np.subtract(space["logP"], space["elbo"])
    page.select_option("select[name=sort]", label="gap of VAE, largest first")
    assert name(page).startswith(f"Test image {np.argmax(gap)},")
    written = page.locator(".images button span").all_inner_texts()
    written = [float(text.replace("−", "-")) for text in written]
    np.testing.assert_allclose(written, np.sort(gap)[::-1][: len(written)], atol=0.06)


def test_arrow_keys_on_a_plane_go_to_the_next_image_in_their_direction(page, pair, faces):
    codes = pair[0].model.encode(faces.test_images)
    page.locator(".plane").first.focus()
    for key, (dimension, sign) in {"ArrowRight": (0, 1), "ArrowDown": (1, -1)}.items():
        before = int(re.search(r"image (\d+)", name(page))[1])
        page.keyboard.press(key)
        after = int(re.search(r"image (\d+)", name(page))[1])
        step = codes[after] - codes[before]
        assert after != before and sign * step[dimension] >= np.abs(step).max()


def test_the_nearest_images_are_those_of_the_measures(page, pair, faces):
    choose(page, 20)
    for panel, run in enumerate(pair):
        codes = run.model.encode(faces.test_images).astype("float16").astype(float)
        order = np.argsort(np.linalg.norm(codes - codes[20], axis=1))[:5]
        names = [faces.class_names[faces.test_labels[image]] for image in order]
        figures = page.locator(".panel").nth(panel).locator(".neighbors figcaption")
        assert figures.all_inner_texts() == names


def test_another_draw_from_q_is_another_place(page, pair):
    second = page.locator(".panel").first.locator(".decoded").nth(1)
    labels = set()
    for _ in range(3):
        page.get_by_role("button", name="Sample again from q(z|x)").first.click()
        label = second.get_attribute("aria-label").replace("−", "-")
        code = [float(number) for number in re.findall(r"-?\d+\.\d+", label)]
        labels.add(label)
        mean, deviation = np.reshape(numbers(page)[:4], (2, 2))
        assert (np.abs(code - mean) < 5 * deviation).all()
        expected = 255 * pair[0].model.decode([code])[0, ..., 0]
        np.testing.assert_allclose(picture(second), expected, atol=3)  # of a rounded code
    assert len(labels) == 3
    assert (
        page.get_by_role("button", name="Sample again from q(z|x)").count() == 1
    )  # none for points


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (1000, True), (390, False)])
def test_inference_keeps_nobody_out(browser, file, width, dark):
    with chromium.opened(browser, file, width=width, dark=dark) as (page, problems):
        page.locator(READY).last.wait_for()
        assert axe.violations(page) == []
        assert page.evaluate(chromium.STICKING_OUT) == []
        assert page.evaluate(chromium.MOVING) == []
        seen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            focus = page.evaluate(chromium.FOCUS)
            if focus is None:
                break
            assert focus["outline"] > 0, focus
            seen.append(focus["element"])
        assert len(seen) > 30 and any('class="plane"' in element for element in seen)
    assert problems == []


def test_in_a_running_notebook_the_code_is_python_s_too(shown):
    widget = shown.live()
    assert widget.points == [[0.0, 0.0]]
    assert "const start = infer;" in widget._esm and ".inference" in widget._css
