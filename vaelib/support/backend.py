"""Import Keras and TensorFlow without TensorFlow's start-up messages.

TensorFlow 2.21 writes two lines about oneDNN to stderr while it is imported, at any log level, and
a notebook would show them to its readers in red. The modules of this package therefore import Keras
and TensorFlow from here. Everything else that is written to stderr during the import is passed on.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

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


with _without_remarks():
    import tensorflow as tf

    # isort: split
    # Keras comes last. Otherwise its last message could be on the same line as a remark.
    import keras
    from keras import layers, ops

# Every model that is trained is traced once. From the fifth model in a process on, TensorFlow warns
# that this is probably a mistake. The warning contains a memory address, so a notebook's output
# would differ from run to run.
tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in str(record.msg))

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"Keras uses the backend {keras.backend.backend()}, but vaelib needs TensorFlow, because "
        "on other backends gradients would be missing or training would be too slow: set the "
        "environment variable KERAS_BACKEND to tensorflow before Keras is imported."
    )

# Keras has no public type for the tensors that it computes with, so this name is for readers only.
Tensor = Any  # a TensorFlow tensor, or a NumPy array where functions accept both

__all__ = ["Tensor", "keras", "layers", "ops", "tf"]
