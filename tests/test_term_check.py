"""The check of a term before training: what would not repeat, or could not be trained."""

import re

import numpy as np
import pytest

import own_terms
from vaelib.losses import fork_gradient, gaussian_nll
from vaelib.models import VAE
from vaelib.objectives import AUTOENCODER, ELBO, POST_MMD, Objective
from vaelib.priors import STANDARD_NORMAL, mixture, vamp
from vaelib.support.backend import keras, ops, tf
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, UNBIASED_MMD, Term

OWN = [own_terms.NORMS, own_terms.ROUGH, own_terms.SLICED]


def mean_of_codes(images, outputs, prior):
    return ops.mean(ops.square(outputs["z"]))


def of_mean_and_code(images, outputs, prior):
    return ops.sum(outputs["z_mean"] * outputs["z"], axis=1)


def of_the_prior(images, outputs, prior):
    return -prior.log_density(outputs["z"])


BOTH, DENSITY = Term(of_mean_and_code), Term(of_the_prior, trains_prior=True)


@pytest.mark.parametrize("prior", [STANDARD_NORMAL, mixture(3), vamp(3)], ids=str)
@pytest.mark.parametrize(
    "objective",
    [
        *(Objective(terms=[1 * term]) for term in (KL, CLOSED_FORM_KL, MMD, UNBIASED_MMD)),
        *(ELBO + 1 * term for term in (MMD, *OWN, BOTH, DENSITY)),
        ELBO + 1 * MMD + 1 * OWN[0] + 1 * OWN[1] + 1 * OWN[2] + 1 * DENSITY,
        *(POST_MMD + 1 * OWN[0] + 1 * OWN[1], POST_MMD + 1 * BOTH, AUTOENCODER + 1 * BOTH),
        Objective(gaussian_nll, [1 * KL]) + 1 * OWN[1],
    ],
    ids=str,
)
def test_no_tensor_of_a_training_step_gets_three_gradients(objective, prior):
    try:
        model = VAE(objective=objective, prior=prior)
    except ValueError as error:
        assert re.search("standard normal|nothing in the objective|sampled codes", str(error))
        return

    @tf.function(autograph=False)
    def gradients(images):
        with tf.GradientTape() as tape:
            loss = model.compute_loss(images, y_pred=model(images, training=True))
        return tape.gradient(loss, model.trainable_variables)

    graph = gradients.get_concrete_function(tf.TensorSpec((None, 28, 28, 1))).graph
    sums = [op for op in graph.get_operations() if op.type == "AddN" and len(op.inputs) > 2]
    assert [op.outputs[0].shape for op in sums] == []


def thrice(images, outputs, prior):
    z = outputs["z"]
    return ops.sum(z * z * z, axis=1)


def with_copies(images, outputs, prior):
    one, two, three = fork_gradient(outputs["z"], 3)
    return ops.sum(one * two * three, axis=1)


def with_noise_of_tensorflow(images, outputs, prior):
    return ops.sum(outputs["z"] * tf.random.normal((2,)), axis=1)


def with_noise_of_keras(images, outputs, prior):
    return ops.sum(outputs["z"] * keras.random.normal((2,)), axis=1)


def with_noise_of_numpy(images, outputs, prior):
    return ops.sum(outputs["z"] * np.random.default_rng().random(2, "float32"), axis=1)


def without_gradient(images, outputs, prior):
    return ops.cast(ops.argmax(outputs["z"], axis=1), "float32")


def over_the_wrong_axis(images, outputs, prior):
    return ops.sum(outputs["z"], axis=0)


def in_numpy(images, outputs, prior):
    return np.var(outputs["z"])


def with_a_wrong_name(images, outputs, prior):
    return ops.sum(outputs["code"], axis=1)


def with_the_static_size(images, outputs, prior):
    return ops.sum(outputs["z"]) / outputs["z"].shape[0]


def of_the_variance(images, outputs, prior):
    return ops.sum(outputs["z_log_var"], axis=1)


@pytest.mark.parametrize(
    "function, said",
    [
        (thrice, r"uses a tensor of shape \(None, 2\) three or more times, .*\.fork_gradient"),
        (with_noise_of_tensorflow, r"different values for the same .* prior\.noise\(n, d\)"),
        (with_noise_of_keras, "different values for the same images and codes"),
        (with_noise_of_numpy, "different values for the same images and codes"),
        (without_gradient, "has no gradient with respect to the outputs"),
        (over_the_wrong_axis, r"has shape \(2,\): expected one number for each image"),
        (in_numpy, r"cannot be computed \(NotImplementedError: .* use functions of keras\.ops"),
        (with_a_wrong_name, "the outputs have no 'code', they are z_mean, z_log_var, z, logits"),
        (with_the_static_size, r"use .* ops\.shape\(z\)\[0\] for the number of images"),
    ],
)
def test_a_term_that_cannot_be_trained_is_refused_before_training(function, said):
    with pytest.raises(ValueError, match=f"^the term {function.__name__} ") as raised:
        VAE(objective=ELBO + 1 * Term(function))
    assert re.search(said, str(raised.value))


def test_a_term_with_copies_is_accepted():
    assert VAE(objective=ELBO + 1 * Term(with_copies)).objective.term_names[-1] == "with_copies"


def test_a_term_that_names_too_few_outputs_is_refused():
    with pytest.raises(ValueError, match="the outputs have no 'z', they are z_mean"):
        VAE(objective=ELBO + 1 * Term(mean_of_codes, uses=["z_mean"]))


def in_double_precision(images, outputs, prior):
    return ops.mean(ops.square(ops.cast(outputs["z"], "float64")), axis=1)


def test_a_term_of_another_type_is_converted(faces):
    model = VAE(objective=ELBO + 1 * Term(in_double_precision))
    assert model.compute_loss(faces.test_images, y_pred=model(faces.test_images)).dtype == "float32"


def test_a_weighted_term_can_come_first():
    assert 1 * MMD + ELBO == ELBO + 1 * MMD


def test_a_term_of_the_variance_needs_sampled_codes():
    VAE(objective=ELBO + 1 * Term(of_the_variance))
    with pytest.raises(ValueError, match="the outputs have no 'z_log_var'"):
        VAE(objective=POST_MMD + 1 * Term(of_the_variance))
    named = Term(of_the_variance, uses=("z_log_var",))
    with pytest.raises(ValueError, match="of_the_variance needs the variance of q"):
        POST_MMD + 1 * named
