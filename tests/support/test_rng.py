"""Named random number generators: they are repeatable, and each purpose has its own numbers."""

import ast
import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from vaelib.support.rng import named_rng

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("vaelib", "study")
    for path in (ROOT / folder).rglob("*.py")
}


def names_in(source):
    """The names that a source file gives to `named_rng`, as often as it is called."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.literal_eval(c.args[1]) for c in calls if ast.unparse(c.func) == "named_rng"]


def test_the_seed_and_the_name_determine_the_numbers():
    first = named_rng(3, "noise").standard_normal(5)
    np.testing.assert_array_equal(first, named_rng(3, "noise").standard_normal(5))
    np.testing.assert_array_equal(first, named_rng([3], "noise").standard_normal(5))
    np.testing.assert_array_equal(first, named_rng(np.int64(3), "noise").standard_normal(5))
    others = [named_rng(4, "noise"), named_rng(3, "samples"), named_rng([3, 0], "noise")]
    others += [np.random.default_rng(3), np.random.default_rng([3, 0])]
    for other in others[:2] + others[3:]:
        assert not np.isin(first, other.standard_normal(1_000)).any()


def test_generators_of_the_package_and_the_study_share_no_number():
    """All names, for a few seeds, together with generators whose seeds are integers alone."""
    names = {name for source in SOURCES.values() for name in names_in(source)}
    assert {"samples", "directions", "permutations", "noise of the bound", "codes to fit"} <= names
    generators = [named_rng(seed, name) for name in sorted(names) for seed in range(3)]
    generators += [np.random.default_rng([seed, epoch]) for seed in range(3) for epoch in range(3)]
    numbers = [set(generator.random(2_000)) for generator in generators]
    for one, other in itertools.combinations(numbers, 2):
        assert not one & other


def test_every_name_is_used_in_one_place():
    """Only samples of a prior share one name: in each class of priors, and in a figure."""
    uses = Counter(name for source in SOURCES.values() for name in names_in(source))
    assert [name for name, times in uses.items() if times > 1] == ["samples"]
    where = {path for path, source in SOURCES.items() if "samples" in names_in(source)}
    priors = {"vaelib/priors.py", "study/latent_diffusion.py"}
    assert where == priors | {"vaelib/plotting/posteriors.py"}


def test_generators_without_a_name_are_used_only_where_a_reason_is_known():
    """Where `default_rng` is called directly."""
    reasons = {
        "vaelib/support/rng.py": "named_rng itself",
        "vaelib/networks.py": "Keras takes initial weights from Python's global generator",
        "vaelib/batches.py": "the order of an epoch, determined by (seed, epoch)",
        "vaelib/data/dataset.py": "binarized pixels; published fingerprints depend on them",
        "vaelib/data/builtin/mnist_packages.py": "the digits of a replacement for MNIST",
        "vaelib/data/builtin/faces.py": "the factors of variation of rendered faces",
        "study/check.py": "which rows are computed again as a check",
    }
    calling = {
        path
        for path, source in SOURCES.items()
        if re.search(r"random\.(default_rng|RandomState|seed)\(", source)
    }
    assert calling == set(reasons)


@pytest.mark.parametrize("seed", [-1, 1.5, "x"])
def test_invalid_seeds_are_refused(seed):
    with pytest.raises((ValueError, TypeError)):
        named_rng(seed, "noise")
