"""Import Keras and TensorFlow without TensorFlow's start-up messages.

TensorFlow 2.21 writes two lines about oneDNN to stderr while it is imported, at any log level, and
a notebook would show them to its readers in red. The modules of this package therefore import Keras
and TensorFlow from here. Everything else that is written to stderr during the import is passed on.

The settings of Keras in `keras.json` may belong to other projects of the user. Here, Keras always
computes with TensorFlow, in float32, and with channels last, whatever this file says. Only a
backend that was chosen for this process, by KERAS_BACKEND or by an earlier import of Keras, is
refused.
"""

import contextlib
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from vaelib.support.errors import BackendError
from vaelib.support.installed import check_tensorflow

OTHER_BACKEND = (
    "Keras uses the backend {}, but vaelib needs TensorFlow, because on other backends gradients "
    "would be missing or training would be too slow: set the environment variable KERAS_BACKEND "
    "to tensorflow, or remove it, before Keras is imported."
)
REMARKS = b"oneDNN custom operations are on", b"before absl::InitializeLog()"
# The filter is a separate process, so that TensorFlow's last message is still shown if TensorFlow
# aborts this process.
FILTER = f"""import sys
for line in sys.stdin.buffer:
    if not any(remark in line for remark in {REMARKS}):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextlib.contextmanager
def _without_remarks() -> Iterator[None]:
    try:
        # TensorFlow's C++ code writes to file descriptor 2, out of reach of sys.stderr.
        stderr = os.dup(2)
    except OSError:  # stderr is closed, so there is nothing to filter
        yield
        return
    command = [sys.executable, "-I", "-S", "-c", FILTER]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=stderr)
    os.dup2(reader.stdin.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        reader.stdin.close()
        reader.wait()


@contextlib.contextmanager
def _with_tensorflow() -> Iterator[None]:
    """Make Keras choose TensorFlow if it is imported inside the `with` block.

    Keras imports the backend that `keras.json` names, unless KERAS_BACKEND names another one.
    """
    chosen = os.environ.get("KERAS_BACKEND")
    if chosen not in (None, "", "tensorflow"):
        raise BackendError(OTHER_BACKEND.format(chosen))
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        yield
    except BackendError:
        raise
    except Exception as error:  # a wrong value in keras.json raises many different types
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BackendError(
            f"Keras and TensorFlow could not be imported ({reason}): check that both are installed "
            "and that keras.json, in the folder KERAS_HOME or in .keras in your home, is valid."
        ) from error
    finally:
        del os.environ["KERAS_BACKEND"]
        if chosen is not None:
            os.environ["KERAS_BACKEND"] = chosen


check_tensorflow()
with _with_tensorflow(), _without_remarks():
    import tensorflow as tf

    # isort: split
    # Keras comes last. Otherwise its last message could be on the same line as a remark.
    import keras
    from keras import layers, ops

if keras.backend.backend() != "tensorflow":  # Keras had been imported before
    raise BackendError(OTHER_BACKEND.format(keras.backend.backend()))


def _use_needed_settings() -> None:
    """Set the type of numbers and the order of axes that the models are written for.

    They hold for the whole process, so a warning says which settings were different.
    """
    config = keras.config
    found = []
    if config.floatx() != "float32":
        found.append(config.floatx())
        config.set_floatx("float32")
    if config.dtype_policy().name != "float32":
        found.append(config.dtype_policy().name)
        config.set_dtype_policy("float32")
    if config.image_data_format() != "channels_last":
        found.append(config.image_data_format())
        config.set_image_data_format("channels_last")
    if found:
        names = " and ".join(dict.fromkeys(found))
        warnings.warn(
            f"Keras was set to {names}, but vaelib computes in float32 with channels_last, so "
            "Keras now uses these in the whole process.",
            stacklevel=2,
        )


_use_needed_settings()

# Every model that is trained is traced once. From the fifth model in a process on, TensorFlow warns
# that this is probably a mistake. The warning contains a memory address, so a notebook's output
# would differ from run to run.
tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in str(record.msg))

# Keras has no public type for the tensors that it computes with, so this name is for readers only.
Tensor = Any  # a TensorFlow tensor, or a NumPy array where functions accept both

__all__ = ["Tensor", "keras", "layers", "ops", "tf"]
