"""Keep what the latent spaces of the beta-VAEs look like, in runs/planes.npz.

`python -m tools.tables.planes`: those of seed 0 that the file lacks, or that another code trained,
are loaded from where `make study` left them, or trained (minutes each). What is kept are the last
snapshots: samples, codes and grid, as small as they can be without being seen to be so, and where
they come from.
"""

import json
from pathlib import Path

import click
import numpy as np

from vaelib import runs, study
from vaelib.files import write_whole
from vaelib.runs import provenance
from vaelib.runs.arrays import from_npz, to_npz

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "runs" / "planes.npz"
KEPT = ("samples", "codes", "grid")
BETAS = tuple(f"beta({weight})" for weight in ("0.01", "0.03", "0.1", "0.3", "1", "3", "10"))


def is_todays(word, arrays):
    """Whether the plane of a beta-VAE is there, and was trained by today's code."""
    if f"{word}/provenance" not in arrays:
        return False
    about = json.loads(str(arrays[f"{word}/provenance"]))
    return about["code"]["fingerprint"] == provenance.code_fingerprint()


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
    known = from_npz(FILE.read_bytes()) if FILE.exists() else {}
    missing = [word for word in BETAS if not is_todays(word, known)]
    print(f"{len(BETAS) - len(missing)} planes are there, {len(missing)} are missing", flush=True)
    if missing:
        write_whole(FILE, to_npz(known | planes(missing, dataset="fashion_mnist")))


if __name__ == "__main__":
    main()
