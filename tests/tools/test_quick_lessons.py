"""Every lesson runs on small data with papermill, and nbval finds the same outputs again."""

import pytest
import quick


@pytest.mark.parametrize("script", quick.LESSONS, ids=lambda script: script.stem)
def test_a_quick_run_repeats_bit_for_bit(script, tmp_path):
    quick.execute_on_small_data(script, tmp_path)
    quick.validate(script, tmp_path)
