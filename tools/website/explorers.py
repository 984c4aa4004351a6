"""The website's interactive pages: what each of them shows, and the text above it."""

import sys
from collections.abc import Iterable

WORDS = {
    "explorer": """# Explorer

The two latent spaces were learned from the same images in 50 epochs with the post's settings. The
left one belongs to a VAE that was trained with the ELBO, the right one to the MMD-VAE. The point
under your pointer is decoded in your browser. In a notebook, `explorer.compare(run_a, run_b)` shows
the same for two of your own runs.
""",
    "inference": """# Where did this image come from?

The encoder approximates the *true posterior* of an image, that is, the distribution of the codes
that may have produced it. In two dimensions the true posterior can be computed. It is shown in blue
for each of a thousand test images, and the ellipse is the approximate posterior of the VAE's
encoder. If you sort the images by their gap, those with the worst approximation come first. The
MMD-VAE's encoder returns a single point for each image, but its images have a true posterior, too.
In a notebook, `explorer.infer(run_a, run_b)` shows the same for your own runs.
""",
    "drawing": """# Draw a digit

Clear the sheet and draw a digit with mouse, pen, finger or keys, or load an image. While you draw,
two encoders compute its code, that of a VAE and that of an MMD-VAE, both trained on handwritten
digits. They run in your browser, so your drawing is not sent anywhere.
""",
    "sweep": """# The weight of the KL

The seven VAEs differ in a single number, the weight of the KL in their loss. In the post's code it
was 1/100 by mistake, and the switch shows the effect. In a notebook,
`explorer.sweep(*vae_family.betas())` shows the same, and `explorer.sweep` shows runs of your own.
""",
}


def make(names: Iterable[str] = tuple(WORDS)) -> dict[str, dict[str, object]]:
    """Make the explorers of each page, by title, from the runs that come with the project."""
    from study import vae_family
    from vaelib import data, explorer, runs  # here, because it imports TensorFlow

    titles = ("VAE", "MMD-VAE")

    def pair(name):
        return [runs.load(f"{name}_{model}_50-epochs") for model in ("elbo", "post-mmd")]

    clothes, digits = pair("fashion_mnist"), pair("mnist")
    ways = {
        "explorer": lambda: {
            "Clothes": explorer.compare(*clothes, titles=titles),
            "Digits": explorer.compare(*digits, titles=titles),
        },
        "inference": lambda: {"Clothes": explorer.infer(*clothes, titles=titles)},
        "drawing": lambda: {"Digits": explorer.infer(*digits, titles=titles)},
        "sweep": lambda: {"Clothes": explorer.sweep(*vae_family.load_beta_vaes())},
    }
    try:
        return {name: ways[name]() for name in names}
    except data.DataError as error:
        sys.exit(f"The explorers show test images, which could not be loaded: {error}")


def path_of(name: str, title: str) -> str:
    """Return the path of an explorer as a separate page, relative to the website."""
    return f"explorers/{name}-{title.lower()}.html"


def page(name: str, explorers: dict[str, object]) -> str:
    """Return a page in Markdown with each explorer in a frame and a link to download it."""
    text = WORDS[name]
    for title, explorer in explorers.items():
        # One line of HTML, because in Markdown an empty line would end it.
        frame = explorer._repr_html_().replace("\n", "&#10;")
        link = f"[Download as a separate page](path:{path_of(name, title)})"
        text += f"\n## {title}\n\n{link}\n"
        text += f"\n<div>{frame}</div>\n"
    return text
