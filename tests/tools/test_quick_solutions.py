"""Every solution runs on small data with papermill; `make test-all` also executes it twice."""

import pytest
import quick

of_each = pytest.mark.parametrize("script", quick.SOLUTIONS, ids=lambda script: script.stem)


@of_each
def test_a_quick_run_shows_its_figures(script, tmp_path):
    quick.execute_on_small_data(script, tmp_path)


@pytest.mark.slow
@of_each
def test_a_quick_run_repeats_bit_for_bit(script, tmp_path):
    quick.execute_on_small_data(script, tmp_path)
    quick.validate(script, tmp_path)
