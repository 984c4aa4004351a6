"""What Git writes to the disk, also on systems where it changes the ends of lines."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Files of a run are verified by hash, and bash does not run scripts with other ends of lines.
FILES = [ROOT / ".gitattributes", ROOT / "binder" / "postBuild", ROOT / ".ci" / "run"]
FILES += (ROOT / "runs" / "fashion_mnist_elbo_50-epochs").iterdir()


@pytest.mark.skipif(not shutil.which("git"), reason="Git is not installed")
def test_a_checkout_on_windows_has_the_committed_bytes(tmp_path):
    committed, checked_out = tmp_path / "committed", tmp_path / "checked-out"
    for path in FILES:
        copy = committed / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    here = ["-C", committed, "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (
        ["init", "--quiet", committed],
        [*here, "add", "--all"],
        [*here, "commit", "--quiet", "--message=all"],
        # What the default installation of Git for Windows sets
        ["-c", "core.autocrlf=true", "clone", "--quiet", committed, checked_out],
    ):
        subprocess.run(["git", *words], check=True)
    assert len(FILES) == 9
    for path in FILES:
        copy = checked_out / path.relative_to(ROOT)
        assert copy.read_bytes() == path.read_bytes(), path.name
