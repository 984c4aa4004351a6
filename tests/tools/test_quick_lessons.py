"""Every lesson runs on small data, and repeats bit for bit."""

import pytest
import quick


@pytest.mark.parametrize("script", quick.LESSONS, ids=lambda script: script.stem)
def test_a_quick_run_repeats_bit_for_bit(script, tmp_path):
    quick.repeats_bit_for_bit(script, tmp_path)
