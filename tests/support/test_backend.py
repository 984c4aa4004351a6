"""Importing Keras: which backend is accepted, and which lines of stderr are shown.

A fake Keras of a few lines replaces it where TensorFlow would take seconds or is not needed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REMARK = "I0000 00:00:1 port.cc:153] oneDNN custom operations are on. You may see ..."


@pytest.fixture
def keras_of(tmp_path):
    """A function that writes a fake package keras with a given backend and returns its folder."""

    def write(backend="tensorflow", imported=""):
        package = tmp_path / "keras"
        package.mkdir()
        (package / "__init__.py").write_text(
            f"{imported}\nfrom keras import backend, layers, ops\n"
        )
        (package / "backend.py").write_text(f"def backend():\n    return {backend!r}\n")
        for name in ("layers", "ops"):
            (package / f"{name}.py").touch()
        return tmp_path

    return write


def imported(*path, code="import vaelib.support.backend", redirect=""):
    """Run code in a new process, by default an import of the backend, and return the process."""
    paths = os.pathsep.join(map(str, [*path, ROOT]))
    return subprocess.run(
        f'"{sys.executable}" -c "{code}" {redirect}',
        shell=True,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_is_refused_with_a_message(backend, keras_of):
    process = imported(keras_of(backend))
    assert process.returncode == 1
    error = process.stderr.splitlines()[-1]
    assert error.startswith(f"ImportError: Keras uses the backend {backend}, but ")
    assert "set the environment variable KERAS_BACKEND to tensorflow" in error


def test_importing_tensorflow_prints_nothing():
    process = imported()
    assert (process.returncode, process.stderr) == (0, "")


def test_only_tensorflows_log_lines_are_hidden_during_the_import(keras_of):
    lines = f"WARNING: all before absl::InitializeLog()\\n{REMARK}\\nsomething else\\nno end"
    write = f"import os\nos.write(2, b'{lines}')"
    process = imported(
        keras_of(imported=write), code="import os, vaelib.support.backend; os.write(2, b'!')"
    )
    assert process.stderr == "something else\nno end!"


def test_only_tensorflows_warning_of_retracing_is_hidden():
    code = "from vaelib.support.backend import tf; log = tf.get_logger().warning; "
    code += "log('5 out of 9 calls triggered tf.function retracing at 0x7'); log('something else')"
    process = imported(code=code)
    assert process.stderr.count("retracing") == 0 and "something else" in process.stderr


def test_importing_works_where_stderr_is_closed(keras_of):
    for path in ([keras_of()], []):  # the fake Keras, and the real one
        process = imported(*path, code="import vaelib.support.backend; print(7)", redirect="2>&-")
        assert (process.returncode, process.stdout) == (0, "7\n")


def test_messages_are_shown_if_the_import_aborts(keras_of):
    dying = "import os\nos.write(2, b'last words\\n')\nos.abort()"
    process = imported(keras_of(imported=dying))
    assert process.returncode != 0
    assert "last words\n" in process.stderr


def test_stderr_is_restored_after_an_import_that_failed(keras_of):
    process = imported(keras_of(imported="raise ImportError('no such thing')"))
    assert process.returncode == 1
    assert process.stderr.endswith("ImportError: no such thing\n")
