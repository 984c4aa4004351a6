"""Hash Python source code, ignoring comments, docstrings and formatting.

The hash is the same on every version of Python. `ast.dump` and `ast.unparse` cannot be used for
this, because their output for the same code differs between versions. Therefore, the nodes of the
syntax tree and their fields are written out here, without fields that are empty or irrelevant.
"""

import ast
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

# Fields that only some versions have, or that follow from the position in the tree.
LEFT_OUT = {"kind", "ctx", "type_comment", "type_ignores", "type_params"}


def hash_files(paths: Iterable[str | Path]) -> str:
    """Compute the SHA-256, in hexadecimal, of several Python files in the given order."""
    digest = sha256()
    for path in paths:
        digest.update(hash_source(Path(path).read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def hash_source(source: str) -> str:
    """Compute the SHA-256, in hexadecimal, of the source code of one Python file.

    >>> hash_source("x = 1") == hash_source("x  =  1  # a comment")
    True
    """
    return sha256("".join(_written(ast.parse(source))).encode()).hexdigest()


def _written(node: object) -> Iterator[str]:
    """Write out a node, or the value of one of its fields, as parts of a text."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(value, list):
                value = [statement for statement in value if not _is_docstring(statement)]
            if isinstance(node, ast.JoinedStr):  # Python 3.12 adds an empty string to some
                value = [part for part in value if getattr(part, "value", None) != ""]
            if name not in LEFT_OUT and value not in (None, []):
                yield f" {name}="
                yield from _written(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for value in node:
            yield from _written(value)
            yield ","
        yield "]"
    else:
        yield ascii(node)  # not repr, which escapes other characters in each version of Unicode


def _is_docstring(statement: ast.stmt) -> bool:
    """Tell whether a statement consists of a constant only, as a docstring does."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
