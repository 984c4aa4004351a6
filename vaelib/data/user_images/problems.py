"""Say why a file cannot be used as an image."""

from vaelib.support.errors import DataError

MOST_SHOWN = 200  # characters of a name
SKIP = "skip all files that can't be read (skip=True, --skip)"


class FileProblem(DataError):
    """A file cannot be used as an image.

    The message says what to do. `reason` says only which file it is and what is wrong with it, for
    a list of files that were left out.
    """

    def __init__(self, name: str, reason: str, advice: str = "remove it"):
        self.reason = f"{printable(name)} {reason}"
        super().__init__(f"{self.reason}: {advice}, or {SKIP}.")


def escaped(text: str) -> str:
    """Replace line breaks and other characters that cannot be printed by escapes.

    >>> escaped("cats\\n/1.png")
    'cats\\\\n/1.png'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def printable(name: str) -> str:
    """Return a name of a file for a message: escaped, and without its middle if it is very long.

    >>> printable("cats\\n/1.png"), len(printable("x" * 60_000))
    ('cats\\\\n/1.png', 201)
    """
    shown, half = escaped(name), MOST_SHOWN // 2
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:half]}…{shown[-half:]}"


def some(names: list[str], most: int = 5) -> str:
    """Return the first names as text, with the number of the others.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(printable(name) for name in names[:most]) + more


def counted(count: int, one: str, many: str) -> str:
    """Return a number with the words that follow it, which differ for one and for many.

    >>> counted(1, "file was", "files were"), counted(2_000, "file was", "files were")
    ('1 file was', '2,000 files were')
    """
    return f"{count:,} {one if count == 1 else many}"
