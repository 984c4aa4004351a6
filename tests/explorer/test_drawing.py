"""The sheet of explorer.infer in a real browser: drawings, by pen and by keyboard, and files."""

import io
from dataclasses import replace

import numpy as np
import pytest
from canvases import pixels
from inferring import READY, assert_encoded, name, numbers, rows, sheet
from PIL import Image

import drawn
from tools.website import axe, chromium
from vaelib import explorer, runs
from vaelib.data.user_images import decoding, resizing
from vaelib.runs.recipes import Recipe


@pytest.fixture(scope="module")
def shown(pair, faces):
    return explorer.infer(*pair, dataset=faces, step=0.4)


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
    assert name(page) == "Your drawing, not a test image"
    said = page.locator(".near .said").first.inner_text()
    assert "true posterior is known for test images only" in said
    assert rows(page) == ["–"] * 3
    assert not page.locator(".panel").first.locator(".decoded").last.is_visible()
    page.mouse.move(box["x"] + 20, box["y"] + 20)  # with the pen up
    np.testing.assert_array_equal(sheet(page), image[0, ..., 0])
    page.get_by_role("button", name="Invert").click()
    np.testing.assert_array_equal(sheet(page), 255 - image[0, ..., 0])
    assert_encoded(page, pair, 255 - image)
    nearest = page.locator(".panel").first.locator(".neighbors figure")
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


def test_files_that_could_fill_the_memory_or_hold_scripts_are_refused(page):
    before = sheet(page)
    large = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(large, "PNG")  # 108 megapixels
    load(page, large.getvalue(), "large.png")
    page.get_by_text("large.png has more than 100,000,000 pixels: scale it down").wait_for()
    script = "<script>document.title = 'executed'; parent.document.title = 'executed'</script>"
    content = f"""<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"
        onload="document.title = 'executed'">{script}<image href="x" onerror="title = 1"/></svg>"""
    for kind in ("image/svg+xml", ""):
        file = {"name": "drawing.svg", "mimeType": kind, "buffer": content.encode()}
        page.set_input_files("input[name=file]", file)
        page.get_by_text("drawing.svg can't be read as an image: choose a PNG").wait_for()
        load(page, b"", "empty.png")
        page.get_by_text("empty.png can't be read as an image: choose a PNG").wait_for()
    assert page.title().startswith("Inference on faces")
    np.testing.assert_array_equal(sheet(page), before)


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_is_brought_to_the_size_as_training_images_were(browser, tmp_path, fit, channels):
    shape = (24, 32, channels)
    images = replace(drawn.dataset(shape, train=20, test=12), fit=fit)
    recipe = Recipe(images, seed=3)
    run = runs.Run(recipe, recipe.compiled_model(20), {}, {}, {})
    explorer.infer(run, count=6, step=0.4).save(tmp_path / "page.html")
    rows, columns = np.mgrid[:90, :300] / 90
    mine = np.stack([60 + 100 * rows, 40 + 30 * columns, 200 - 90 * rows, rows > 0.3], axis=-1)
    mine[..., 3] *= 255  # transparent at the top
    content = png(mine.astype("uint8"))
    picture, _ = decoding.decode(content, "mine.png")
    expected, _ = resizing.resize(picture, shape, fit)
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(READY).wait_for()
        load(page, content)
        how = {"crop": "cropped", "pad": "padded"}[fit]
        page.get_by_text(f"Loaded mine.png. It was scaled and {how} as in training.").wait_for()
        found = pixels(page.locator(".sheet canvas"), 0, 0, 32, 24)[..., :channels]
        mean = run.model.encode(expected[None])[0]
        np.testing.assert_allclose(numbers(page)[:2], mean, atol=0.02)
    assert np.abs(found - expected).mean() < 4 and problems == []


def test_black_and_white_stays_black_and_white(browser, pair, faces, tmp_path):
    white = faces.binarize("threshold")
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


def test_images_in_color_and_of_another_size(browser, tmp_path):
    shape = (24, 32, 3)
    recipe = Recipe(drawn.dataset(shape, train=20, test=12), seed=3)
    run = runs.Run(recipe, recipe.compiled_model(20), {}, {}, {})
    explorer.infer(run, count=6, step=0.4).save(tmp_path / "page.html")
    with chromium.opened(browser, tmp_path / "page.html", width=700) as (page, problems):
        page.locator(READY).wait_for()
        canvas = page.locator(".sheet canvas")
        image = pixels(canvas, 0, 0, 32, 24)[..., :3]
        np.testing.assert_array_equal(image, recipe.load_dataset().test_images[0])
        page.locator("input[name=pen]").fill("#10c020")
        canvas.focus()
        page.keyboard.press("Space")
        image[12, 16] = [0x10, 0xC0, 0x20]
        np.testing.assert_array_equal(pixels(canvas, 0, 0, 32, 24)[..., :3], image)
        mean = run.model.encode(image[None].astype("uint8"))[0]
        np.testing.assert_allclose(numbers(page)[:2], mean, atol=1e-3)
        assert axe.violations(page) == []
    assert problems == []
