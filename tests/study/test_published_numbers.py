"""Numbers that others published, beside ours: of which training, and image by image."""

import numpy as np
import pandas as pd
import pytest

from study import published_numbers
from vaelib.runs.npz import to_npz


def paper_table(folder, *models):
    path = folder / "paper.csv"
    names = "ELBO", "importance-sampled NLL"
    found = [
        {"model": model, "epochs": epochs, "images": images, "samples": 9}
        | dict.fromkeys(names, number)
        | {f"{name}, standard error": 0.5 for name in names}
        for model, epochs, images, number in models
    ]
    pd.DataFrame(found).to_csv(path, index=False)
    return path


def test_published_numbers_stand_beside_the_longest_training(tmp_path):
    rows = ("VAE", 100, 1000, 91.25), ("VAE", 100, 10, 7.0), ("VAE", 10, 1000, 99.0)
    found = published_numbers.comparison_table(paper_table(tmp_path, *rows, ("another", 5, 1, 1.0)))
    assert found.index.tolist() == ["VAE, 40-D"]
    assert found.iloc[0][["published", "here", "epochs"]].tolist() == [
        *("89.9", "91.2\u00a0± 0.5", "100"),
    ]


def test_a_gap_is_taken_image_by_image(tmp_path):
    rows = ("VAE", 100, 3, 2.0), ("VAE", 10, 3, 9.0), ("VampPrior", 50, 3, 1.0)
    path, measured = paper_table(tmp_path, *rows, ("other", 50, 2, 1.0)), "importance-sampled NLL"
    kept = {
        f"{name}, {epochs} epochs, {len(values)} images, 9 samples/{measured}": np.array(values)
        for name, epochs, values in [
            ("VAE", 100, [90.0, 80.0, 100.0]),
            ("VAE", 10, [1.0, 1.0, 1.0]),
            ("VampPrior", 50, [87.0, 79.0, 98.0]),
            ("other", 50, [87.0, 79.0]),
        ]
    }
    path.with_suffix(".npz").write_bytes(to_npz(kept))
    mean, error = published_numbers.mean_difference("VAE", "VampPrior", table=path)
    assert mean == pytest.approx(2.0)
    assert error == pytest.approx(np.std([3, 1, 2]) / np.sqrt(3))
    with pytest.raises(ValueError, match=r"no .* of 'none' for each image: choose .*VampPrior"):
        published_numbers.mean_difference("VAE", "none", table=path)
    with pytest.raises(ValueError, match="'VAE' was measured on 3 images and 'other' on 2"):
        published_numbers.mean_difference("VAE", "other", table=path)
