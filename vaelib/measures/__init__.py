"""Numbers for what the pictures show: functions on arrays, and on a model and its images.

What is in which file:

    codes       where codes lie, and what they know of classes
    aggregate   the codes of all images together, against the prior
    images      decoded images against real ones
    features    the feature space that these are compared in
    likelihood  how probable a model finds an image, exactly where there are two latent dimensions
"""

from vaelib.measures.aggregate import (
    covariance_distance,
    held_out_kernel,
    information,
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
from vaelib.measures.images import (
    Manifold,
    mean_cross_entropy,
    mean_squared_error,
    path_length,
    precision_recall_density_coverage,
    sharpness,
)
