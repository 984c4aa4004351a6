"""Notebooks that are opened without the project: on Colab, or as a file that was downloaded.

The website offers them if it knows the repository. Colab opens notebooks from GitHub only, so its
links lead to the branch on which GitHub publishes the website, where the downloads are a folder.
"""

import copy
from typing import Any

GITHUB, COLAB = "https://github.com", "https://colab.research.google.com/github"
BRANCH = "gh-pages"
FOLDER = "vaelib-course"  # created by the cell below
CELL = """\
# This notebook belongs to a course and needs its packages. On Colab, this cell gets them. No other
# package is installed, so TensorFlow and whatever else is there stay as they are.
import importlib.util
import sys

if not all(importlib.util.find_spec(name) for name in ("vaelib", "study")):
    if "google.colab" not in sys.modules:
        raise ModuleNotFoundError(
            "vaelib and study, the packages of this course, are not installed: get the course "
            "from {address}, and follow its README, for example with `make lab`."
        )
    !git clone --quiet --depth 1 {address} {folder}
    %pip install --quiet --no-deps --editable {folder}
    sys.path.insert(0, "{folder}")  # because this kernel started before the installation"""


def installation_cell(repository: str) -> dict[str, Any]:
    """Return the cell of a notebook, as JSON, that gets the package where it is missing.

    Args:
        repository: owner/name on GitHub.
    """
    source = CELL.format(address=f"{GITHUB}/{repository}", folder=FOLDER)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "installation",
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def portable(notebook: dict[str, Any], repository: str) -> dict[str, Any]:
    """Return a copy of a notebook, as JSON, with the installation cell below its title."""
    result = copy.deepcopy(notebook)
    result["cells"].insert(1, installation_cell(repository))
    return result


def colab_address(repository: str, name: str) -> str:
    """Return the address at which Colab opens a notebook, given its path in the project."""
    return f"{COLAB}/{repository}/blob/{BRANCH}/downloads/{name}"
