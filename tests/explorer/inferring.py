"""What is read off the page of `explorer.infer`, and what is done there."""

import re

import numpy as np
from canvases import picture

READY = ".inference .near .said:not(:empty)"


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
