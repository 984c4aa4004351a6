"""Latent spaces to walk through in a browser: in a notebook, or as a page of its own.

Encoder and decoder run in the browser, so that nothing is fetched and no kernel is needed. What is
in which file:

    comparison  `compare`: latent spaces side by side, decoded under the pointer
    inference   `infer`: true posteriors beside what the encoder says, and drawings of one's own
    sweeps      `sweep`: the weight of the KL as a slider
    steering    `steer`: two sliders with names that lead over a plane
    pages       what all pages share: `Explorer`, one HTML file, a frame, a widget
    payload     what they know of models and data sets
    posteriors  the true posteriors of many images, kept sparsely
    shown       which runs can be shown, and on which images
"""

from vaelib.explorer.comparison import compare
from vaelib.explorer.inference import infer
from vaelib.explorer.pages import Explorer
from vaelib.explorer.steering import steer
from vaelib.explorer.sweeps import sweep
