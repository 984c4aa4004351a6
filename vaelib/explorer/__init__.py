"""Interactive pages for exploring latent spaces in a browser or in a notebook.

The encoder and the decoder run in the browser, so a page needs neither a network connection nor a
Python kernel. The modules are:

    comparison      `compare`: latent spaces side by side; the code under the pointer is decoded.
                    `compare_stored`: the same for one run whose images are not at hand
    inference       `infer`: true and approximate posteriors of test images and of drawings
    beta_sweep      `sweep`: a slider for the KL weight
    steering        `steer`: two named sliders that move a code through latent space
    page            `Explorer`: a page as an HTML file, in a notebook, or as a widget
    payload         the data that a page contains about models and data sets
    posterior_grid  true posteriors of many images on a grid, stored sparsely
    run_checks      checks which runs can be shown, and on which images
    static/         JavaScript and style sheets
"""

from vaelib.explorer.beta_sweep import sweep
from vaelib.explorer.comparison import compare, compare_stored
from vaelib.explorer.inference import infer
from vaelib.explorer.page import Explorer
from vaelib.explorer.steering import steer
