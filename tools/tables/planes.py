"""Keep what the latent spaces of runs/family.csv's beta-VAEs look like, in runs/planes.npz.

`python -m tools.tables.planes`: those of seed 0 that the file lacks are loaded from where `make
family` left them, or trained (minutes each). What is kept are the last snapshots: samples, codes
and grid, as small as they can be without being seen to be so, and where they come from.
"""

import json
from pathlib import Path

import click
import numpy as np
import yaml

from vaelib import runs, study
from vaelib.files import write_whole
from vaelib.runs.arrays import from_npz, to_npz

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "runs" / "planes.npz"
KEPT = ("samples", "codes", "grid")


def betas():
    """The beta-VAEs that notebooks/family.yml asks for first, and their epochs."""
    text = (ROOT / "notebooks" / "family.yml").read_text(encoding="utf-8")
    grid, *_ = yaml.safe_load(text)["parameters"]
    return grid["objective"], grid["epochs"][0]


def planes(words, **settings):
    """The arrays: "beta(1)/codes" and so on, labels (n,), and "beta(1)/provenance" as JSON."""
    arrays = {}
    for word in words:
        print(word, flush=True)
        run = runs.train(study.recipe(objective=word, **settings))
        last, about = run.snapshots, {"recipe": run.recipe.get_config()} | run.provenance
        arrays |= {f"{word}/{name}": last[name][-1] for name in KEPT}
        arrays[f"{word}/codes"] = arrays[f"{word}/codes"].astype(np.float16)
        arrays[f"{word}/provenance"] = np.array(json.dumps(about))
        arrays["labels"] = last["labels"]
    return arrays


@click.command()
def main():
    """Add to runs/planes.npz what it lacks."""
    words, epochs = betas()
    known = from_npz(FILE.read_bytes()) if FILE.exists() else {}
    missing = [word for word in words if f"{word}/codes" not in known]
    print(f"{len(words) - len(missing)} planes are there, {len(missing)} are asked for", flush=True)
    if missing:
        arrays = known | planes(missing, dataset="fashion_mnist", epochs=epochs)
        write_whole(FILE, to_npz(arrays))


if __name__ == "__main__":
    main()
