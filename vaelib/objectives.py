"""Define the training objectives that have a name, such as the ELBO or the MMD-VAE's loss.

    reconstruction + weight * KL(q(z|x) || p(z)) + weight * MMD^2(q(z), p(z))

Here q(z|x) is the approximate posterior, that is, the encoder's distribution over codes z for an
image x. The prior p(z) is the distribution from which codes are sampled to generate new images, and
q(z) is the distribution of the codes of all images together. The terms are:

    reconstruction   how far the decoded image is from the image, see `vaelib.losses`
    KL               Kullback-Leibler divergence: how much q(z|x) differs from the prior, per image
    MMD              maximum mean discrepancy: how much the codes of a batch differ from the prior
    ELBO             evidence lower bound: -(reconstruction + KL), which is at most log p(x)

The name `ELBO` below stands for the *negative* ELBO, because objectives are minimized. A term of
your own is added with `ELBO + 0.5 * Term(function)`; see `vaelib.terms`.

"The post" is the blog post "Representation learning with MMD-VAE" (S. Keydana, RStudio AI blog,
2018), whose models this package rebuilds. Its models and related ones differ only in the weights,
in the reconstruction term, and in whether codes are sampled.
"""

from collections.abc import Callable

from vaelib import losses
from vaelib.support.errors import check_integer
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, Term
from vaelib.weighted_sum import NAMES, Objective


def beta(kl_weight: float) -> Objective:
    """Return the beta-VAE's objective: the negative ELBO with a KL weight (Higgins et al. 2017).

    >>> print(beta(4.0))
    BCE + 4 KL
    """
    return Objective(terms=[kl_weight * KL])


def capacity(gamma: float, maximum: float, epochs: float) -> Objective:
    """Return the objective that holds the mean KL at a capacity C, which increases over epochs.

        reconstruction + gamma |mean KL - C|   (Burgess et al. 2018, arXiv 1804.03599, equation 8)

    Only the mean KL over a batch is held at C, not the KL of each image. The KL is computed in
    closed form.

    Args:
        gamma: Weight of the penalty, above 0.
        maximum: Final capacity in nats, 0 or greater.
        epochs: Number of epochs over which C increases linearly from 0 to `maximum`.

    >>> print(capacity(gamma=30.0, maximum=5.0, epochs=10))
    BCE + 30 closed-form KL, capacity 5, capacity epochs 10
    """
    return Objective(terms=[gamma * CLOSED_FORM_KL], capacity=maximum, capacity_epochs=epochs)


def iwae(samples: int) -> Objective:
    """Return the negative importance-weighted bound as an objective (Burda et al. 2015).

    Args:
        samples: Number of codes sampled for each image, 1 or more. With 1, the bound is the ELBO.

    >>> iwae(1) == ELBO, iwae(5).samples
    (True, 5)
    """
    return Objective(terms=[1 * KL], samples=samples)


def infovae(
    alpha: float,
    lambda_: float,
    reconstruction: Callable = losses.binary_cross_entropy,
    sampled: bool = True,
    mmd: Term = MMD,
) -> Objective:
    """Return the InfoVAE's objective (Zhao, Song, and Ermon 2017, arXiv 1706.02262, equation 6).

        reconstruction + (1 - alpha) KL + (alpha + lambda_ - 1) MMD^2

    The arguments `alpha` and `lambda_` are α and λ of the paper.

    Args:
        reconstruction, sampled: As in `Objective`.
        mmd: The estimate of MMD^2, `MMD` or `UNBIASED_MMD`.

    Raises:
        ValueError: If one of the two weights is negative.

    >>> print(infovae(0.5, 10.0))
    BCE + 0.5 KL + 9.5 MMD
    """
    terms = [(1 - alpha) * KL, (alpha + lambda_ - 1) * mmd]
    return Objective(reconstruction, terms, sampled)


def post_elbo(batch_size: int = 100) -> Objective:
    """Return the objective of the post's VAE, divided by the number of images in a batch.

    The post's code sums the reconstruction term over the images of a batch, but averages the KL
    over them. Compared with the reconstruction term, the weight of the KL is therefore
    1 / batch_size. The post's batches have 100 images, so its effective β is 1/100.

    Args:
        batch_size: Number of images per step.

    >>> print(post_elbo(50))
    BCE + 0.02 KL
    """
    return beta(1 / check_integer("batch_size", batch_size, 1))


def post_mmd(values_per_image: int) -> Objective:
    """Return the objective of the post's MMD-VAE, multiplied by the number of values per image.

    The post minimizes the *mean* squared error over pixels plus MMD^2. Our reconstruction terms are
    sums over pixels, so MMD^2 is multiplied by the number of values, too.

    Args:
        values_per_image: height * width * channels of the images, which is the weight of MMD^2.

    >>> post_mmd(784) == POST_MMD
    True
    """
    return infovae(1, values_per_image, losses.squared_error, sampled=False)


#: Only the reconstruction term, without any regularizer on the codes, which are not sampled.
AUTOENCODER = Objective(sampled=False)
#: The negative evidence lower bound (ELBO), which a standard VAE minimizes.
ELBO = beta(1.0)
#: The negative ELBO with the post's effective weights for its batches of 100 images, that is, with
#: β = 1/100; see `post_elbo`.
POST_ELBO = post_elbo()
#: The MMD-VAE with the post's effective weights. MMD^2 is weighted by 784, the number of pixels,
#: next to the squared error summed over pixels; see `post_mmd`.
POST_MMD = post_mmd(28 * 28)

NAMES |= {AUTOENCODER: "autoencoder", ELBO: "ELBO"}
NAMES |= {POST_ELBO: "post ELBO", POST_MMD: "post MMD"}
