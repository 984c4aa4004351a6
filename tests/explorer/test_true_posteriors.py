"""True posteriors for the page: in one pass, kept sparsely, and equal to those of the measures."""

from dataclasses import replace

import numpy as np
import pytest

import drawn
from vaelib import explorer, losses, priors, runs
from vaelib.explorer import posterior_grid
from vaelib.measures import likelihood
from vaelib.objectives import ELBO
from vaelib.runs.recipes import Recipe
from vaelib.support.latent_grid import grid_codes

STEP = 0.1


@pytest.fixture(scope="module")
def found(pair, faces):
    """Of both models, for ten images: the model, the images, and their posteriors."""
    images = faces.test_images[:10]
    return [
        (run.model, images, posterior_grid.true_posteriors(run.model, images, STEP)) for run in pair
    ]


def untrained(dataset="faces", **settings):
    recipe = Recipe(dataset, **settings)
    return runs.Run(recipe, recipe.compiled_model(1), {}, {}, {})


def test_log_p_is_that_of_the_measures(found):
    for model, images, here in found:
        expected = likelihood.log_likelihood(model, images, STEP)
        np.testing.assert_allclose(here.log_p, expected, atol=1e-3)


def test_what_is_kept_is_the_posterior_where_it_is_not_negligible(found):
    for model, images, here in found:
        codes = grid_codes(here.side, here.limit)
        assert codes[1, 0] - codes[0, 0] == pytest.approx(here.step) == pytest.approx(STEP)
        dense = likelihood.true_posterior(model, images, codes)
        below = np.log(dense.max(axis=1, keepdims=True) / np.maximum(dense, 1e-300))
        kept = np.zeros(dense.shape, bool)
        kept[here.image, here.cell] = True
        np.testing.assert_allclose(here.below, below[here.image, here.cell], atol=2e-3)
        assert (below[~kept] > posterior_grid.REACH - 2e-3).all()
        assert (below[kept] < posterior_grid.REACH + 2e-3).all()
        assert ((dense * kept).sum(axis=1) > 0.98).all()
        np.testing.assert_array_equal(here.most_probable_cells(), dense.argmax(axis=1))


def test_the_bound_is_the_mean_of_ten_draws_and_a_point_has_none(pair, faces):
    vae, mmd_vae = (run.model for run in pair)
    images = faces.test_images[:5]
    expected = np.mean([likelihood.elbo(vae, images, draw) for draw in range(10)], axis=0)
    np.testing.assert_array_equal(posterior_grid.estimate_elbo(vae, images), expected)
    assert posterior_grid.estimate_elbo(mmd_vae, images) is None


def test_a_learned_width_of_pixels_counts():
    run = untrained(objective=replace(ELBO, reconstruction=losses.gaussian_nll))
    run.model.log_scale.assign(-1.0)
    images = np.full((2, 28, 28, 1), 0.3, "float32")
    here = posterior_grid.true_posteriors(run.model, images, 0.2)
    expected = likelihood.log_likelihood(run.model, images, 0.2)
    np.testing.assert_allclose(here.log_p, expected, rtol=1e-5)


@pytest.mark.parametrize("step", [0.001, 2.0])
def test_a_step_out_of_range_is_refused(pair, faces, step):
    with pytest.raises(ValueError, match="choose it so that there are from 20 to 1,000"):
        posterior_grid.true_posteriors(pair[0].model, faces.test_images[:2], step)
    with pytest.raises(ValueError, match="a number above 0"):
        posterior_grid.true_posteriors(pair[0].model, faces.test_images[:2], -step)


def test_posteriors_too_wide_for_a_page_are_refused(monkeypatch):
    monkeypatch.setattr(posterior_grid, "MAX_CELLS", 100)
    images = np.zeros((3, 28, 28, 1), "uint8")
    for step in (None, STEP):
        with pytest.raises(ValueError, match=r"show fewer images, such as count=1, or train"):
            posterior_grid.true_posteriors(untrained().model, images, step)


@pytest.mark.parametrize("step", [None, 0.04])
def test_a_barely_trained_model_is_shown_on_a_coarser_grid(step, monkeypatch):
    monkeypatch.setattr(posterior_grid, "MAX_CELLS", 5_000)
    model, images = untrained().model, np.zeros((3, 28, 28, 1), "uint8")
    with pytest.warns(UserWarning) as said:
        here = posterior_grid.true_posteriors(model, images, step)
    words = f"only with a step of {here.step:.2g} instead of 0.04; train the model longer"
    assert words in str(said[0].message)
    assert 0.05 < here.step < 0.4 and len(here.cell) <= 5_000
    expected = likelihood.log_likelihood(model, images, 0.1)
    np.testing.assert_allclose(here.log_p, expected, atol=0.01)


def test_what_can_not_be_inferred_is_refused(pair, faces):
    with pytest.raises(ValueError, match="no run was given"):
        explorer.infer()
    with pytest.raises(ValueError, match="has 3 latent dimensions: the explorer shows two-dim"):
        explorer.infer(untrained(latent_dim=3), dataset=faces)
    with pytest.raises(ValueError, match="with a standard normal"):
        explorer.infer(untrained(prior=priors.vamp(3)), dataset=faces)
    with pytest.raises(ValueError, match="trained on different images: expected the same for all"):
        explorer.infer(pair[0], runs.load("mnist_elbo_50-epochs"))
    with pytest.raises(ValueError, match="trained on different images"):
        explorer.infer(untrained(), untrained(pixels="threshold"))
    with pytest.raises(
        ValueError, match=r"is for images of shape \(28, 28, 1\), and those of disc"
    ):
        explorer.infer(pair[0], dataset=drawn.dataset((16, 16, 3), train=4, test=4))
    for count in (0, 61):
        with pytest.raises(ValueError, match="count must be an integer from 1 to 60"):
            explorer.infer(pair[0], dataset=faces, count=count)


def test_the_page_says_what_its_numbers_are(pair, faces):
    both = explorer.infer(*pair, titles=("VAE", "MMD-VAE"), dataset=faces, count=3, step=0.4)
    text = both.payload["help"]
    assert "There are 3 test images with a posterior" in text
    assert "log p(x) is minus a cross-entropy" in text
    assert "MMD-VAE has deterministic codes, so it has no q(z|x), no ELBO and no gap" in text
    assert both.title == "Inference on faces: VAE and MMD-VAE"
    white = faces.binarize("threshold")
    plain = explorer.infer(pair[0], dataset=white, count=3, step=0.4).payload
    assert "cross-entropy" not in plain["help"] and "deterministic" not in plain["help"]
    assert plain["blackAndWhite"] and not both.payload["blackAndWhite"]
    assert both.payload["spaces"][1]["elbo"] is None and len(plain["spaces"][0]["elbo"]) == 3


def test_runs_that_saw_black_and_white_are_shown_so():
    run = untrained(drawn.dataset((28, 28, 1), train=4, test=4), pixels="threshold")
    assert explorer.infer(run, count=2, step=0.4).payload["blackAndWhite"]


def test_a_page_of_large_images_holds_fewer_of_them(monkeypatch):
    run = untrained(drawn.dataset((64, 64, 3), train=4, test=4))
    monkeypatch.setattr(explorer.inference, "MOST_PIXELS", 64 * 64 * 3 * 2 + 1)
    assert explorer.infer(run, step=0.4).payload["data"].popitem()[1]["pictured"] == 2
