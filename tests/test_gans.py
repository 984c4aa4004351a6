"""vaelib/gans.py: the losses and a training step, against formulas and gradients by hand."""

import base64
import io
from contextlib import redirect_stdout

import numpy as np
import pytest
import tensorflow as tf

from vaelib import explorer, objectives, runs
from vaelib.adversarial import Adversarial
from vaelib.data import render_faces
from vaelib.gans import GAN
from vaelib.measures import likelihood, mean_squared_error
from vaelib.measures.code_grid import most_probable_codes
from vaelib.runs import provenance
from vaelib.runs.gan_recipes import recipe_from_config
from vaelib.support.backend import keras
from vaelib.support.latent_grid import grid_codes
from vaelib.terms import KL, MMD

SHAPE = 8, 8, 1


def small(r1=1.0, seed=0):
    return GAN(2, Adversarial(r1=r1), seed, SHAPE)


def images_of(n, seed=0):
    return np.random.default_rng(seed).random((n, *SHAPE), "float32")


def one_step(model, images, rate=0.1):
    """Train by one step of plain gradient descent, and return the reported terms."""
    model.compile(keras.optimizers.SGD(rate), jit_compile=False)
    return model.fit(images, batch_size=len(images), epochs=1, verbose=0, shuffle=False).history


def generated_in_step(model, n):
    """The images that the generator makes in the next step; the noise is not used up."""
    generator = keras.random.SeedGenerator(0)
    generator.state.assign(model.seed_generator.state)
    z = model.prior.sample_tensor(n, generator)
    return tf.sigmoid(model.decoder(z))


def test_the_losses_are_the_cross_entropies_of_a_classifier():
    real, generated = np.array([2.0, -1.0], "float32"), np.array([0.5, -3.0], "float32")
    terms = Adversarial().loss_terms(None, {"real": real, "generated": generated})
    is_real, is_taken = (1 / (1 + np.exp(-logits)) for logits in (real, generated))
    expected = -np.log(is_real) - np.log(1 - is_taken)
    np.testing.assert_allclose(terms["discriminator"], expected, rtol=1e-5)
    np.testing.assert_allclose(terms["generator"], -np.log(is_taken), rtol=1e-5)
    total = expected.mean() - np.log(is_taken).mean()
    assert float(Adversarial().loss(terms)) == pytest.approx(total, rel=1e-5)


def test_the_penalty_is_half_the_squared_gradient_of_the_discriminator_at_real_images():
    """Against differences of the discriminator's output for small changes of each pixel."""
    model, images, step = small(r1=3.0), images_of(4), 0.05
    kernel, *_ = model.discriminator.get_weights()
    model.discriminator.layers[0].set_weights([kernel, np.full(32, 9.0)])  # no ReLU is at its kink
    model.discriminator.layers[1].set_weights(
        [model.discriminator.layers[1].get_weights()[0], np.full(64, 99.0)]
    )
    moved = np.eye(64, dtype="float32").reshape(64, *SHAPE) * step
    slopes = [
        (model.discriminator(x + moved) - model.discriminator(x - moved))[:, 0] / (2 * step)
        for x in images
    ]
    expected = np.mean([(slope.numpy() ** 2).sum() for slope in slopes])
    found = one_step(model, images)
    assert found["penalty"][0] == pytest.approx(expected, rel=0.01)
    rest = found["discriminator"][0] + found["generator"][0]
    assert found["loss"][0] == pytest.approx(rest + 3 / 2 * found["penalty"][0], rel=1e-5)


def test_a_step_changes_each_network_by_the_gradient_of_its_own_loss():
    """Both gradients are at the weights before the step."""
    model, images = small(r1=0.0), images_of(6)
    with tf.GradientTape(persistent=True) as tape:
        generated = generated_in_step(model, 6)
        real, taken = model.discriminator(images)[:, 0], model.discriminator(generated)[:, 0]
        classifies = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(taken))
        deceives = tf.reduce_mean(tf.nn.softplus(-taken))
    expected = []
    for network, loss in ((model.discriminator, classifies), (model.decoder, deceives)):
        weights = network.trainable_variables
        expected += [
            w - 0.1 * g for w, g in zip(weights, tape.gradient(loss, weights), strict=True)
        ]
    one_step(model, images)
    found = [*model.discriminator.trainable_variables, *model.decoder.trainable_variables]
    for value, weight in zip(expected, found, strict=True):
        np.testing.assert_allclose(weight, value, atol=1e-6)


