"""The website's pages to try things on: what each shows, and the words above it."""

import sys
from collections.abc import Iterable

WORDS = {
    "explorer": """# Explorer

Two latent spaces, learned from the same images in 50 epochs with the post's settings: left by a
VAE with the ELBO, right by the MMD-VAE. Whatever is under your pointer is decoded, here in your
browser. In a notebook, `explorer.compare(run_a, run_b)` does the same with your own.
""",
    "inference": """# Where did this image come from?

An encoder answers at one glance; the truth can be computed. For each of a thousand test images,
blue is its *true posterior*: where its code may really be. The ellipse is what the VAE's encoder
says. Sort the images by their gap, and the encoder's worst misses come first. The MMD-VAE has
points for codes, but a true posterior all the same. In a notebook, `explorer.infer(run_a, run_b)`
does the same with your own.
""",
    "drawing": """# Draw a digit

Clear the sheet and draw a digit, with mouse, pen, finger or keys, or load an image. Two encoders
follow as you draw, a VAE's and an MMD-VAE's, both trained on handwritten digits. They run in your
browser: your drawing goes nowhere.
""",
    "sweep": """# The weight of the KL

Seven VAEs that differ in one number, the weight of the KL in their loss. The post's code made it a
hundredth by mistake: the switch shows what that did. In a notebook,
`explorer.sweep(*family.betas())` shows the same, and `explorer.sweep` any others.
""",
}


def make(names: Iterable[str] = tuple(WORDS)) -> dict[str, dict[str, object]]:
    """The explorers of each page, by their titles, of the runs that come with the project."""
    from vaelib import data, explorer, runs  # here, for it imports TensorFlow
    from vaelib.study import family

    titles = ("VAE", "MMD-VAE")

    def pair(name):
        return [runs.load(f"{name}_{model}_50-epochs") for model in ("elbo", "mmd-as-posted")]

    clothes, digits = pair("fashion_mnist"), pair("mnist")
    ways = {
        "explorer": lambda: {
            "Clothes": explorer.compare(*clothes, titles=titles),
            "Digits": explorer.compare(*digits, titles=titles),
        },
        "inference": lambda: {"Clothes": explorer.infer(*clothes, titles=titles)},
        "drawing": lambda: {"Digits": explorer.infer(*digits, titles=titles)},
        "sweep": lambda: {"Clothes": explorer.sweep(*family.betas())},
    }
    try:
        return {name: ways[name]() for name in names}
    except data.DataError as error:
        sys.exit(f"The explorers show test images, and there are none: {error}")


def path_of(name: str, title: str) -> str:
    """Where an explorer lies as a page of its own."""
    return f"explorers/{name}-{title.lower()}.html"


def page(name: str, explorers: dict[str, object]) -> str:
    """A page with each of its explorers in a frame, and links to them as pages of their own."""
    text = WORDS[name]
    for title, explorer in explorers.items():
        # One line of HTML, for Markdown would end it at an empty one.
        frame = explorer._repr_html_().replace("\n", "&#10;")
        link = f"[Download as a page of its own](path:{path_of(name, title)})"
        text += f"\n## {title}\n\n{link}\n"
        text += f"\n<div>{frame}</div>\n"
    return text
