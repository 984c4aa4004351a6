"""The contour that contains 95 % of the prior: it is that of the model's own prior."""

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.patches import Circle
from rendering import CLASS_NAMES, LABELS, codes, noise, rendered, snapshots
from scipy import stats

from vaelib import plotting, priors
from vaelib.models import VAE
from vaelib.plotting import prior_contours
from vaelib.priors import Mixture, StandardNormal
from vaelib.runs.snapshots import Snapshots

pytestmark = pytest.mark.usefixtures("nothing_left_open")

# Asymmetric, so that a rotated or mirrored contour contains less.
MEANS = np.array([[-1.5, 2.0], [2.5, 0.5]], "float32")
MIXTURE = Mixture(MEANS, np.log(np.array([[0.3, 0.1], [0.05, 0.8]], "float32")))


def line(ax):
    """The prior's line in some axes: a `Circle`, a `Path`, or None."""
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    contours = [c.get_paths() for c in ax.collections if isinstance(c, ContourSet)]
    found = circles + [path for paths in contours for path in paths]
    assert len(found) < 2
    return found[0] if found else None


def share_inside(ax, prior):
    samples = prior.sample(20_000, seed=1)
    return line(ax).contains_points(samples).mean()


def kept(prior, count=2):
    """Snapshots of a model with this prior at the end, and another one at its beginning."""
    first = prior_contours.prior_grid_around(Mixture(MEANS[::-1] * 3, np.zeros((2, 2), "float32")))
    limits, grids = zip(*[first, prior_contours.prior_grid_around(prior)][-count:], strict=True)
    return snapshots(count) | {"prior": np.array(grids), "prior_limit": np.array(limits)}


@pytest.mark.parametrize("prior", [None, StandardNormal(2), VAE().prior])
def test_the_contour_of_the_standard_normal_is_a_circle(prior):
    radius = stats.chi2(2).ppf(0.95) ** 0.5
    for figure in (
        plotting.latent_space(codes(), LABELS, CLASS_NAMES, prior=prior),
        plotting.latent_grid(noise(256), prior=prior),
        plotting.aggregate_posterior(codes(), 0 * codes(), prior=prior),
    ):
        for ax in figure.axes:
            assert line(ax).radius == pytest.approx(radius) and line(ax).center == (0, 0)
    for figure in (
        plotting.evolution(snapshots()),
        plotting.comparison({"a": snapshots()}, CLASS_NAMES),
        plotting.latent_spaces({"a": snapshots()}),
    ):
        assert [line(ax).radius for ax in figure.axes if ax.get_xlabel() == "z1"]


def test_the_contour_of_a_mixture_contains_95_percent_of_its_samples():
    for figure in (
        plotting.latent_space(codes(), LABELS, CLASS_NAMES, prior=MIXTURE),
        plotting.latent_space(codes(), LABELS, CLASS_NAMES, limit=1.0, prior=MIXTURE),
        plotting.latent_grid(noise(256), prior=MIXTURE),
        plotting.aggregate_posterior(codes(), 0 * codes(), prior=MIXTURE),
    ):
        for ax in figure.axes:
            assert share_inside(ax, MIXTURE) == pytest.approx(0.95, abs=0.006)
        rendered(figure)


def test_the_contour_of_a_gaussian_is_an_ellipse():
    middle, deviations = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    gaussian = Mixture(middle[None], 2 * np.log(deviations)[None])
    figure = plotting.latent_space(codes(), LABELS, CLASS_NAMES, prior=gaussian)
    distances = np.linalg.norm((line(figure.axes[0]).vertices - middle) / deviations, axis=1)
    np.testing.assert_allclose(distances, prior_contours.PRIOR_RADIUS, rtol=0.01)


def test_a_prior_out_of_sight_does_not_change_the_limits():
    far = Mixture(MEANS + 30, np.zeros((2, 2), "float32"))
    figure = plotting.latent_space(codes(), LABELS, CLASS_NAMES, prior=far)
    assert figure.axes[0].get_xlim() == (-4, 4)
    assert share_inside(figure.axes[0], far) == pytest.approx(0.95, abs=0.01)