def test_a_gan_learns_two_images():
    """It samples both, about equally often, and nothing in between."""
    top, left = np.zeros((2, *SHAPE), "float32")
    top[:4], left[:, :4] = 1, 1
    images = np.stack([top, left] * 100)
    model = small()
    model.compile(keras.optimizers.Adam(5e-3, beta_1=0.5), jit_compile=False)
    model.fit(images, batch_size=50, epochs=75, verbose=0)
    samples = model.sample(400)
    distances = np.stack([np.abs(samples - x).mean(axis=(1, 2, 3)) for x in (top, left)])
    assert np.median(distances.min(axis=0)) < 0.1
    assert 0.2 < (distances[0] < distances[1]).mean() < 0.8


@pytest.mark.parametrize("objective", [objectives.ELBO, objectives.AUTOENCODER, None])
def test_losses_of_a_vae_are_refused(objective):
    with pytest.raises(TypeError, match="the objective of a GAN must be an Adversarial, not"):
        GAN(objective=objective)
    with pytest.raises(TypeError, match="the objective of a GAN must be an Adversarial, not"):
        runs.GANRecipe(objective=objective)


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: Adversarial() + 1 * KL, "needs the variance|terms cannot be set for a GAN"),
        (lambda: Adversarial() + 1 * MMD, "terms cannot be set for a GAN"),
        (lambda: Adversarial(samples=2), "samples is 2"),
        (lambda: Adversarial(sampled=True), "sampled cannot be set for a GAN"),
        (lambda: Adversarial(r1=-1), "r1 must be a finite number, 0 or more, not -1."),
        (lambda: runs.GANRecipe(condition=True), "the condition of a GAN must be False, not True."),
        (lambda: runs.GANRecipe(network="gated"), "the network of a GAN must be convolutional"),
        (lambda: runs.GANRecipe(optimizer="nadam"), "the optimizer of a GAN must be adam"),
    ],
)
def test_wrong_settings_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    "use",
    [
        lambda model, x: model.encode(x),
        lambda model, x: model.encode_distribution(x),
        lambda model, x: model.encoder,
        mean_squared_error,
        likelihood.elbo,
        likelihood.importance_sampled_log_likelihood,
    ],
)
def test_what_needs_an_encoder_is_refused_in_a_sentence(use):
    with pytest.raises(
        ValueError, match=r"a GAN has no encoder: compute which codes .* train a VAE"
    ):
        use(small(), images_of(2))


def linear_gan(weights, bias):
    """A GAN whose generator is linear: logits = z weights + bias."""
    model = small()
    model.decoder = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape(SHAPE)]
    )
    model.decoder.set_weights([weights, bias])
    return model


def test_the_likelihood_of_a_linear_generator_is_known():
    """Pixels that are normal given the code: x is normal with covariance W'W + s² I."""
    random, scale = np.random.default_rng(3), 0.5
    weights, bias = random.normal(0, 0.3, (2, 64)), random.normal(0, 1, 64)
    images = random.random((5, *SHAPE)).astype("float32")

    def log_p(flat, logits):  # of pixels around the logits
        squares = tf.reduce_sum((flat[:, None] - logits) ** 2, axis=2)
        return -squares / (2 * scale**2) - 32 * np.log(2 * np.pi * scale**2)

    model = linear_gan(weights, bias)
    found = likelihood.log_likelihood(model, images, step=0.05, log_p_x_given_z=log_p)
    covariance = weights.T @ weights + scale**2 * np.eye(64)
    off = images.reshape(5, -1) - bias
    squares = (off @ np.linalg.inv(covariance) * off).sum(axis=1)
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    np.testing.assert_allclose(found, -(squares + log_det) / 2, atol=0.01)

    # The posterior is normal, too, and its mean is its mode.
    precision = np.eye(2) + weights @ weights.T / scale**2
    mode = np.linalg.solve(precision, weights @ off.T / scale**2).T
    codes = most_probable_codes(model, images, step=0.05, log_p_x_given_z=log_p)
    np.testing.assert_allclose(codes, mode, atol=0.05)


def test_the_most_probable_code_is_the_largest_of_the_true_posterior_on_the_grid():
    model, images = small(), images_of(7)
    codes = grid_codes(41, 4.0)
    expected = codes[likelihood.true_posterior(model, images, codes).argmax(axis=1)]
    found = most_probable_codes(model, images, step=0.2, limit=4.0)
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="latent_dim is 3: the grid needs 2 latent dimensions"):
        most_probable_codes(GAN(3, image_shape=SHAPE), images)


