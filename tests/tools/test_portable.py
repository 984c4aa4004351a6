"""The cell that gets the package in a notebook from the website, with a pretended IPython."""

import importlib.util
import sys
import types

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools.website import portable

BOTH = ["vaelib", "study"]  # lessons import both, and a wheel has only the first


@pytest.fixture
def called(monkeypatch):
    """A function that runs the installation cell, and returns what it asks IPython for."""

    def run(installed, on_colab):
        source = "".join(portable.installation_cell("owner/name")["source"])
        shell, calls = types.SimpleNamespace(), []
        shell.system = lambda line: calls.append(f"!{line}")
        shell.run_line_magic = lambda name, line: calls.append(f"%{name} {line}")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in installed or None)
        monkeypatch.setattr(sys, "path", list(sys.path))
        if on_colab:
            monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
        code = TransformerManager().transform_cell(source)
        exec(code, {"get_ipython": lambda: shell})
        return calls

    return run


@pytest.mark.parametrize("installed", [[], ["vaelib"]], ids=["nothing", "without study"])
def test_on_colab_the_package_is_installed_without_what_it_requires(called, installed):
    assert called(installed=installed, on_colab=True) == [
        "!git clone --quiet --depth 1 https://github.com/owner/name vaelib-course",
        "%pip install --quiet --no-deps --editable vaelib-course",
    ]
    assert sys.path[0] == "vaelib-course"


def test_where_the_package_is_nothing_is_installed(called):
    assert called(BOTH, on_colab=True) == called(BOTH, on_colab=False) == []


def test_elsewhere_a_sentence_says_where_the_package_is(called):
    with pytest.raises(
        ModuleNotFoundError, match=r"get the course from https://github\.com/owner/n"
    ):
        called(installed=["vaelib"], on_colab=False)
