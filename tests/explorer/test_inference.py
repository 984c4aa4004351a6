"""explorer.infer in a real browser: posteriors, numbers, drawings, files, and by keyboard."""

import io
import re

import numpy as np
import pytest
from canvases import picture, pixels
from PIL import Image

import drawn
from tools.website import axe, chromium
from vaelib import explorer, runs
from vaelib.explorer import posteriors
from vaelib.grid import grid_codes
from vaelib.runs.recipes import Recipe

STEP = 0.2
TRUTH = np.array([0x1F, 0x5F, 0xAE])  # the colour of posteriors
READY = ".inference .near .said:not(:empty)"


@pytest.fixture(scope="module")
def shown(pair, faces):
    return explorer.infer(*pair, titles=("VAE", "MMD-VAE"), dataset=faces, step=STEP)


@pytest.fixture(scope="module")
def file(shown, tmp_path_factory):
    path = tmp_path_factory.mktemp("inference") / "inference.html"
    shown.save(path)
    return path


@pytest.fixture
def page(browser, file):
    """The page, opened without a network; what goes wrong in it fails the test."""
    with chromium.opened(browser, file, width=1000, height=1300) as (page, problems):
        page.locator(READY).last.wait_for()
        yield page
    assert problems == []


def numbers(page, panel=0):
    """What a panel says, as the numbers in it."""
    text = page.locator(".near .said").nth(panel).inner_text().replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def name(page):
    return page.locator(".editor .name").inner_text()


def sheet(page):
    """The image on the sheet, (28, 28)."""
    return picture(page.locator(".sheet canvas"))


def rows(page, panel=0):
    """log p(x), the ELBO and the gap as they are written."""
    texts = page.locator(".bars").nth(panel).locator(".number").all_inner_texts()
    return [text.replace("−", "-") for text in texts]


def assert_encoded(page, pair, images):
    """Both panels say what Keras makes of the image, and show it decoded."""
    for panel, run in enumerate(pair):
        mean, log_var = run.model.encode_distribution(images)
        expected = mean[0] if log_var is None else [*mean[0], *np.exp(log_var[0] / 2)]
        found = numbers(page, panel)[: len(expected)]
        np.testing.assert_allclose(found, expected, atol=1e-3)
        shown = picture(page.locator(".panel").nth(panel).locator(".decoded").first)
        np.testing.assert_allclose(shown, 255 * run.model.decode(mean)[0, ..., 0], atol=1)


def choose(page, image):
    page.locator("input[name=image]").fill(str(image))
    page.keyboard.press("Enter")


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
    log_p = posteriors.posteriors(vae, faces.test_images, STEP).log_p[3]
    elbo = posteriors.bounds(vae, faces.test_images)[3]
    np.testing.assert_allclose(np.float64(rows(page)), [log_p, elbo, log_p - elbo], atol=0.1)
    there = posteriors.posteriors(mmd_vae, images, STEP).log_p[0]
    assert rows(page, 1)[1:] == ["none", "none"]
    assert float(rows(page, 1)[0]) == pytest.approx(there, abs=0.1)
    log, bound, gap = (
        page.locator(f".bar.{kind}").first.bounding_box() for kind in ("log", "elbo", "gap")
    )
    assert log["width"] / bound["width"] == pytest.approx(log_p / elbo, abs=0.02)
    assert gap["x"] == pytest.approx(log["x"] + log["width"], abs=1)
    assert gap["x"] + gap["width"] == pytest.approx(bound["x"] + bound["width"], abs=1)


def test_the_true_posterior_lies_where_it_should(page, pair, faces):
    found = posteriors.posteriors(pair[1].model, faces.test_images, STEP)
    codes = grid_codes(found.side, found.limit)
    for image in (2, 40):
        choose(page, image)
        likeliest = codes[found.likeliest_cells()[image]]
        np.testing.assert_allclose(numbers(page, 1)[2:4], likeliest, atol=1e-3)
        here = found.image == image
        dark = codes[found.cell[here & (found.below < 1.5)]]
        plane = page.locator(".plane").nth(1)
        limit = explorer.payload.of_space(pair[1], "", faces, "")["limit"]

        def blue(code, plane=plane, limit=limit):
            """How near to the colour of posteriors a place is, away from crosses and rings."""
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
    limit = explorer.payload.of_space(pair[1], "", faces, "")["limit"]
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
    page.select_option("select[name=sort]", label="gap of VAE, widest first")
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


