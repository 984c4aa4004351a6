"""A fingerprint of code that is the same on every Python: what it computes, not how it is written.

Comments, docstrings and layout don't count. `ast.unparse` and `ast.dump` write the same code in
another way from one version of Python to the next; here a syntax tree is written out by its nodes
and their fields, and what is empty or says nothing about the result is left out.
"""

import ast
from hashlib import sha256
from pathlib import Path

# Fields that some versions have, or that repeat what the place in the tree says.
LEFT_OUT = {"kind", "ctx", "type_comment", "type_ignores", "type_params"}


def of_files(paths):
    """SHA-256, in hexadecimal, over some Python files, in this order."""
    digest = sha256()
    for path in paths:
        digest.update(of_source(Path(path).read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def of_source(source):
    """SHA-256, in hexadecimal, over one file's text."""
    return sha256("".join(_written(ast.parse(source))).encode()).hexdigest()


def _written(node):
    """The parts of a text that stands for a node, or for what a field of one holds."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(value, list):
                value = [statement for statement in value if not _is_docstring(statement)]
            if isinstance(node, ast.JoinedStr):  # Python 3.12 puts an empty text into some
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
        yield ascii(node)  # what `repr` escapes is another matter in each version's Unicode


def _is_docstring(statement):
    """Whether it is text, or a number, that stands alone."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
