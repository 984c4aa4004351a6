"""Latent spaces to walk through in a browser: in a notebook, or as a page of its own.

Encoder and decoder run in the browser, so that nothing is fetched and no kernel is needed. What is
in which file:

    comparison  `compare`: latent spaces side by side, decoded under the pointer
    pages       what all pages share: `Explorer`, one HTML file, a frame, a widget
    payload     what they know of models and data sets
"""

from vaelib.explorer.comparison import compare
from vaelib.explorer.pages import Explorer
