"""Keep the beta-VAEs and what their latent spaces look like, in runs/planes.npz.

`python -m tools.tables.planes`: those of seed 0 that the file lacks, or that another code trained,
are loaded from where `make study` left them, or trained (minutes each). What is kept are the last
snapshots, samples, codes and grid, and the weights, all as small as they can be without being seen
to be so, and where they come from.
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
    if not {f"{word}/provenance", f"{word}/weights/0"} <= set(arrays):
        return False
    about = json.loads(str(arrays[f"{word}/provenance"]))
    return about["code"]["fingerprint"] == provenance.code_fingerprint()


def planes(words, **settings):
    """The arrays: "beta(1)/codes" and so on, labels (n,), and "beta(1)/provenance" as JSON.

    The weights of encoder and decoder are "beta(1)/weights/0" and so on, in half precision, which
    moves a code by three thousandths at most and a pixel by less than a grey value.
    """
    arrays = {}
    for word in words:
        print(word, flush=True)
        run = runs.train(study.recipe(objective=word, **settings))
        last, about = run.snapshots, {"recipe": run.recipe.get_config()} | run.provenance
        arrays |= {f"{word}/{name}": last[name][-1] for name in KEPT}
        arrays[f"{word}/codes"] = arrays[f"{word}/codes"].astype(np.float16)
        arrays[f"{word}/provenance"] = np.array(json.dumps(about))
        arrays["labels"] = last["labels"]
        arrays |= weights(word, run.model)
    return arrays


def weights(word, model):
    """Those of encoder and decoder, as `family.betas` reads them."""
    parts = [*model.encoder.get_weights(), *model.decoder.get_weights()]
    return {f"{word}/weights/{i}": part.astype(np.float16) for i, part in enumerate(parts)}


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
