"""Hash a function together with everything outside of it that determines its results.

A run with a loss term that a reader wrote is identified by the hash of that term. The hash covers
the compiled code of the function, the values of the global variables that it uses, and the reader's
own functions that it calls. It does not cover installed packages, whose versions are recorded
elsewhere. What cannot be hashed reliably is refused.

Compiled code is hashed instead of the source, because the source can have been edited since the
function was defined. The hash is therefore valid for one minor version of Python.
"""

import builtins
import dataclasses
import dis
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import numpy as np

_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
_INSTALLED.append(Path(__file__).parents[1])  # this package, whose code has a hash of its own
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
_MISSING = object()


def hash_function(function: FunctionType) -> str:
    """Compute the SHA-256 of a function, in hexadecimal.

    Comments, docstrings, and formatting do not change the hash. The function may use installed
    modules, functions, and classes, its own functions, and variables that are numbers, strings,
    arrays, data classes of installed packages, or tuples, lists, and dicts of these.

    Args:
        function: A function that was defined with `def`.

    Raises:
        TypeError: If it is not such a function, or if it uses something whose value cannot be
            recorded.
        ValueError: If it uses a variable that is not defined yet.

    >>> def double(x):
    ...     return 2 * x
    >>> hash_function(double) == hash_function(lambda x: 2 * x)
    Traceback (most recent call last):
    ...
    TypeError: expected a function that was defined with def, not <function <lambda> at ...>.
    """
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise TypeError(f"expected a function that was defined with def, not {function!r}.")
    digest = sha256(f"{sys.version_info[:2]}".encode())
    try:
        for part in _Writer(function.__name__).function(function):
            digest.update(part.encode() + b"\0")
    except RecursionError:
        raise TypeError(
            f"{function.__name__} uses a variable that contains itself, whose value cannot be "
            "recorded with a run: create it inside the function."
        ) from None
    return digest.hexdigest()


class _Writer:
    """Write out functions and values as strings; each function only once."""

    def __init__(self, name: str) -> None:
        self.name = name  # of the function that is hashed, for messages
        self.seen: dict[FunctionType, int] = {}

    def function(self, function: FunctionType) -> Iterator[str]:
        if function in self.seen:
            yield f"function {self.seen[function]}"
            return
        self.seen[function] = len(self.seen)
        yield from self.code(function.__code__)
        for what in ("__defaults__", "__kwdefaults__", "__dict__"):
            yield from self.value(getattr(function, what), f"{what} of {function.__name__}")
        for name in sorted(_global_names(function.__code__)):
            value = function.__globals__.get(name, _MISSING)
            if value is not _MISSING:
                yield name
                yield from self.value(value, f"the variable {name}")
            elif not hasattr(builtins, name):
                raise ValueError(
                    f"{self.name} uses the variable {name}, which is not defined yet: define it "
                    "before Term(...)."
                )
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            yield name
            try:
                value = cell.cell_contents
            except ValueError:
                raise ValueError(
                    f"{self.name} uses the variable {name}, which is not defined yet: define it "
                    "before Term(...)."
                ) from None
            yield from self.value(value, f"the variable {name}")

    def code(self, code: CodeType) -> Iterator[str]:
        yield f"{code.co_argcount} {code.co_kwonlyargcount} {code.co_varnames} {code.co_flags}"
        for step in dis.get_instructions(code):
            if step.opname == "IMPORT_NAME" and _is_own_module(step.argval):
                raise TypeError(self._module(step.argval))
            yield step.opname
            if isinstance(step.argval, CodeType):
                yield from self.code(step.argval)
            else:
                yield _constant(step.argval)

    def value(self, value: object, what: str) -> Iterator[str]:
        yield type(value).__name__
        if isinstance(value, _PLAIN):
            yield repr(value)
        elif isinstance(value, np.ndarray | np.generic) and value.dtype != object:
            yield f"{value.shape} {value.dtype} {sha256(np.ascontiguousarray(value)).hexdigest()}"
        elif isinstance(value, tuple | list):
            yield str(len(value))
            for one in value:
                yield from self.value(one, what)
        elif isinstance(value, dict):
            yield from self.value(sorted(value.items(), key=lambda item: repr(item[0])), what)
        elif isinstance(value, ModuleType):
            if _is_own_module(value.__name__):
                raise TypeError(self._module(value.__name__))
            yield value.__name__
        elif isinstance(value, FunctionType) and _is_own(value):
            yield from self.function(value)
        elif _is_installed(value):
            yield f"{value.__module__}.{value.__qualname__}"
        elif dataclasses.is_dataclass(type(value)) and _is_installed(type(value)):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            yield from self.value([type(value), fields], what)
        else:
            raise TypeError(
                f"{self.name} uses {what}, a {type(value).__name__}, whose value cannot be "
                "recorded with a run: create it inside the function, or use functions, numbers, "
                "strings, or arrays."
            )

    def _module(self, name: str) -> str:
        return (
            f"{self.name} uses the module {name}, whose code cannot be recorded with a run: import "
            f"the functions that it needs, with from {name} import ..., outside of the function."
        )


def _constant(value: object) -> str:
    """Write out a constant or a name in compiled code; sets in a fixed order."""
    if isinstance(value, frozenset):
        return str(sorted(map(repr, value)))
    return repr(value)


def _global_names(code: CodeType) -> set[str]:
    """Return the names of the global variables that code reads, also in functions inside of it."""
    loads = {"LOAD_GLOBAL", "LOAD_NAME"}
    names = {step.argval for step in dis.get_instructions(code) if step.opname in loads}
    inner = (value for value in code.co_consts if isinstance(value, CodeType))
    return names.union(*map(_global_names, inner))


def _is_installed(value: object) -> bool:
    """Tell whether a value is a function or a class of an installed package."""
    if isinstance(value, BuiltinFunctionType):  # such as math.sqrt; methods of objects have a state
        return isinstance(value.__self__, ModuleType)
    known = isinstance(value, FunctionType | type | np.ufunc)
    return known and isinstance(getattr(value, "__module__", None), str) and not _is_own(value)


def _is_own(thing: FunctionType | type) -> bool:
    """Tell whether a function or class was written by the reader, and not installed."""
    return _is_own_module(getattr(thing, "__module__", "__main__"))


def _is_own_module(name: str) -> bool:
    module = sys.modules.get(name)
    path = getattr(module, "__file__", None)
    if module is None:
        spec = importlib.util.find_spec(name.split(".")[0])
        path = spec.origin if spec and spec.has_location else None
    if path is None:  # a notebook, or a module in C
        return name == "__main__"
    return not any(Path(path).is_relative_to(folder) for folder in _INSTALLED)
