"""The hash of a function: it changes with what determines its results, and with nothing else."""

import textwrap
import uuid
from dataclasses import dataclass
from types import FunctionType

import numpy as np
import pytest

from vaelib.mmd import GaussianKernel
from vaelib.support.function_hash import hash_function

BASE = """
import math
from dataclasses import dataclass
import numpy as np
from vaelib.mmd import GaussianKernel

SCALE = 2.0
WEIGHTS = np.array([1.0, 2.0])
SETTINGS = {"b": [1, 2], "a": "text"}
KERNEL = GaussianKernel(variance=2.0)
UNUSED = 1

def helper(x):
    return x * SCALE

class Tool:
    factor = 3

def function(x, power=2):
    def inner(y):
        return math.sqrt(y) + WEIGHTS.sum()
    return helper(x) ** power + inner(x) + len(SETTINGS) + KERNEL(x) + Tool.factor
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
        ("factor = 3", "factor = 4"),
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


HANDLE = object()
WRAPPED = Opaque(object())


def with_handle(x):
    return x if HANDLE else x + 1


def with_wrapped(x):
    return x if WRAPPED else x + 1


@pytest.mark.parametrize("function", [with_handle, with_wrapped])
def test_a_value_that_cannot_be_recorded_is_refused(function):
    said = f"{function.__name__} uses the variable '\\w+', a object, whose value cannot be recorded"
    with pytest.raises(TypeError, match=said):
        hash_function(function)


@pytest.mark.parametrize(
    "thing", [lambda x: x, len, GaussianKernel(1.0), GaussianKernel, None, "f"]
)
def test_what_is_no_function_is_refused(thing):
    with pytest.raises(TypeError, match="expected a function that was defined with def, not "):
        hash_function(thing)


def test_a_function_without_source_is_refused():
    code = compile("def typed(x):\n    return x", "<stdin>", "exec")
    function = FunctionType(code.co_consts[0], {})
    with pytest.raises(ValueError, match="the source code of typed is not available"):
        hash_function(function)
