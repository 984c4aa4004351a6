"""Networks: the post's, and the gated ones of the VampPrior paper."""

import numpy as np
import pytest
from scipy import special

from vaelib.models import VAE
from vaelib.networks import build_decoder, build_encoder
from vaelib.objectives import ELBO, POST_MMD
from vaelib.support.image_arrays import IMAGE_SHAPE


def test_the_networks_have_as_many_parameters_as_the_posts():
    assert build_encoder(4, IMAGE_SHAPE).count_params() == 28_036
    assert build_encoder(2, IMAGE_SHAPE).count_params() == 23_426
    assert build_decoder(2, IMAGE_SHAPE).count_params() == 41_953


def test_the_gated_networks_are_those_of_the_vamp_prior_paper(faces):
    model = VAE(40, network="gated")
    first, second = 2 * (784 * 300 + 300), 2 * (300 * 300 + 300)
    assert model.encoder.count_params() == first + second + 2 * (300 * 40 + 40)
    assert model.decoder.count_params() == 2 * (40 * 300 + 300) + second + 300 * 784 + 784
    assert model(faces.test_images)["logits"].shape == (60, 28, 28, 1)
    assert np.isfinite(model.sample(3)).all()


def test_a_gate_multiplies_one_half_by_the_sigmoid_of_the_other(faces):
    model = VAE(3, network="gated")
    gate = model.decoder.layers[0]
    kernel, bias = (np.asarray(weight) for weight in gate.weights)
    z = np.random.default_rng(0).standard_normal((5, 3)).astype("float32")
    value, opened = np.split(z @ kernel + bias, 2, axis=1)
    np.testing.assert_allclose(gate(z), value * special.expit(opened), rtol=1e-4, atol=1e-5)


def test_gated_log_variances_stay_in_their_range(faces):
    model = VAE(2, network="gated")
    for weight in model.encoder.trainable_weights:
        weight.assign(weight * 100)
    _, z_log_var = model.encode_distribution(faces.test_images)
    assert z_log_var.min() == -6 and z_log_var.max() == 2


def test_a_network_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="network must be one of convolutional, gated, not 'mlp'"):
        VAE(network="mlp")
    with pytest.raises(ValueError, match="a gated network needs sampled codes"):
        VAE(objective=POST_MMD, network="gated")


@pytest.mark.parametrize("objective, parameters", [(ELBO, 28_036), (POST_MMD, 23_426)])
def test_the_objective_determines_the_encoders_outputs(objective, parameters):
    assert VAE(objective=objective).encoder.count_params() == parameters
