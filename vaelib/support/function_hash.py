"""Hash a function together with everything outside of it that determines its results.

A run with a loss term that a reader wrote is identified by the hash of that term. The hash covers
the source code of the function, the values of the global variables that it uses, and the reader's
own functions and classes that it calls. It does not cover installed packages, whose versions are
recorded elsewhere.
"""

import dataclasses
import dis
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import numpy as np

from vaelib.support.source_hash import hash_source

_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
_INSTALLED.append(Path(__file__).parents[1])  # this package, whose code has a hash of its own
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def hash_function(function: Callable) -> str:
    """Compute the SHA-256 of a function, in hexadecimal.

    Comments, docstrings, and formatting do not change the hash.

    Args:
        function: A function that was defined with `def`.

    Raises:
        TypeError: If it is not such a function, or if it uses a variable of another type than
            those below.
        ValueError: If the source code of the function is not available, for example because it was
            typed into Python's interactive prompt.

    The function may use modules, functions, and classes, and variables that are numbers, strings,
    arrays, data classes, or tuples, lists, and dicts of these.

    >>> hash_function(textwrap.shorten)[:8] == hash_function(textwrap.indent)[:8]
    False
    """
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise TypeError(f"expected a function that was defined with def, not {function!r}.")
    digest = sha256()
    for part in _parts(function, set()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _parts(function: FunctionType, seen: set) -> Iterator[str]:
    """Write out a function and what it uses as strings."""
    seen.add(function)
    yield _source(function)
    for value in (function.__defaults__, function.__kwdefaults__):
        yield from _written(value, "a default value", function, seen)
    names = sorted(_global_names(function.__code__))
    used = {name: function.__globals__[name] for name in names if name in function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, value in (used | {name: cell.cell_contents for name, cell in cells}).items():
        yield name
        yield from _written(value, f"the variable {name!r}", function, seen)


def _source(thing: FunctionType | type) -> str:
    try:
        return hash_source(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        raise ValueError(
            f"the source code of {thing.__name__} is not available, so runs that use it could not "
            "be told apart from others: define it in a notebook or a file."
        ) from None


def _global_names(code: CodeType) -> set[str]:
    """Return the names of the global variables that code reads, also in functions inside of it."""
    loads = {"LOAD_GLOBAL", "LOAD_NAME"}
    names = {step.argval for step in dis.get_instructions(code) if step.opname in loads}
    inner = (value for value in code.co_consts if isinstance(value, CodeType))
    return names.union(*map(_global_names, inner))


def _written(value: object, what: str, function: FunctionType, seen: set) -> Iterator[str]:
    """Write out the value of a variable as strings."""
    yield type(value).__name__
    if isinstance(value, _PLAIN):
        yield repr(value)
    elif isinstance(value, np.ndarray | np.generic):
        yield f"{value.shape} {value.dtype} {sha256(np.ascontiguousarray(value)).hexdigest()}"
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _written(one, what, function, seen)
    elif isinstance(value, dict):
        yield from _written(sorted(value.items()), what, function, seen)
    elif isinstance(value, ModuleType):
        yield value.__name__
    elif isinstance(value, FunctionType | type) or hasattr(value, "__qualname__"):
        if not _is_own(value):
            yield f"{value.__module__}.{value.__qualname__}"
        elif value not in seen:
            seen.add(value)
            yield from _parts(value, seen) if isinstance(value, FunctionType) else [_source(value)]
    elif dataclasses.is_dataclass(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        yield from _written([type(value), fields], what, function, seen)
    else:
        raise TypeError(
            f"{function.__name__} uses {what}, a {type(value).__name__}, whose value cannot be "
            "recorded with a run: create it inside the function, or use numbers, strings, or "
            "arrays."
        )


def _is_own(thing: FunctionType | type) -> bool:
    """Tell whether a function or class was written by the reader, and not installed."""
    module = sys.modules.get(thing.__module__)
    path = getattr(module, "__file__", None)
    if path is None:  # a notebook, or a module in C
        return thing.__module__ == "__main__"
    return not any(Path(path).is_relative_to(folder) for folder in _INSTALLED)
