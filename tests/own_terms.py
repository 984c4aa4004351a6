"""Terms as a reader writes them: of the codes, of the decoded images, and with random numbers."""

from vaelib.support.backend import ops
from vaelib.terms import Term


def variance_of_norms(images, outputs, prior):
    return ops.var(ops.norm(outputs["z"], axis=1))


def roughness(images, outputs, prior):
    """How much neighboring pixels of a decoded image differ, a number for each image."""
    decoded = ops.sigmoid(outputs["logits"])
    return ops.sum(ops.abs(decoded[:, 1:] - decoded[:, :-1]), axis=(1, 2, 3))


def sliced_distance(images, outputs, prior):
    """The sliced Wasserstein distance of the codes from samples of the prior."""
    z = outputs["z"]
    directions = prior.noise(z.shape[1], 8)
    samples = ops.matmul(prior.sample(ops.shape(z)[0]), directions)
    codes = ops.matmul(z, directions)
    return ops.mean(ops.square(ops.sort(codes, axis=0) - ops.sort(samples, axis=0)))


NORMS, ROUGH, SLICED = map(Term, (variance_of_norms, roughness, sliced_distance))