def test_a_saved_gan_is_loaded_by_keras(tmp_path):
    model = small(seed=4)
    one_step(model, images_of(4))
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert (again.objective, again.seed) == (model.objective, 4)
    np.testing.assert_array_equal(again.sample(3), model.sample(3))


def test_the_losses_of_other_images_can_be_evaluated():
    model = small()
    one_step(model, images_of(4))
    before = [w.numpy() for w in model.weights]
    found = model.evaluate(images_of(6, seed=1), verbose=0, return_dict=True)
    assert set(found) == {"loss", "discriminator", "generator", "penalty"}
    assert all(map(np.isfinite, found.values()))
    assert all(map(np.array_equal, before, model.weights))


# ---- Recipes and runs


def test_a_recipe_is_restored_from_its_settings():
    recipe = runs.GANRecipe("mnist", Adversarial(r1=0.5), epochs=3, seed=7)
    again = recipe_from_config(recipe.get_config())
    assert again == recipe and type(again) is runs.GANRecipe
    recipe.check_restorable()
    assert recipe.slug == "mnist_gan-0.5-r1_3-epochs"
    assert runs.GANRecipe(objective=Adversarial()).slug == "fashion_mnist_gan_4-epochs"


def test_recipes_of_vaes_do_not_mention_gans():
    """Otherwise the folders of all runs would get other names."""
    recipe = runs.Recipe()
    assert "model" not in recipe.get_config() and "code" not in recipe.get_config()
    assert type(recipe_from_config(recipe.get_config())) is runs.Recipe


def test_a_change_of_the_code_of_gans_makes_another_run_of_a_gan_only():
    recipe, other = runs.GANRecipe(), runs.GANRecipe(code="other")
    first, second = (provenance.run_identity(r, "data") for r in (recipe, other))
    assert first != second and first["code"] == second["code"]
    assert recipe.code == runs.GANRecipe().code != "other"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run on rendered faces."""
    faces = render_faces(train=60, test=20)
    recipe = runs.GANRecipe(faces, epochs=2, batch_size=10)
    with redirect_stdout(io.StringIO()):
        return runs.train(recipe, tmp_path_factory.mktemp("runs"))


def test_a_run_has_samples_and_a_grid_but_no_codes(run):
    taken = run.snapshots
    assert taken["samples"].shape == (2, 64, 28, 28, 1) and taken["grid"].shape[:2] == (2, 256)
    assert taken["codes"].shape == (2, 0, 2)
    assert list(run.history) == ["loss", "discriminator", "generator", "penalty"]
    assert all(len(values) == 2 for values in run.history.values())
    with pytest.raises(ValueError, match="no encoder"):
        run.model.encode(images_of(2))


def test_a_loaded_run_is_the_run(run):
    again = runs.load(run.folder)
    assert again.recipe == run.recipe and again.history == run.history
    for here, there in zip(run.model.variables, again.model.variables, strict=True):
        np.testing.assert_array_equal(here, there)


def test_the_explorer_shows_images_at_their_most_probable_codes(run):
    page = explorer.compare(run)
    [space] = page.payload["spaces"]
    found = np.frombuffer(base64.b64decode(space["codes"]), "<f2").reshape(-1, 2)
    images = run.recipe.load_dataset().test_images
    np.testing.assert_allclose(found, most_probable_codes(run.model, images), atol=0.01)
    assert "A GAN has no encoder" in page.payload["help"]


@pytest.mark.parametrize("page", [explorer.infer, explorer.compare_stored])
def test_pages_that_need_an_encoder_are_refused(page, run):
    with pytest.raises(ValueError, match="is a GAN, which has no encoder"):
        page(run)


def test_a_gan_that_diverges_is_stopped_and_not_saved(tmp_path):
    recipe = runs.GANRecipe(render_faces(train=60, test=20), epochs=3, batch_size=5)
    bad = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: (
            epoch == 1 and run_model[0].discriminator.layers[-1].bias.assign([np.nan])
        )
    )
    run_model = []
    bad.set_model = lambda model: run_model.append(model)
    with (
        redirect_stdout(io.StringIO()),
        pytest.raises(FloatingPointError, match=r"in epoch 2/3, step 1/12.*discriminator is nan"),
    ):
        runs.train(recipe, tmp_path, callbacks=[bad])
    assert len(list(tmp_path.glob("*/checkpoint.npz"))) == 1  # of the first epoch
    assert not list(tmp_path.glob("*/run.json"))
