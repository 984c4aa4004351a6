"""The table of the InfoVAE family and its latent spaces, as lessons and explorer read them."""

import numpy as np
import pandas as pd

from study import vae_family
from vaelib import plotting
from vaelib.runs.npz import to_npz
from vaelib.support.latent_grid import grid_codes


def rows(*asked, **settings):
    """Rows of these objectives, of one data set, by the fast schedule."""
    same = {"dataset": "mnist", "prior": "normal", "latent_dim": 2, "seed": 0}
    same |= {"schedule": "fast", "pixels": "gray"} | settings
    return pd.DataFrame([same | {"objective": name, "m": i} for i, name in enumerate(asked)])


def test_the_family_samples_codes_and_compares_pixels_by_cross_entropy():
    asked = ["elbo", "infovae(0.5, 100)", "capacity(9, 4, 2)", "mmd-sampled"]
    others = ["untrained", "autoencoder", "mmd-deterministic", "elbo-squared-error", "mmd-matched"]
    table = pd.concat(
        [
            rows(*others, *asked),
            *(rows("elbo", **other) for other in ({"dataset": "faces"}, {"schedule": "post"})),
            rows("elbo", pixels="threshold"),
        ]
    )
    found = vae_family.family_rows(table, "mnist")
    assert found.objective.tolist() == asked
    assert found.kl_weight.tolist() == [1, 0.5, 9, 0]
    assert found.mmd_weight.tolist() == [0, 99.5, 0, 784]


def test_several_seeds_give_mean_and_std_and_one_seed_a_number():
    several = pd.DataFrame(
        [
            {"objective": "beta(1)", "prior": "normal", "latent_dim": 2, "m": m, "n": np.nan}
            for m in (1.0, 2.0, 3.0)
        ]
        + [{"objective": "iwae(5)", "prior": "normal", "latent_dim": 2, "m": 7.0, "n": 0.5}]
    )
    shown = vae_family.mean_and_std(several, ["m", "n"], digits=1)
    assert shown.index.get_level_values("objective").tolist() == ["beta(1)", "iwae(5)"]
    assert shown["m"].tolist() == ["2.0 ± 1.0", "7.0"]
    assert shown["n"].tolist() == ["", "0.5"]


def test_the_grid_of_infovaes_has_a_row_for_each_alpha_and_no_mmd_first():
    asked = ["elbo", "infovae(0, 10)", "beta(0.1)", "infovae(1, 10)", "beta(3)"]
    table = rows(*asked, "infovae(0.9, 20)")
    others = [rows("elbo", **o) for o in ({"seed": 1}, {"prior": "vamp(2)"}, {"latent_dim": 8})]
    others += [rows("iwae(5)", "capacity(9, 4, 2)", "mmd-sampled")]
    same = table.iloc[[2]].assign(objective="infovae(0.9, 0.1)")  # the model by another name
    table = pd.concat([table, *(other.assign(m=77) for other in others), same])
    found = vae_family.infovae_grid(vae_family.family_rows(table, "mnist"), "m")
    assert (found.index.tolist(), found.columns.tolist()) == (
        *(["0", "0.9", "1"], ["no MMD", "10", "20"]),
    )
    expected = [[0, 1, np.nan], [2, np.nan, 5], [np.nan, 3, np.nan]]
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert (found.index.name, found.columns.name) == ("α", "λ")


def test_latent_spaces_are_shown_as_snapshots_are(tmp_path):
    codes = np.random.default_rng(0).normal(size=(30, 2)).astype("float16")
    kept = {"labels": np.arange(30) % 3}
    for name in ("beta(1)", "beta(0.1)"):  # in the order in which they were added
        kept |= {f"{name}/codes": codes, f"{name}/provenance": np.array("{}")}
        kept |= {f"{name}/samples": np.zeros((64, 28, 28, 1), "uint8")}
        kept |= {f"{name}/grid": np.zeros((256, 28, 28, 1), "uint8")}
    path = tmp_path / "beta_vaes.npz"
    path.write_bytes(to_npz(kept))
    found = vae_family.read_latent_spaces(path)
    assert list(found) == ["beta(0.1)", "beta(1)"]
    np.testing.assert_array_equal(found["beta(1)"]["codes"][-1], codes.astype("float32"))
    assert len(plotting.comparison(found, "abc").axes) == 6


def test_the_published_models_decode_the_grids_beside_them():
    spaces, runs = vae_family.read_latent_spaces(), vae_family.load_beta_vaes()
    weights = [run.recipe.objective.weight("kl") for run in runs]
    assert weights == [0.01, 0.03, 0.1, 0.3, 1, 3, 10]
    for run, kept in zip(runs, spaces.values(), strict=True):
        decoded = 255 * run.model.decode(grid_codes())
        np.testing.assert_allclose(decoded, kept["grid"][-1], atol=1.5)
        assert np.ptp(kept["grid"][-1]) > 200
