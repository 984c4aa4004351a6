"""Figures of images, latent spaces and measurements, made from arrays.

Every function takes arrays and returns a Matplotlib `Figure`. Nothing here trains a model, and no
function shows or saves a figure. The modules are:

    overview          samples, codes and decoded grids, alone or side by side; rows of images
    posteriors        approximate and true posteriors of single images, the aggregate posterior
    posterior_panels  distributions on grids, with normal distributions as ellipses
    curves            curves, and one quantity against another
    model_comparison  several models or several priors side by side
    by_seed           a measure of several models, one dot per training run
    factors           factors of variation: images by factor, values and directions in latent space
    witness           the witness function of MMD over the latent space
    sample_pairs      pairs of samples side by side
    point_panels      sets of points, arrows and paths in latent space
    elbo_bars         log-likelihood, ELBO and their gap, image by image
    diagrams          the network, its loss and the path of the gradients
    model_drawing     autoencoder, VAE, and MMD-VAE side by side
    labels            helper functions: labels beside dots, and legends
    panels            helper functions: one panel of a figure
    prior_contours    helper functions: the contour of a prior in a latent space
    text              helper function: names as literal text of limited length
    tiling            helper function: many images as one picture
"""

from vaelib.plotting.by_seed import values_by_seed
from vaelib.plotting.curves import curves, loss_curves, scatter_with_diagonal
from vaelib.plotting.diagrams import network_diagram
from vaelib.plotting.elbo_bars import elbo_bars
from vaelib.plotting.factors import factor_directions, factor_grid, latent_space_by_factor
from vaelib.plotting.model_comparison import (
    active_units,
    heatmaps,
    latent_spaces,
    priors,
    rate_distortion,
)
from vaelib.plotting.model_drawing import three_models
from vaelib.plotting.overview import (
    comparison,
    evolution,
    image_rows,
    latent_grid,
    latent_space,
    samples,
)
from vaelib.plotting.point_panels import point_panels
from vaelib.plotting.posterior_panels import posterior_panels
from vaelib.plotting.posteriors import (
    aggregate_posterior,
    approximate_posteriors,
    elbo_gaps,
    true_posteriors,
)
from vaelib.plotting.sample_pairs import sample_pairs
from vaelib.plotting.witness import witness
