"""Random streams: repeatable, and never the same for two purposes."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from vaelib.support.rng import named_rng

PACKAGE = Path(__file__).parents[1] / "vaelib"


def test_seed_and_name_decide():
    first = named_rng(3, "noise").standard_normal(5)
    np.testing.assert_array_equal(first, named_rng(3, "noise").standard_normal(5))
    np.testing.assert_array_equal(first, named_rng([3], "noise").standard_normal(5))
    np.testing.assert_array_equal(first, named_rng(np.int64(3), "noise").standard_normal(5))
    others = [named_rng(4, "noise"), named_rng(3, "samples"), named_rng([3, 0], "noise")]
    others += [np.random.default_rng(3), np.random.default_rng([3, 0])]
    for other in others[:2] + others[3:]:
        assert not np.isin(first, other.standard_normal(1_000)).any()


def test_streams_of_the_package_share_no_number():
    """All of its names, for a few seeds, beside the streams that go by integers alone."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    names = set(re.findall(r'named_rng\(\w+, "([^"]+)"\)', text))
    assert {"samples", "directions", "permutations", "noise of the bound"} <= names
    streams = [named_rng(seed, name) for name in sorted(names) for seed in range(3)]
    streams += [np.random.default_rng([seed, epoch]) for seed in range(3) for epoch in range(3)]
    drawn = [set(one.random(2_000)) for one in streams]
    for one, other in itertools.combinations(drawn, 2):
        assert not one & other


def test_a_stream_without_a_name_is_one_of_the_data_or_of_the_order_of_images():
    """Where `default_rng` is called by hand: each makes what is kept as bytes."""
    reasons = {
        "support/rng.py": "here",
        "batches.py": "the order of an epoch, by (seed, epoch)",
        "data/dataset.py": "pixels that are sampled once and for all",
        "data/builtin/mnist_packages.py": "which digits a stand-in has",
        "data/builtin/faces.py": "the factors of rendered faces",
    }
    calling = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"random\.(default_rng|RandomState|seed)\(", path.read_text("utf-8"))
    }
    assert calling - {"networks.py", "training.py"} == set(reasons)


@pytest.mark.parametrize("seed", [-1, 1.5, "x"])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises((ValueError, TypeError)):
        named_rng(seed, "noise")
