"""Latent spaces to walk through in a browser: in a notebook, or as a page of its own.

Encoder and decoder run in the browser, so that nothing is fetched and no kernel is needed. What is
in which file:

    comparison  `compare`: latent spaces side by side, decoded under the pointer
    steering    `steer`: two sliders with names that lead over a plane
    pages       what all pages share: `Explorer`, one HTML file, a frame, a widget
    shown       which runs they can show; `payload`: what they know of models and data sets
"""

from vaelib.explorer.comparison import compare
from vaelib.explorer.pages import Explorer
from vaelib.explorer.steering import steer
