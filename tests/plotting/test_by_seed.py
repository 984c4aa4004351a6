"""One dot per training run: where it stands, and what is refused."""

import numpy as np
import pytest
from rendering import rendered

from vaelib import plotting

pytestmark = pytest.mark.usefixtures("nothing_left_open")
PANELS = {
    "clothes": {"VAE": [0.6, 0.7], "MMD-VAE, sampled": np.array([0.5])},
    "digits": {"VAE": [0.9], "MMD-VAE, sampled": [0.1, 0.2, 0.3]},
}


def test_each_value_has_a_dot_and_each_model_a_line_at_its_mean():
    figure = plotting.values_by_seed(PANELS)
    for ax, (title, models) in zip(figure.axes, PANELS.items(), strict=True):
        assert ax.get_title() == title
        names = [text.get_text() for text in ax.get_xticklabels()]
        assert names == ["VAE", "MMD-VAE\nsampled"]
        dots, means = ax.lines[::2], ax.lines[1::2]
        for i, values in enumerate(models.values()):
            np.testing.assert_allclose(dots[i].get_ydata(), values)
            assert abs(dots[i].get_xdata() - i).max() < 0.25
            np.testing.assert_allclose(means[i].get_ydata(), np.mean(values))
    assert rendered(figure).std() > 0


def test_all_panels_have_one_scale():
    low, high = zip(*(ax.get_ylim() for ax in plotting.values_by_seed(PANELS).axes), strict=True)
    assert len(set(low)) == len(set(high)) == 1
    assert low[0] < 0.1 and high[0] > 0.9


def test_one_value_alone_can_be_plotted():
    (ax,) = plotting.values_by_seed({"digits": {"VAE": [0.9]}}).axes
    low, high = ax.get_ylim()
    assert low < 0.9 < high


@pytest.mark.parametrize("values", [[], [0.5, np.nan]])
def test_a_model_without_a_finite_value_for_each_run_is_refused(values):
    with pytest.raises(ValueError, match=r"values of 'VAE' in 'digits' are .*: expected at least"):
        plotting.values_by_seed({"digits": {"VAE": values}})
