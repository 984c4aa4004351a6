"""What is said where TensorFlow or a package of an extra is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from vaelib.__main__ import main
from vaelib.support import installed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def without_tensorflow(monkeypatch):
    """No TensorFlow is found, as where only the package itself was installed."""
    find = installed.find_spec
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if name == "tensorflow" else find(name)
    )


def test_missing_tensorflow_is_one_sentence_that_says_what_to_install(without_tensorflow):
    with pytest.raises(ImportError, match=r"not installed.* `pip install tensorflow` \(or") as seen:
        installed.check_tensorflow()
    assert seen.value.name == "tensorflow"


def test_what_is_left_of_an_uninstalled_tensorflow_is_none(tmp_path):
    (tmp_path / "tensorflow" / "include").mkdir(parents=True)  # one of two builds was uninstalled
    code = (
        "import sys\n"
        f"sys.path[:] = [{str(tmp_path)!r}, {str(ROOT)!r}] "
        "+ [p for p in sys.path if 'site-packages' not in p]\n"
        "import vaelib.support.backend"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: TensorFlow is not installed, but")


def test_batch_names_the_package_that_it_lacks(tmp_path, monkeypatch):
    (tmp_path / "grid.yml").touch()
    find = installed.find_spec
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if name == "distributed" else find(name)
    )
    done = CliRunner().invoke(main, ["batch", str(tmp_path / "grid.yml")])
    assert done.exit_code == 1
    assert "this command needs distributed, which cannot be found: install it with" in done.stderr
    assert done.stderr.count("\n") == 1
