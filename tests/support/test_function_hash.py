"""The hash of a function: it changes with what determines its results, and with nothing else."""

import functools
import textwrap
import uuid
from dataclasses import dataclass

import numpy as np
import pytest

from vaelib.mmd import GaussianKernel
from vaelib.support.function_hash import hash_function

BASE = """
import functools
import math
import numpy as np
from vaelib.mmd import GaussianKernel

SCALE = 2.0
WEIGHTS = np.array([1.0, 2.0])
SETTINGS = {"b": [1, 2], "a": "text"}
KERNEL = GaussianKernel(variance=2.0)
UNUSED = 1

def helper(x):
    return x * SCALE

def decorated(f):
    @functools.wraps(f)
    def inner(x):
        return 3 * f(x)
    return inner

@decorated
def wrapped(x):
    return first(x) + second(helper)(x) + CHOSEN(x)

CHOSEN = [lambda x: x, lambda x: -x][0]
first, second = helper, decorated

def function(x, power=2):
    def inner(y):
        return math.sqrt(y) + WEIGHTS.sum()
    return helper(x) ** power + inner(x) + len(SETTINGS) + KERNEL(x) + wrapped(x)
"""


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """A function that writes code to a module of its own, and hashes the function in it."""
    monkeypatch.syspath_prepend(tmp_path)

    def hashed(text):
        path = tmp_path / f"own_{uuid.uuid4().hex}.py"
        path.write_text(text, encoding="utf-8")
        return hash_function(__import__(path.stem).function)

    return hashed


@pytest.mark.parametrize(
    "old, new",
    [
        ("x) ** power", "x) * power"),
        ("power=2", "power=3"),
        ("SCALE = 2.0", "SCALE = 2.5"),
        ("[1.0, 2.0]", "[1.0, 3.0]"),
        ("[1, 2]", "[1, 3]"),
        ('"a": "text"', '"a": "other"'),
        ("variance=2.0", "variance=3.0"),
        ("return x * SCALE", "return x + SCALE"),
        ("return 3 * f(x)", "return 4 * f(x)"),
        ("[lambda x: x, lambda x: -x][0]", "[lambda x: x, lambda x: -x][1]"),
        ("first, second = helper, decorated", "first, second = helper, helper"),
        ("math.sqrt", "math.log"),
    ],
)
def test_a_change_of_what_the_function_uses_changes_its_hash(old, new, hash_of):
    assert old in BASE
    assert hash_of(BASE) != hash_of(BASE.replace(old, new))


@pytest.mark.parametrize(
    "old, new",
    [
        ("UNUSED = 1", "UNUSED = 2"),
        ("    return x * SCALE", '    """Multiply."""\n    return x*SCALE  # a comment'),
        ('{"b": [1, 2], "a": "text"}', '{"a": "text", "b": [1, 2]}'),
    ],
)
def test_nothing_else_changes_it(old, new, hash_of):
    assert old in BASE
    assert hash_of(BASE) == hash_of(BASE.replace(old, new))


def test_the_values_of_enclosing_functions_count():
    def made(scale):
        def function(x):
            return x * scale

        return function

    assert hash_function(made(1)) == hash_function(made(1)) != hash_function(made(2))


CALLING_EACH_OTHER = """
def function(n):
    return other(n)

def other(n):
    return n and function(n - 1)
"""


def test_functions_may_call_each_other(hash_of):
    changed = CALLING_EACH_OTHER.replace("n - 1", "n - 2")
    assert hash_of(CALLING_EACH_OTHER) != hash_of(changed)


def test_what_is_installed_counts_by_its_name_only():
    def function(x):
        return GaussianKernel(2.0)(np.square(x)) + len(textwrap.dedent("x"))

    def other(x):
        return GaussianKernel(2.0)(np.square(x)) + len(textwrap.indent("x", ""))

    assert len(hash_function(function)) == 64
    assert hash_function(function) != hash_function(other)


@dataclass
class Opaque:
    content: object

    def method(self, x):
        return x


@functools.cache
def cached(x):
    return x


@pytest.mark.parametrize(
    "value",
    [
        *(object(), Opaque(1), Opaque, Opaque(1).method, cached, np.array([1, "a"], dtype=object)),
        *(np.random.default_rng(0).normal, functools.partial(len), {1, 2}),
    ],
    ids=range(9),
)
def test_a_value_that_cannot_be_recorded_is_refused(value):
    def function(x):
        return value

    with pytest.raises(
        TypeError, match=r"the variable value, a \w+, whose value cannot be recorded"
    ):
        hash_function(function)


@pytest.mark.parametrize(
    "thing", [lambda x: x, len, GaussianKernel(1.0), GaussianKernel, None, "f"]
)
def test_what_is_no_function_is_refused(thing):
    with pytest.raises(TypeError, match="expected a function that was defined with def, not "):
        hash_function(thing)


def test_nesting_of_lists_counts():
    def made(values):
        def function(x):
            return values

        return hash_function(function)

    assert made([[1, 2], 3]) != made([[1], 2, 3])


def test_a_function_typed_without_a_file_is_hashed_by_its_code():
    def typed(power):
        scope = {}
        exec(f"def typed(x):\n    return x ** {power}", scope)
        return hash_function(scope["typed"])

    assert typed(2) == typed(2) != typed(3)


UNDEFINED = """
def function(x):
    return LATER * x
"""
MODULE = """
import {name}

def function(x):
    return {name}.use(x)
"""
INSIDE = """
def function(x):
    import {name}
    return {name}.use(x)
"""


def test_a_variable_that_is_defined_later_is_refused(hash_of):
    with pytest.raises(ValueError, match="uses the variable LATER, which is not defined yet"):
        hash_of(UNDEFINED)

    def function(x):
        return helper(x)

    with pytest.raises(ValueError, match="uses the variable helper, which is not defined yet"):
        hash_function(function)

    def helper(x):
        return x


@pytest.mark.parametrize("text", [MODULE, INSIDE])
def test_a_module_of_ones_own_is_refused_but_a_function_from_it_is_hashed(text, hash_of, tmp_path):
    name = f"own_tools_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text("def use(x):\n    return x\n", encoding="utf-8")
    with pytest.raises(TypeError, match=f"from {name} import"):
        hash_of(text.format(name=name))
    direct = "from {} import use\n\ndef function(x):\n    return use(x)\n"
    before = hash_of(direct.format(name))
    # The file was edited, but the module was not loaded again, so the old code is still in use.
    (tmp_path / f"{name}.py").write_text("def use(x):\n    return 2 * x\n", encoding="utf-8")
    assert hash_of(direct.format(name)) == before


def test_a_list_that_contains_itself_is_refused():
    endless = []
    endless.append(endless)

    def function(x):
        return endless

    with pytest.raises(TypeError, match="a variable that contains itself"):
        hash_function(function)
