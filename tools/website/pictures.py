"""Make README's pictures: docs/latent_spaces.png, and four films of the interactive pages.

The pictures are committed, and are made again by hand when what they show has changed.
`python -m tools.website.pictures` makes all of them, or only those that are named. The films need
Chromium, in which the pointer or the slider of each page is moved.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tools.website import chromium, explorers
from vaelib import data, runs
from vaelib.plotting import panels
from vaelib.plotting.labels import class_legend

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODELS = {
    "the post's VAE": "fashion_mnist_post-elbo_50-epochs",
    "VAE, standard KL weight": "fashion_mnist_elbo_50-epochs",
    "the post's MMD-VAE": "fashion_mnist_post-mmd_50-epochs",
}
LIMIT = 9  # half the width of all latent spaces, so that they can be compared
THREE = [(70, 55), (100, 40), (130, 60), (120, 90), (95, 98), (125, 110), (132, 145), (70, 150)]


def latent_spaces() -> None:
    """Draw samples, latent space and grid of three models, one model in each row."""
    figure, axes = plt.subplots(3, 3, figsize=(11, 11.7), layout="constrained")
    for row, (title, name) in zip(axes, MODELS.items(), strict=True):
        snapshots = runs.load(name).snapshots
        codes, labels = snapshots["codes"][-1], snapshots["labels"]
        panels.plot_samples(row[0], snapshots["samples"][-1])
        panels.plot_latent_space(row[1], codes, labels, limit=LIMIT)
        panels.plot_latent_grid(row[2], snapshots["grid"][-1])
        row[0].set_ylabel(title, size=13)
    for ax, title in zip(
        axes[0], ("samples", "codes of the test images", "decoded grid"), strict=True
    ):
        ax.set_title(title)
    class_legend(figure, data.DATASETS["fashion_mnist"].class_names)
    figure.savefig(DOCS / "latent_spaces.png", dpi=90)


def circle(page) -> Iterator[None]:
    """Move the pointer around once in the left latent space, then in the right one."""
    for plane in page.locator(".plane").all():
        box = plane.bounding_box()
        for angle in np.linspace(0, 2 * np.pi, 18, endpoint=False):
            x, y = 0.5 + 0.27 * np.cos(angle), 0.5 + 0.27 * np.sin(angle)
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            yield


def choose(page) -> Iterator[None]:
    """Choose three images, then the seven with the largest gaps."""
    for image in [*range(3), *range(7)]:
        yield page.locator(".images button").nth(image).click()
        if image == 2:
            page.select_option("select[name=sort]", index=1)


def draw(page) -> Iterator[None]:
    """Draw the digit 3."""
    yield page.get_by_role("button", name="Clear").click()
    box = page.locator(".sheet canvas").bounding_box()
    corner = np.array([box["x"], box["y"]], dtype=float)
    page.mouse.move(*corner + THREE[0])
    page.mouse.down()
    for begin, end in pairwise(THREE):
        for share in (0.25, 0.5, 0.75, 1):
            yield page.mouse.move(*corner + begin + share * np.subtract(end, begin))


def slide(page) -> Iterator[None]:
    """Move the slider from one end to the other and back."""
    slider = page.locator("input[name=weight]")
    slider.focus()
    last = int(slider.get_attribute("max"))
    for key in ["Home", *["ArrowRight"] * last, *["ArrowLeft"] * (last - 1)]:
        page.keyboard.press(key)
        yield page.wait_for_timeout(300)  # until the samples are drawn


FILMS = {  # what is shown and done, in a window of which size, and milliseconds per picture
    "explorer": ("Clothes", circle, (860, 655), 250),
    "inference": ("Clothes", choose, (1000, 1190), 1500),
    "drawing": ("Digits", draw, (1000, 1040), 200),
    "sweep": ("Clothes", slide, (1000, 790), 700),
}


def film(name: str, explorer: object) -> None:
    """Write docs/NAME.webp, with one picture after each step of what is done on the page."""
    _, act, (width, height), duration = FILMS[name]
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        path = Path(folder, "page.html")
        explorer.save(path)
        with chromium.opened(browser, path, width, height) as (page, problems):
            page.locator(".said:not(:empty)").last.wait_for()
            first, *others = [Image.open(io.BytesIO(page.screenshot())) for _ in act(page)]
    options = {"duration": duration, "loop": 0, "quality": 55, "method": 6}
    first.save(DOCS / f"{name}.webp", save_all=True, append_images=others, **options)
    if problems:
        sys.exit(f"The page had problems: {problems}")


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(["latent_spaces", *FILMS]))
def main(names: tuple[str, ...]) -> None:
    """Make the pictures of these names, or all of them."""
    if not names or "latent_spaces" in names:
        latent_spaces()
    for name, shown in explorers.make(set(FILMS) & set(names or FILMS)).items():
        film(name, shown[FILMS[name][0]])


if __name__ == "__main__":
    main()
