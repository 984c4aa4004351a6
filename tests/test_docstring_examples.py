"""Examples in docstrings: every public function and class of the core has one.

pytest itself collects and runs the examples (--doctest-modules in pyproject.toml).
"""

import importlib
import inspect

import pytest

CORE = "losses", "mmd", "objectives", "priors", "networks", "models", "batches", "training"


@pytest.mark.parametrize("name", CORE)
def test_every_public_function_and_class_of_the_core_has_an_example(name):
    module = importlib.import_module(f"vaelib.{name}")
    public = {
        each: value
        for each, value in vars(module).items()
        if not each.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }
    assert public
    assert [each for each, value in public.items() if ">>>" not in (value.__doc__ or "")] == []


def test_a_wrong_example_fails_in_this_configuration(pytester, pytestconfig):
    """The options of this project make pytest run examples, also with rounded numbers."""
    flags = " ".join(pytestconfig.getini("doctest_optionflags"))
    pytester.makepyfile(right='"""\n>>> 2 / 3\n0.67\n"""', wrong='"""\n>>> 2 / 3\n0.68\n"""')
    options = [*pytestconfig.getini("addopts"), "-p", "no:cacheprovider"]
    assert "--doctest-modules" in options
    done = pytester.runpytest("-o", f"doctest_optionflags={flags}", "--doctest-modules")
    done.assert_outcomes(passed=1, failed=1)
