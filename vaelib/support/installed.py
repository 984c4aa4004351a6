"""Check that packages which vaelib does not install by itself are there.

TensorFlow exists under two names and for two kinds of processors, and installing one build over
another damages both. The package therefore requires none of them, see the extras in pyproject.toml.
"""

from importlib.util import find_spec


def check_tensorflow() -> None:
    """Raise an ImportError that says what to install if TensorFlow cannot be imported.

    Raises:
        ImportError: If there is no TensorFlow, or only the empty folder that is left over if one
            of two builds was uninstalled.

    >>> check_tensorflow()
    """
    spec = find_spec("tensorflow")
    if spec is None or spec.origin is None:  # a folder without __init__.py has no origin
        raise ImportError(
            "TensorFlow is not installed, but vaelib computes with it: install it with "
            "`pip install tensorflow` (or `pip install tensorflow-cpu`, which takes half the space "
            "on Linux with an x86-64 processor and uses no GPU), and import vaelib again.",
            name="tensorflow",
        )


def check_packages(purpose: str, extra: str, *names: str) -> None:
    """Raise an ImportError that says what to install if one of the packages is missing.

    Args:
        purpose: What needs them, the subject of the sentence.
        extra: The extra of vaelib that contains them.
        names: Names of the packages, as they are imported.

    Raises:
        ImportError: If one of them is not installed.

    >>> check_packages("this example", "batch", "numpy")
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"{purpose} needs {' and '.join(missing)}, which cannot be found: install it with "
            f"`pip install {' '.join(missing)}`, or install vaelib with its extra {extra!r}.",
            name=missing[0],
        )
