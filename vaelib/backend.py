"""Keras on TensorFlow, imported without TensorFlow's start-up remarks.

TensorFlow 2.21 writes two lines about oneDNN to stderr while it is imported, whatever its log
level, and a notebook would show them to its readers in red. Modules of this package therefore
take Keras from here. Anything else that is written meanwhile is passed on.
"""

import contextlib
import os
import subprocess
import sys

REMARKS = b"oneDNN custom operations are on", b"before absl::InitializeLog()"
# A process of its own, so that what TensorFlow says last is seen where it aborts this one.
FILTER = f"""import sys
for line in sys.stdin.buffer:
    if not any(remark in line for remark in {REMARKS}):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextlib.contextmanager
def _without_remarks():
    try:
        # TensorFlow's C++ code writes to file descriptor 2, out of reach of sys.stderr.
        stderr = os.dup(2)
    except OSError:  # it is closed: nobody listens
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
    # Keras last, or its last words could share a line with a remark.
    import keras
    from keras import layers, ops

# Every model that is trained is traced once. From the fifth in a process on, TensorFlow takes that
# for a mistake, and says so with an address in memory that no two runs share.
tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in str(record.msg))

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"Keras runs on {keras.backend.backend()} here, and vaelib on TensorFlow only: on other "
        "backends it would train without some gradients, or too slowly. Set the environment "
        "variable KERAS_BACKEND to tensorflow before Keras is imported."
    )

__all__ = ["keras", "layers", "ops", "tf"]
