"""Keras, imported without TensorFlow's start-up remarks.

TensorFlow 2.21 writes two lines about oneDNN to stderr while it is imported, whatever its log
level, and a notebook would show them to its readers in red. Modules of this package therefore
take Keras from here. Anything else that is written meanwhile is passed on.
"""

import contextlib
import os
import sys
import tempfile

REMARKS = ("oneDNN custom operations are on", "before absl::InitializeLog()")


@contextlib.contextmanager
def _without_remarks():
    sys.stderr.flush()
    # TensorFlow's C++ code writes to file descriptor 2, out of reach of sys.stderr.
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            written.seek(0)
            lines = written.read().decode(errors="replace").splitlines(keepends=True)
            sys.stderr.write("".join(x for x in lines if not any(r in x for r in REMARKS)))


with _without_remarks():
    import keras
    from keras import layers, ops, tree

__all__ = ["keras", "layers", "ops", "tree"]
