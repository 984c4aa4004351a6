"""Train the seven β-VAEs that lesson 06 and the explorer show, and keep them in one file.

`python -m study.make_beta_vaes` adds the models of seed 0 that tables/beta_vaes.npz lacks. A model
takes minutes to train, unless `python -m study.make_rows` has trained it before. The file has the
last snapshot of each model (samples, codes, grid), its weights in half precision, and its
provenance.
"""

import json
from collections.abc import Iterable

import click
import numpy as np

from study import named_models
from study.vae_family import BETA_VAES
from vaelib import runs
from vaelib.models import VAE
from vaelib.runs.npz import from_npz, to_npz
from vaelib.support.files import write_atomically

KEPT = ("samples", "codes", "grid")
BETAS = tuple(f"beta({weight})" for weight in ("0.01", "0.03", "0.1", "0.3", "1", "3", "10"))


def snapshots_and_weights(words: Iterable[str], **settings) -> dict[str, np.ndarray]:
    """Train models, and return their last snapshots, weights, and provenance as arrays.

    Args:
        words: Names of objectives, such as "beta(1)".
        **settings: Other arguments of `named_models.recipe`.

    Returns:
        "labels", shape (n,), and for each model "beta(1)/samples", "beta(1)/codes",
        "beta(1)/grid", "beta(1)/provenance" as JSON, and the arrays of `weights`.
    """
    arrays = {}
    for word in words:
        print(word, flush=True)
        run = runs.train(named_models.recipe(objective=word, **settings))
        last, about = run.snapshots, {"recipe": run.recipe.get_config()} | run.provenance
        arrays |= {f"{word}/{name}": last[name][-1] for name in KEPT}
        arrays[f"{word}/codes"] = arrays[f"{word}/codes"].astype(np.float16)
        arrays[f"{word}/provenance"] = np.array(json.dumps(about))
        arrays["labels"] = last["labels"]
        arrays |= weights(word, run.model)
    return arrays


def weights(word: str, model: VAE) -> dict[str, np.ndarray]:
    """Return the weights of encoder and decoder, as `vae_family.load_beta_vaes` reads them.

    They are in half precision, which changes a code by at most 0.003 and a decoded pixel by less
    than one gray value.
    """
    parts = [*model.encoder.get_weights(), *model.decoder.get_weights()]
    return {f"{word}/weights/{i}": part.astype(np.float16) for i, part in enumerate(parts)}


@click.command(help=__doc__)
def main() -> None:
    """Add the models that study/tables/beta_vaes.npz lacks."""
    known = from_npz(BETA_VAES.read_bytes()) if BETA_VAES.exists() else {}
    missing = [word for word in BETAS if f"{word}/weights/0" not in known]
    print(
        f"{len(BETAS) - len(missing)} beta-VAEs are there, {len(missing)} are missing", flush=True
    )
    if missing:
        write_atomically(
            BETA_VAES, to_npz(known | snapshots_and_weights(missing, dataset="fashion_mnist"))
        )


if __name__ == "__main__":
    main()
