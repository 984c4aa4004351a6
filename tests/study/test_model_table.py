"""The study's table: what is read, what real images get, and a row made once more."""

import numpy as np
import pandas as pd
import pytest

from study import model_table


def test_the_scaled_path_length_does_not_depend_on_the_scale_of_the_codes(tmp_path):
    row = {"path length": [100, 25], "std of z1": [1.0, 2.0], "std of z2": [0.5, 1.0]}
    pd.DataFrame(row).to_csv(tmp_path / "table.csv")
    assert list(model_table.read(tmp_path / "table.csv")["path length, scaled"]) == [62.5, 62.5]


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_the_reference_is_that_of_real_images(dataset):
    found = model_table.reference(dataset)
    assert found["prior on manifold"] == found["grid on manifold"]
    assert found["sample sharpness"] == pytest.approx(1, abs=0.02)
    assert 0.7 < found["coverage"] < 1


def test_a_data_set_without_a_reference_is_refused():
    with pytest.raises(
        ValueError, match=r"no reference values for 'faces': choose one of .*fashion_mnist"
    ):
        model_table.reference("faces")


def test_a_row_made_again_is_compared_with_the_range_of_its_seeds():
    table = pd.DataFrame(
        {
            "dataset": ["mnist", "mnist", "mnist", "faces"],
            "objective": ["elbo", "elbo", "autoencoder", "elbo"],
            "seed": [0, 1, 0, 0],
            "loss": [2.0, 2.5, 90.0, 70.0],
            "m": [1.0, 9.0, 1.0, 1.0],
            "gap": [np.nan, np.nan, 1.0, 1.0],
            "epochs": 10,
            "commit": "abc",
        }
    )
    row = {"dataset": "mnist", "objective": "elbo", "seed": 1, "loss": 3.5, "m": 2.0, "gap": np.nan}
    assert model_table.compare_with_seeds(row, table).to_dict("index") == {
        "loss": {"there": 2.5, "here": 3.5, "range": 0.5, "within": False},
        "m": {"there": 9.0, "here": 2.0, "range": 8.0, "within": True},
    }
    with pytest.raises(ValueError, match="0 rows of elbo on mnist with seed 2: expected one"):
        model_table.compare_with_seeds(row | {"seed": 2}, table)


def test_a_measure_that_is_missing_on_one_side_is_not_within():
    same = {"dataset": "mnist", "objective": "elbo"}
    table = pd.DataFrame([same | {"seed": seed, "loss": 2.0 + seed, "m": 1.0} for seed in (0, 1)])
    for row in ({"loss": np.nan, "m": 1.0}, {"m": 1.0}):
        found = model_table.compare_with_seeds(same | {"seed": 0} | row, table)
        assert found.within.to_dict() == {"loss": False, "m": True}
    table.loc[:, "loss"] = np.nan
    found = model_table.compare_with_seeds(same | {"seed": 0, "loss": 2.0, "m": 1.0}, table)
    assert found.within.to_dict() == {"loss": False, "m": True}


def test_a_row_is_not_outside_for_the_digits_that_the_table_leaves_out():
    table = pd.DataFrame({"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "p": 0.001996})
    row = {"dataset": "mnist", "objective": "elbo", "seed": 0, "p": 0.00199601}
    assert model_table.compare_with_seeds(row, table).within.all()
    assert not model_table.compare_with_seeds(row | {"p": 0.00201}, table).within.any()
