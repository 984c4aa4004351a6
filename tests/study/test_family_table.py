"""The family's table and its planes, as notebook and README read them."""

import numpy as np
import pandas as pd
import pytest

from vaelib import data, plotting
from vaelib.measures import likelihood
from vaelib.models import VAE
from vaelib.runs.arrays import to_npz
from vaelib.study import family


def test_rate_and_distortion_add_up_to_the_bound(tmp_path):
    """Of an untrained model, computed by hand beside what the table makes of its measures."""
    images = data.render_faces(train=20, test=30).test_images
    model = VAE()
    mean, log_var = model.encode_distribution(images)
    bound = float(likelihood.elbo(model, images, seed=0).mean())
    exact = float(likelihood.log_likelihood(model, images, 0.25).mean())
    kl = float((mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean() / 2)
    measured = {"NLL grey": -exact, "bound gap": exact - bound}
    measured |= {"mutual information": 0.25 * kl, "aggregate KL": 0.75 * kl}
    measured |= {"objective": "infovae(0.5, 100)", "dataset": "faces", "epochs": 5}
    path = tmp_path / "family.csv"
    others = [measured | {"dataset": "mnist"}, measured | {"epochs": 10}]
    pd.DataFrame([*others, measured]).to_csv(path, index=False)
    [row] = family.read(path, "faces").to_dict("records")
    assert row["rate"] == pytest.approx(kl, rel=1e-6)
    assert row["rate"] + row["distortion"] == pytest.approx(-bound, rel=1e-6)
    assert (row["kl_weight"], row["mmd_weight"]) == (0.5, 99.5)


def test_seeds_give_a_mean_and_a_spread_and_one_alone_a_number():
    several = pd.DataFrame(
        [
            {"objective": "beta(1)", "prior": "normal", "latent_dim": 2, "m": m, "n": np.nan}
            for m in (1.0, 2.0, 3.0)
        ]
        + [{"objective": "iwae(5)", "prior": "normal", "latent_dim": 2, "m": 7.0, "n": 0.5}]
    )
    shown = family.mean_and_spread(several, ["m", "n"], digits=1)
    assert shown.index.get_level_values("objective").tolist() == ["beta(1)", "iwae(5)"]
    assert shown["m"].tolist() == ["2.0 ± 1.0", "7.0"]
    assert shown["n"].tolist() == ["", "0.5"]


def test_infovaes_plane_has_a_row_for_each_alpha_and_no_mmd_first(tmp_path):
    asked = ["beta(1)", "infovae(0, 10)", "beta(0.1)", "infovae(1, 10)", "beta(3)"]
    asked.append("infovae(0.9, 20)")
    same = {"prior": "normal", "latent_dim": 2, "seed": 0, "dataset": "mnist", "epochs": 5}
    measures = ("mutual information", "aggregate KL", "NLL grey", "bound gap")
    path = tmp_path / "family.csv"
    table = [
        same | {"objective": o, "m": i} | dict.fromkeys(measures, 0.0) for i, o in enumerate(asked)
    ]
    for other in ({"seed": 1}, {"prior": "vamp(2)"}, {"latent_dim": 8}):
        table.append(table[0] | other | {"m": 77})
    table.append(table[2] | {"objective": "infovae(0.9, 0.1)"})  # the same model by another name
    pd.DataFrame(table).to_csv(path, index=False)
    found = family.infovae_plane(family.read(path, "mnist"), "m")
    assert (found.index.tolist(), found.columns.tolist()) == (
        *(["0", "0.9", "1"], ["1 - α", "10", "20"]),
    )
    expected = [[0, 1, np.nan], [2, np.nan, 5], [np.nan, 3, np.nan]]
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert (found.index.name, found.columns.name) == ("α", "λ")


def test_planes_are_shown_as_snapshots_are(tmp_path):
    codes = np.random.default_rng(0).normal(size=(30, 2)).astype("float16")
    kept = {"labels": np.arange(30) % 3}
    for name in ("beta(1)", "beta(0.1)"):  # in the order in which they were added
        kept |= {f"{name}/codes": codes, f"{name}/provenance": np.array("{}")}
        kept |= {f"{name}/samples": np.zeros((64, 28, 28, 1), "uint8")}
        kept |= {f"{name}/grid": np.zeros((256, 28, 28, 1), "uint8")}
    path = tmp_path / "planes.npz"
    path.write_bytes(to_npz(kept))
    found = family.planes(path)
    assert list(found) == ["beta(0.1)", "beta(1)"]
    np.testing.assert_array_equal(found["beta(1)"]["codes"][-1], codes.astype("float32"))
    assert len(plotting.comparison(found, "abc").axes) == 6
