"""Film the pages to try things on, in use: docs/explorer.webp and others, which README shows.

`python -m tools.website.film [explorer inference drawing sweep]`: makes the pages, opens them in
Chromium, as the tests do, and moves pointer and slider.
"""

import io
import tempfile
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from PIL import Image

from tools.website import chromium, explorers

DOCS = Path(__file__).resolve().parents[2] / "docs"
READY = ".said:not(:empty)"  # what a page says once it is there
THREE = [(70, 55), (100, 40), (130, 60), (120, 90), (95, 98), (125, 110), (132, 145), (70, 150)]


def picture(page):
    return Image.open(io.BytesIO(page.screenshot()))


def walk(page, frames=36):
    """The pointer goes once around in the left plane, then right."""
    turn = np.linspace(0, 2 * np.pi, frames // 2, endpoint=False)
    for plane in page.locator(".plane").all():
        box = plane.bounding_box()
        for angle in turn:
            share = 0.5 + 0.27 * np.array([np.cos(angle), np.sin(angle)])
            page.mouse.move(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
            yield picture(page)


def misses(page, count=7):
    """A few ordinary images, then those with the widest gaps."""
    for image in range(3):
        page.locator(".images button").nth(image).click()
        yield picture(page)
    page.select_option("select[name=sort]", index=1)
    for image in range(count):
        page.locator(".images button").nth(image).click()
        yield picture(page)


def three(page, steps=4):
    """A digit is drawn, stroke by stroke."""
    page.get_by_role("button", name="Clear").click()
    yield picture(page)
    box = page.locator(".sheet canvas").bounding_box()
    page.mouse.move(box["x"] + THREE[0][0], box["y"] + THREE[0][1])
    page.mouse.down()
    for begin, end in pairwise(THREE):
        for share in np.arange(1, steps + 1) / steps:
            x, y = np.array(begin) + share * np.subtract(end, begin)
            page.mouse.move(box["x"] + x, box["y"] + y)
            yield picture(page)
    page.mouse.up()


def slide(page):
    """The slider goes from one end to the other, and back."""
    slider = page.locator("input[name=weight]")
    slider.focus()
    page.keyboard.press("Home")
    last = int(slider.get_attribute("max"))
    for key in ["", *["ArrowRight"] * last, *["ArrowLeft"] * (last - 1)]:
        if key:
            page.keyboard.press(key)
        page.wait_for_timeout(300)  # for the samples
        yield picture(page)


# What is done on which page, in a window of which size, and for how long a picture is to be seen.
FILMS = {
    "explorer": ("Clothes", walk, (860, 655), 250),
    "inference": ("Clothes", misses, (1000, 1190), 1500),
    "drawing": ("Digits", three, (1000, 1040), 200),
    "sweep": ("Clothes", slide, (1000, 790), 700),
}


def film(browser, name, explorer):
    """Write the film of one page."""
    _, act, (width, height), duration = FILMS[name]
    target = DOCS / f"{name}.webp"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        explorer.save(path)
        with chromium.opened(browser, path, width, height) as (page, problems):
            page.locator(READY).last.wait_for()
            first, *others = act(page)
    first.save(
        target, save_all=True, append_images=others, duration=duration, loop=0, quality=55, method=6
    )
    print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB")
    if problems:
        raise SystemExit(f"The page had problems: {problems}")


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(FILMS)))
def main(names):
    shown = explorers.make(names or FILMS)
    with chromium.launched() as browser:
        for name, here in shown.items():
            film(browser, name, here[FILMS[name][0]])


if __name__ == "__main__":
    main()
