"""Keep what the latent spaces of runs/family.csv's beta-VAEs look like, in runs/planes.npz.

`python tools/planes.py`: those of seed 0 are loaded from where `make family` left them, or trained
(minutes each). What is kept are the last snapshots: samples, codes and grid, as small as they can
be without being seen to be so.
"""

from pathlib import Path

import click
import numpy as np
import yaml

from vaelib import study, training
from vaelib.files import to_npz, write_whole

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("samples", "codes", "grid")


def betas():
    """The beta-VAEs that notebooks/family.yml asks for first, and their epochs."""
    text = (ROOT / "notebooks" / "family.yml").read_text(encoding="utf-8")
    grid, *_ = yaml.safe_load(text)["parameters"]
    return grid["objective"], grid["epochs"][0]


def planes(words, **settings):
    """The arrays: "beta(1)/codes" and so on, and labels (n,)."""
    arrays = {}
    for word in words:
        print(word, flush=True)
        last = training.train(study.recipe(objective=word, **settings)).snapshots
        arrays |= {f"{word}/{name}": last[name][-1] for name in KEPT}
        arrays[f"{word}/codes"] = arrays[f"{word}/codes"].astype(np.float16)
        arrays["labels"] = last["labels"]
    return arrays


@click.command()
def main():
    """Write runs/planes.npz."""
    words, epochs = betas()
    arrays = planes(words, dataset="fashion_mnist", epochs=epochs)
    write_whole(ROOT / "runs" / "planes.npz", to_npz(arrays))


if __name__ == "__main__":
    main()
