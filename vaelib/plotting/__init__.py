"""Arrays in, figure out. Nothing here trains, and nothing shows or saves.

What is in which file:

    pictures    samples, codes on a plane, a decoded grid; all three side by side; rows of images
    posteriors  single images: clouds on the plane, and the true posterior beside them
    curves      curves, and one quantity against another
    sweeps      many models, or many priors, side by side
    causes      known causes on a plane: their values, and where they grow
    witness     where two clouds differ, over the plane
    bars        log-likelihood, bound and gap, image by image
    drawings    the network, its loss, and the way of the gradients
    labels      words beside dots; `panels`: one picture in one pair of axes: what these are made of
"""

from vaelib.plotting.bars import bounds
from vaelib.plotting.causes import causes, compass
from vaelib.plotting.curves import agreement, curves, loss_curves
from vaelib.plotting.drawings import network
from vaelib.plotting.pictures import (
    comparison,
    evolution,
    latent_grid,
    latent_space,
    samples,
    strips,
)
from vaelib.plotting.posteriors import clouds, gaps, posteriors, true_posteriors
from vaelib.plotting.sweeps import heatmaps, planes, priors, rate_distortion, units
from vaelib.plotting.witness import witness
