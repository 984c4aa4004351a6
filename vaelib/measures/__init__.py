"""Measure trained models: latent codes, decoded images, and likelihoods.

Most functions take arrays. A few take a model and images.

    codes                statistics of codes and the class information in them
    aggregate_posterior  distance of the aggregate posterior q(z) from the prior
    disentanglement      how well factors of variation can be predicted from codes
    decoded_images       decoded images compared with real images
    features             the classifier features in which images are compared
    likelihood           log p(x), ELBO, rate and distortion
    code_grid            grids of codes, and the most probable code of each image
    pixel_densities      log p(x|z) of many images under many codes
    points               argument checks shared by these files
"""

from vaelib.measures.aggregate_posterior import (
    covariance_distance,
    decompose_rate,
    held_out_kernel,
    mean_norm,
    mmd_test,
    moment_kl,
    occupancy,
)
from vaelib.measures.codes import (
    active_units,
    cluster_agreement,
    code_statistics,
    knn_accuracy,
    probe_accuracy,
    silhouette,
    summary,
)
from vaelib.measures.decoded_images import (
    Manifold,
    mean_cross_entropy,
    mean_squared_error,
    path_length,
    precision_recall_density_coverage,
    sharpness,
)
