"""Limit the memory of everything that several threads do at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Memory for images that are being decoded, in bytes.
MOST = 600_000_000


class Memory:
    """A stock of memory that threads reserve before they allocate.

    Whoever asks for more than there is gets all of it, and so works alone.
    """

    def __init__(self, most: int = MOST):
        self._most = self._free = most
        self._changed = threading.Condition()

    @contextmanager
    def reserved(self, size: int) -> Iterator[None]:
        """Wait until `size` bytes are free, and hold them inside the `with` block."""
        size = min(size, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()
