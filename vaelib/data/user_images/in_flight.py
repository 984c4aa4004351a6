"""Call a function for many images in threads, with a limit on the memory of all threads together.

Memory that a thread has freed may be kept for its next image. Therefore, there are fewer threads
for larger images, instead of eight that wait for each other.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

#: Memory for images that are being decoded, in bytes. A larger image is decoded alone.
MOST = 600_000_000
#: Numbers of threads. Reading waits for the disk, and Pillow decodes in parallel.
THREADS = 8, 6, 4, 3, 2, 1

Result = TypeVar("Result")


def call_in_threads(
    function: Callable[[int], Result], costs: Sequence[int]
) -> Iterator[tuple[int, Result]]:
    """Call a function with every index, first those that need little memory.

    Args:
        function: Function of an index.
        costs: For each index, the memory that the call needs, in bytes.

    Returns:
        Indices with the results of the function, as they are ready.
    """
    waiting = list(range(len(costs)))
    for threads in THREADS:
        now = [i for i in waiting if costs[i] <= MOST // threads or threads == 1]
        if now:
            with ThreadPoolExecutor(threads) as pool:
                yield from zip(now, pool.map(function, now), strict=True)
            chosen = set(now)
            waiting = [i for i in waiting if i not in chosen]
