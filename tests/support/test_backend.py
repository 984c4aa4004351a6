"""Importing Keras: which backend is accepted, and which lines of stderr are shown.

A fake Keras of a few lines replaces it where TensorFlow would take seconds or is not needed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
from types import SimpleNamespace
floatx = lambda: "float32"
dtype_policy = lambda: SimpleNamespace(name="float32")
image_data_format = lambda: "channels_last"
"""
REMARK = "I0000 00:00:1 port.cc:153] oneDNN custom operations are on. You may see ..."


@pytest.fixture
def keras_of(tmp_path):
    """A function that writes a fake package keras with a given backend and returns its folder."""

    def write(backend="tensorflow", imported=""):
        package = tmp_path / "keras"
        package.mkdir()
        (package / "__init__.py").write_text(
            f"{imported}\nfrom keras import backend, config, layers, ops\n"
        )
        (package / "config.py").write_text(CONFIG)
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
def test_another_backend_of_a_keras_that_was_imported_before_is_refused(backend, keras_of):
    process = imported(keras_of(backend), code="import keras, vaelib.support.backend")
    assert process.returncode == 1
    error = process.stderr.splitlines()[-1]
    assert f"BackendError: Keras uses the backend {backend}, but " in error
    assert "set the environment variable KERAS_BACKEND to tensorflow" in error


@pytest.mark.parametrize("backend", ["torch", "jax", "theano"])
def test_another_backend_in_the_environment_is_refused_before_it_is_imported(backend, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)  # none of them is installed
    done = subprocess.run(
        [sys.executable, "-m", "vaelib", "sample", "fashion_mnist_elbo_50-epochs"],
        **dict(cwd=ROOT, capture_output=True, text=True),
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"Error: Keras uses the backend {backend}, but vaelib needs")


def keras_settings(monkeypatch, folder, **settings):
    """Import the backend with a keras.json, and print the settings and a result in float32."""
    (folder / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    code = "from vaelib.support.backend import keras, layers; import os; config = keras.config; "
    code += "print(config.backend(), config.floatx(), config.dtype_policy().name, "
    code += "layers.Conv2D(1, 3).data_format, os.environ.get('KERAS_BACKEND'))"
    return imported(code=code)


@pytest.mark.parametrize(
    "settings",
    [
        {"backend": "jax"},
        {"backend": "theano"},
        {"floatx": "float64", "image_data_format": "channels_first", "backend": "torch"},
    ],
)
def test_the_settings_of_keras_json_do_not_matter(settings, tmp_path, monkeypatch):
    process = keras_settings(monkeypatch, tmp_path, **settings)
    assert process.returncode == 0, process.stderr
    assert process.stdout == "tensorflow float32 float32 channels_last None\n"
    said = "Keras was set to float64 and channels_first, but vaelib computes in float32"
    assert (said in process.stderr) == ("floatx" in settings)


def test_a_wrong_value_in_keras_json_is_refused_with_a_message(tmp_path, monkeypatch):
    process = keras_settings(monkeypatch, tmp_path, floatx="float7")
    assert process.returncode == 1
    error = process.stderr.splitlines()[-1]
    assert "BackendError: Keras and TensorFlow could not be imported" in error
    assert "keras.json" in error


def test_a_mixed_policy_that_was_set_before_the_import_is_replaced_with_a_warning():
    code = "import keras; keras.config.set_dtype_policy('mixed_float16'); "
    code += "import vaelib.support.backend; print(keras.config.dtype_policy().name)"
    process = imported(code=code)
    assert process.stdout == "float32\n"
    assert "Keras was set to mixed_float16, but vaelib computes in float32" in process.stderr


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
    assert "could not be imported (no such thing)" in process.stderr.splitlines()[-1]