def test_a_prior_of_more_than_two_dimensions_has_no_contour():
    means, log_vars = np.zeros((2, 2, 3), "float32")
    figure = plotting.latent_space(codes(3), LABELS, CLASS_NAMES, prior=Mixture(means, log_vars))
    assert line(figure.axes[0]) is None
    empty = snapshots() | {"prior": np.empty((2, 0)), "prior_limit": np.full(2, 4.0)}
    for figure in (plotting.evolution(empty), plotting.comparison({"a": empty}, CLASS_NAMES)):
        assert not any(line(ax) for ax in figure.axes)
    figure = plotting.latent_space(codes(3), LABELS, CLASS_NAMES, prior=StandardNormal(3))
    assert line(figure.axes[0]).radius  # its projection to any plane is a standard normal


def test_each_column_of_a_run_shows_the_prior_at_that_step():
    own = kept(MIXTURE)
    _, _, *columns = plotting.evolution(own).axes
    for before, after in (columns[:2], columns[2:]):  # the latent space, and the grid
        assert share_inside(after, MIXTURE) == pytest.approx(0.95, abs=0.006)
        assert share_inside(before, MIXTURE) < 0.5
    titles = {"mixture": own, "standard normal": snapshots()}
    mixture, normal = plotting.comparison(titles, CLASS_NAMES).axes[2:4]
    assert share_inside(mixture, MIXTURE) == pytest.approx(0.95, abs=0.006)
    assert isinstance(line(normal), Circle)
    mixture, normal = plotting.latent_spaces(titles).axes
    assert share_inside(mixture, MIXTURE) == pytest.approx(0.95, abs=0.006)
    assert isinstance(line(normal), Circle)


@pytest.mark.parametrize("settings", [priors.mixture(3), priors.vamp(3)])
def test_the_prior_in_the_snapshots_of_a_training_run_is_what_is_shown(settings, faces):
    model = VAE(prior=settings, seed=2)
    if settings.kind == "mixture":
        model.prior.means.assign(np.array([[-1.5, 1.5], [2.0, 0.5], [0.5, 2.0]]))
    model.prior.initialize(faces.train_images, seed=0)
    callback = Snapshots(faces.test_images, faces.test_labels, epochs=1, steps_per_epoch=1)
    callback.set_model(model)
    callback.on_train_begin()
    for ax in plotting.evolution(callback.arrays()).axes[1:]:
        assert share_inside(ax, model.prior) == pytest.approx(0.95, abs=0.01)


class Shifted(Mixture):
    """A prior that makes its samples of a seed's first numbers, as `StandardNormal` does."""

    def sample(self, n, seed=0):
        return np.asarray(self.means) + np.random.default_rng(seed).standard_normal((n, 2))


def test_the_aggregate_posterior_is_compared_with_samples_of_the_models_own_prior():
    shifted = Shifted(MEANS[:1], 0 * MEANS[:1])
    for seed in (3, np.int64(3)):
        _, together = plotting.aggregate_posterior(
            codes(), 0 * codes(), prior=shifted, seed=seed
        ).axes
        of_prior, of_codes = (np.asarray(dots.get_offsets()) for dots in together.collections[:2])
        np.testing.assert_array_equal(of_prior, shifted.sample(500, 3))
        assert line(together).contains_points(of_prior).mean() == pytest.approx(0.95, abs=0.03)
        # Although the seed is the same, the noise is independent of the samples.
        noise = (of_codes - codes()).ravel()
        assert abs(np.corrcoef(noise, of_prior.ravel() - np.tile(MEANS[0], 500))[0, 1]) < 0.15


@pytest.mark.parametrize("offset", [0, -700, -20_000, 300])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_density_levels_enclose_their_share_however_small_the_density(offset, dtype):
    log_density = offset - 0.5 * np.linspace(-6, 6, 2_001) ** 2
    low, high = prior_contours.density_levels(log_density.astype(dtype), [0.5, 0.95])
    half_widths = np.sqrt(2 * (offset - np.array([low, high])))
    np.testing.assert_allclose(half_widths, stats.norm.ppf([0.975, 0.75]), atol=0.01)


def test_density_levels_ignore_places_without_density():
    log_density = np.full((9, 9), -np.inf)
    log_density[4, 3:6] = [-1e5, 1 - 1e5, -1e5]
    assert prior_contours.density_levels(log_density, [0.95]) == [-1e5]