def test_a_drawing_is_encoded_as_one_draws(page, pair):
    page.get_by_role("button", name="Clear").click()
    assert sheet(page).max() == 0
    box = page.locator(".sheet canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for x, y in [(150, 60), (150, 140), (60, 130)]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
        image = sheet(page)[None, ..., None].astype("uint8")
        assert_encoded(page, pair, image)
    page.mouse.up()
    assert image.max() == 255 and (image == 0).mean() > 0.5
    assert name(page) == "Drawn: no test image"
    said = page.locator(".near .said").first.inner_text()
    assert "true posterior is known for test images only" in said
    assert rows(page) == ["–"] * 3
    assert not page.locator(".panel").first.locator(".decoded").last.is_visible()
    page.mouse.move(box["x"] + 20, box["y"] + 20)  # with the pen up
    np.testing.assert_array_equal(sheet(page), image[0, ..., 0])
    page.get_by_role("button", name="Invert").click()
    np.testing.assert_array_equal(sheet(page), 255 - image[0, ..., 0])
    assert_encoded(page, pair, 255 - image)
    nearest = page.locator(".panel").first.locator(".neighbours figure")
    assert nearest.count() == 5


def test_a_pixel_is_painted_by_keyboard_and_read_aloud(page, pair):
    before = sheet(page)
    page.locator(".sheet canvas").focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowUp", "Space"]:
        page.keyboard.press(key)
    changed = np.argwhere(sheet(page) != before)
    np.testing.assert_array_equal(changed, [[13, 16]])
    assert page.locator(".editor .said").inner_text() == "Row 14, column 17: 255"
    assert page.locator(".cursor").is_visible()
    assert_encoded(page, pair, sheet(page)[None, ..., None].astype("uint8"))
    page.keyboard.press("Delete")
    assert page.locator(".editor .said").inner_text() == "Row 14, column 17: 0"
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    assert page.locator(".editor .said").inner_text().startswith("Row 28, column 17")


def test_the_nearest_images_are_those_of_the_measures(page, pair, faces):
    choose(page, 20)
    for panel, run in enumerate(pair):
        codes = run.model.encode(faces.test_images).astype("float16").astype(float)
        order = np.argsort(np.linalg.norm(codes - codes[20], axis=1))[:5]
        names = [faces.class_names[faces.test_labels[image]] for image in order]
        figures = page.locator(".panel").nth(panel).locator(".neighbours figcaption")
        assert figures.all_inner_texts() == names


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def load(page, content, name="mine.png"):
    page.set_input_files("input[name=file]", {"name": name, "mimeType": "", "buffer": content})


def test_a_file_is_loaded_and_one_that_is_no_image_is_named(page, pair, faces):
    image = faces.train_images[5]
    load(page, png(image[..., 0]))
    page.get_by_text("Loaded mine.png.").wait_for()
    np.testing.assert_array_equal(sheet(page), image[..., 0])
    assert_encoded(page, pair, image[None])
    wide = np.zeros((30, 60, 3), "uint8") + np.uint8([200, 100, 0])
    load(page, png(wide), "wide.png")
    page.get_by_text("Loaded wide.png.").wait_for()
    there = sheet(page)
    assert there[:6].max() == there[-6:].max() == 0  # black above and below
    assert np.abs(there[9:19] - (0.299 * 200 + 0.587 * 100)).max() <= 1
    load(page, b"no image", "letter.txt")
    page.get_by_text("letter.txt can't be read as an image: choose a PNG").wait_for()
    np.testing.assert_array_equal(sheet(page), there)


def test_another_draw_from_q_is_another_place(page, pair):
    second = page.locator(".panel").first.locator(".decoded").nth(1)
    labels = set()
    for _ in range(3):
        page.get_by_role("button", name="Draw again from q").first.click()
        label = second.get_attribute("aria-label").replace("−", "-")
        code = [float(number) for number in re.findall(r"-?\d+\.\d+", label)]
        labels.add(label)
        mean, deviation = np.reshape(numbers(page)[:4], (2, 2))
        assert (np.abs(code - mean) < 5 * deviation).all()
        expected = 255 * pair[0].model.decode([code])[0, ..., 0]
        np.testing.assert_allclose(picture(second), expected, atol=3)  # of a rounded code
    assert len(labels) == 3
    assert page.get_by_role("button", name="Draw again from q").count() == 1  # none for points


def test_black_and_white_stays_black_and_white(browser, pair, faces, tmp_path):
    white = faces.binarised("threshold")
    explorer.infer(pair[0], dataset=white, count=5, step=0.4).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(READY).wait_for()
        np.testing.assert_array_equal(sheet(page), white.test_images[0, ..., 0])
        box = page.locator(".sheet canvas").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 25)
        page.mouse.down()
        page.mouse.move(box["x"] + 110, box["y"] + 70, steps=5)
        page.mouse.up()
        assert set(np.unique(sheet(page))) == {0, 255}
        load(page, png(faces.train_images[0, ..., 0]))
        page.get_by_text("Loaded mine.png.").wait_for()
        expected = 255 * (faces.train_images[0, ..., 0] > 127)
        np.testing.assert_array_equal(sheet(page), expected)
        assert "cross-entropy" not in page.locator(".help").inner_text()
    assert problems == []


def test_images_in_colour_and_of_another_size(browser, tmp_path):
    shape = (24, 32, 3)
    recipe = Recipe(drawn.dataset(shape, train=20, test=12), seed=3)
    run = runs.Run(recipe, recipe.build(20), {}, {}, {})
    explorer.infer(run, count=6, step=0.4).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(READY).wait_for()
        canvas = page.locator(".sheet canvas")
        image = pixels(canvas, 0, 0, 32, 24)[..., :3]
        np.testing.assert_array_equal(image, recipe.load().test_images[0])
        page.locator("input[name=pen]").fill("#10c020")
        canvas.focus()
        page.keyboard.press("Space")
        image[12, 16] = [0x10, 0xC0, 0x20]
        np.testing.assert_array_equal(pixels(canvas, 0, 0, 32, 24)[..., :3], image)
        mean = run.model.encode(image[None].astype("uint8"))[0]
        np.testing.assert_allclose(numbers(page)[:2], mean, atol=1e-3)
        assert axe.violations(page) == []
    assert problems == []


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
