"""The fingerprint of code: the same on every Python, and independent of layout only."""

import ast
import os
import shutil
import subprocess

import pytest

from vaelib.runs import provenance
from vaelib.support import source_hash

SOURCE = '''"""A docstring."""

from __future__ import annotations

import functools


# A comment.
@functools.lru_cache(maxsize=None)
def described(values: list[float], /, *rest: int, width: int = 8, **named: str) -> str:
    """Another."""
    quoted = f"{'nested'}{named['key'] if False else ''}" if False else f'{"other"} {{braces}}'
    table = f"{values[0]!r:>{width}}|{values[0]:.{2 if rest else 3}f}|{width=}|{width = !s:^9}|"
    joined = "plain " f"{width:,}" " and " rf"\\d{width}" "" f"" "é \\N{SNOWMAN} \U0001fae8"
    if (n := len(values)) > 1 and not rest:
        return f"{n:{''}}" + f"{n!a}" + u"text" + b"bytes".decode()
    match rest:
        case [1, *others] | [2, *others] if others:
            return str(others)
        case {"a": 1 as one, **more}:
            return str((one, more))
        case None | -1 | 2.5e-3 | 1j:
            return "none"
        case _:
            pass
    return quoted + table + joined + str([x**2 for x in values if x != 0]) + str(lambda a, b=...: a)


class Plain:
    """A third."""

    x: int = 0x10
    y: "Plain | None" = None

    async def wait(self):
        async with self as opened:
            yield await opened
        try:
            raise ValueError from None
        except* (ValueError, TypeError) as group:
            del group
        finally:
            print(*self, sep="", end=f"{self.x:#06x}")
'''
GOLDEN = "2fff1e214c276797166fed1060bdae8378f4ad2abc4185e53d98d663421ca2a0"
BY_PATH = "import runpy, sys; print(runpy.run_path(sys.argv[1])['hash_files'](sys.argv[2:]))"


def test_the_fingerprint_of_a_fixed_source_is_the_recorded_one():
    assert source_hash.hash_source(SOURCE) == GOLDEN


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_finds_the_same_fingerprint_of_the_package(version, tmp_path):
    python = shutil.which(f"python{version}") or "no such Python"
    # Where pyenv has several, this chooses among them; nothing else looks at it.
    environment = os.environ | {"PYENV_VERSION": version}
    command = [python, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, env=environment)
    except OSError:
        pytest.skip(f"there is no Python {version}")
    if found.stdout.strip() != version:
        pytest.skip(f"python{version} does not run")
    (tmp_path / "source.py").write_text(SOURCE, encoding="utf-8")
    files = [provenance.PACKAGE / f"{name}.py" for name in provenance.RESULT_FILES]
    for paths in (files, [tmp_path / "source.py"]):
        command = [python, "-I", "-c", BY_PATH, source_hash.__file__, *paths]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.stdout.strip() == source_hash.hash_files(paths), done.stderr
    assert provenance.code_fingerprint() == source_hash.hash_files(files)


SAME = [
    ("x = 1", "# a comment\n\nx = 1  # and another"),
    ("def f():\n    return 1", 'def f():\n    """A docstring."""\n    return 1'),
    ("class A:\n    x = 1", "class A:\n    '''Text.'''\n\n    x = 1\n    'And more.'"),
    ("x = f(1, 2)", "x = f(\n    1,\n    2,\n)"),
    ("x = (1 + 2) * 3", "x = ((1 + 2)) * (3)"),
    ("x = 'a' 'b'", 'x = "ab"'),
    ("x = f'{a}' f'{b}c'", 'x = f"{a}{b}c"'),
    ("x = 1_000", "x = 1000"),
    ("if a:\n    b\nelif c:\n    d", "if a:\n    b\nelse:\n    if c:\n        d"),
]
OTHER = [
    ("x = 2 * 3", "x = 2 * 4"),
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = True"),
    ("x = 'a'", "x = b'a'"),
    ("x = ''", "x = None"),
    ("x = a + b", "x = b + a"),
    ("x = a - b - c", "x = a - (b - c)"),
    ("f(a, b)", "f(a, b=b)"),
    ("f(*a)", "f(a)"),
    ("x = f'{a:.2f}'", "x = f'{a:.3f}'"),
    ("x = f'{a!r}'", "x = f'{a!s}'"),
    ("x = f'{a}'", "x = '{a}'"),
    ("def f(a=1):\n    return a", "def f(a=2):\n    return a"),
    ("def f(a):\n    return a", "def f(*, a):\n    return a"),
    ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
    ("for a in b:\n    c()\nelse:\n    d()", "for a in b:\n    c()\nd()"),
    ("return_ = x[1:]", "return_ = x[:1]"),
    ("a()\nb()", "b()\na()"),
    ("from a import b", "from .a import b"),
    ("x = {**a}", "x = {None: a}"),
]


@pytest.mark.parametrize("one, another", SAME)
def test_comments_docstrings_and_layout_do_not_change_the_fingerprint(one, another):
    assert source_hash.hash_source(one) == source_hash.hash_source(another)


@pytest.mark.parametrize("one, another", OTHER)
def test_code_that_computes_something_else_has_another_fingerprint(one, another):
    assert source_hash.hash_source(one) != source_hash.hash_source(another)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package, whose code is looked at instead."""
    package = shutil.copytree(provenance.PACKAGE, tmp_path / "vaelib")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    monkeypatch.setattr(provenance, "code_fingerprint", provenance.code_fingerprint.__wrapped__)
    return package


def test_a_change_to_any_file_that_affects_results_changes_the_fingerprint(copy):
    known = {provenance.code_fingerprint()}
    for name in provenance.RESULT_FILES:
        with open(copy / f"{name}.py", "a", encoding="utf-8") as stream:
            stream.write("\nMORE = 1\n")
        assert provenance.code_fingerprint() not in known, name
        known.add(provenance.code_fingerprint())


def test_comments_and_files_that_do_not_affect_training_do_not_change_the_fingerprint(copy):
    before = provenance.code_fingerprint()
    for name, line in (("losses", "# a comment"), ("plotting/panels", "MORE = 1")):
        with open(copy / f"{name}.py", "a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    assert provenance.code_fingerprint() == before


# What training imports, but what decides no number of a VAE: data have a fingerprint of their own,
# and the recipe of a GAN contains the hash of the code that only GANs use.
HARMLESS = {
    *("adversarial", "gans", "runs/gan_recipes"),
    *(
        "compatibility",
        "term_check",
        "runs/checkpoints",
        "runs/npz",
        "runs/provenance",
        "runs/run_folder",
        "runs/sizes",
    ),
    *("support/backend", "support/errors", "support/files", "support/function_hash"),
    *("support/installed", "support/repeatable", "support/source_hash"),
}


def imported(name, seen):
    """The modules of the package that one needs, itself included, without those of the data."""
    if name in seen or name.startswith("data"):
        return seen
    path = provenance.PACKAGE / f"{name}.py"
    if not path.exists():
        return seen
    seen.add(name)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vaelib"):
            within = node.module.removeprefix("vaelib").removeprefix(".").replace(".", "/")
            for alias in node.names:
                imported(within, seen)
                imported(f"{within}/{alias.name}".lstrip("/"), seen)
    return seen


def test_every_file_that_training_imports_is_part_of_the_fingerprint():
    assert imported("runs/trainer", set()) == {*provenance.RESULT_FILES} | HARMLESS
