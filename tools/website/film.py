"""Film the explorer in use: docs/explorer.webp, which README shows.

`python -m tools.website.film`: opens the page in Chromium, as the tests do, and moves the pointer.
"""

import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tools.website import chromium
from vaelib import explorer, runs

TARGET = Path(__file__).resolve().parents[2] / "docs" / "explorer.webp"
NAMES = {"VAE": "elbo", "MMD-VAE": "mmd-as-posted"}


def film(page, frames):
    """Pictures of the page while the pointer goes once around in the left plane, then right."""
    turn = np.linspace(0, 2 * np.pi, frames // 2, endpoint=False)
    for plane in page.locator(".plane").all():
        box = plane.bounding_box()
        for angle in turn:
            share = 0.5 + 0.27 * np.array([np.cos(angle), np.sin(angle)])
            page.mouse.move(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
            yield Image.open(io.BytesIO(page.screenshot()))


def main(frames=36):
    shown = [runs.load(f"fashion_mnist_{name}_50-epochs") for name in NAMES.values()]
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        path = Path(folder, "explorer.html")
        explorer.compare(*shown, titles=NAMES).save(path)
        with chromium.opened(browser, path, width=860, height=655) as (page, problems):
            page.locator(".said:not(:empty)").last.wait_for()
            first, *others = film(page, frames)
    first.save(
        TARGET, save_all=True, append_images=others, duration=250, loop=0, quality=55, method=6
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB")
    if problems:
        raise SystemExit(f"The page had problems: {problems}")


if __name__ == "__main__":
    main()
