"""Show that today's code gives the same bytes as that of an earlier commit, and write it down.

`python -m tools.checks.same_bytes COMMIT`: both train and measure every kind of model on drawn
faces. Where all weights and all measures agree to the last bit, runs/same_bytes.csv gets a line,
and rows of the tables that were made by the earlier code are not stale. Otherwise nothing is
written.
"""

import csv
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import click

from vaelib.study.staleness import SAME_BYTES

ROOT = Path(__file__).resolve().parents[2]
# What an earlier commit must know, too: names of the study, nothing that has been moved since.
PROBE = """
import hashlib, json, sys
import numpy as np
from vaelib import data, study
from vaelib.measures import features
from vaelib.study import staleness

def digest(arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()

MODELS = [(name, "normal", "fast", "grey") for name in study.OBJECTIVES]
MODELS += [("elbo", prior, "fast", "grey") for prior in ("vamp(4)", "mixture(4)", "fitted(4)")]
RELATIVES = "capacity(10, 4, 1)", "iwae(3)", "infovae(0.5, 100)"
MODELS += [(name, "normal", "fast", "grey") for name in RELATIVES]
MODELS += [("elbo", "normal", schedule, "threshold") for schedule in ("fast", "post")]
few, space, found = dict(limit=1000, epochs=2, seed=3), features.load("faces"), {}
for objective, prior, schedule, pixels in MODELS:
    asked = (objective, prior, schedule)
    model = study.model_of("faces", *asked, pixels=pixels, **few)
    dataset = study.recipe("faces", *asked, pixels=pixels, **few).load().limit(1000, 500)
    row = study.measure(model, dataset, space, 3)
    found[f"{objective}, {prior}, {schedule}, {pixels}"] = {
        "weights": digest(model.get_weights()), "row": digest([np.array(sorted(row.items()))])
    }
    print(".", end="", file=sys.stderr, flush=True)
today = staleness.today("faces")
names = {kind: today[f"{kind}.fingerprint"] for kind in ("code", "measuring")}
print(json.dumps({"models": found} | names))
"""


def probed(tree: Path) -> dict:
    """What the package in a folder trains and measures: dict of models, code, measuring."""
    with tempfile.TemporaryDirectory() as runs:
        environment = os.environ | {"PYTHONPATH": str(tree), "VAELIB_RUNS_DIR": runs}
        command = [sys.executable, "-c", PROBE]
        done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"The code in {tree.name} could not train and measure, for the reason above.")
    return json.loads(done.stdout.splitlines()[-1])


def differences(before: dict, after: dict) -> list[str]:
    """Which models differ, and in what."""
    return [
        f"{name}: another {part}"
        for name, kept in before["models"].items()
        for part in kept
        if kept[part] != after["models"].get(name, {}).get(part)
    ]


def record(before: dict, after: dict, table: Path = SAME_BYTES) -> int:
    """Add a line for each of the two fingerprints that changed; returns how many were added."""
    lines = [
        [kind, before[kind], after[kind], len(before["models"])]
        for kind in ("code", "measuring")
        if before[kind] != after[kind]
    ]
    new = not table.exists()
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["kind", "before", "after", "models"]] * new + lines)
    return len(lines)


@click.command(help=__doc__)
@click.argument("commit")
def main(commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder, "earlier")
        archive = ["git", "-C", str(ROOT), "archive", "--output", f"{folder}/earlier.tar", commit]
        if subprocess.run(archive).returncode:
            sys.exit(f"There is no commit {commit!r} to compare with.")
        with tarfile.open(f"{folder}/earlier.tar") as archived:
            archived.extractall(earlier, filter="data")
        before = probed(earlier)
    after = probed(ROOT)
    if wrong := differences(before, after):
        sys.exit("Not the same bytes, so nothing is written down:\n" + "\n".join(wrong))
    added = record(before, after)
    print(f"\n{len(before['models'])} models: the same weights and measures; {added} lines added.")


if __name__ == "__main__":
    main()
