"""`make reproduce`: train published runs again and compare."""

import pytest
from click.testing import CliRunner

from vaelib import runs
from vaelib.__main__ import main
from vaelib.objectives import ELBO
from vaelib.runs import reproduction, run_folder
from vaelib.runs.recipes import Recipe

RECIPE = Recipe("faces", ELBO, epochs=1, limit=200)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """One short recipe instead of the long ones; runs are kept and published in tmp_path."""
    monkeypatch.setattr(reproduction, "RECIPES", (RECIPE,))
    monkeypatch.setattr(run_folder, "PUBLISHED", tmp_path / "published")
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path / "first"))
    return tmp_path


def test_retraining_a_published_run_gives_the_same_bits(places, monkeypatch):
    published = CliRunner().invoke(main, ["reproduce", "--publish"])
    assert published.exit_code == 0, published.output
    assert runs.load(RECIPE.slug).recipe == RECIPE

    monkeypatch.setenv("VAELIB_RUNS_DIR", str(places / "second"))  # so that it has to train again
    again = CliRunner().invoke(main, ["reproduce", "faces_elbo"])
    assert again.exit_code == 0, again.output
    assert "the same, bit for bit" in again.output
    rows = {line.split()[0]: line.split()[-1] for line in again.output.splitlines() if line}
    assert rows["loss"] == rows["kl"] == "0"


def test_a_published_run_is_kept_if_the_new_one_cannot_be_copied(places, monkeypatch):
    assert CliRunner().invoke(main, ["reproduce", "--publish"]).exit_code == 0
    before = {p.name: p.read_bytes() for p in (places / "published" / RECIPE.slug).iterdir()}

    def full(source, target):
        target.mkdir(parents=True)
        raise OSError("No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduction.shutil, "copytree", full)
        refused = CliRunner().invoke(main, ["reproduce", "--publish"])
    assert refused.exit_code == 1 and "No space left" in refused.output
    assert {
        p.name: p.read_bytes() for p in (places / "published" / RECIPE.slug).iterdir()
    } == before
    assert CliRunner().invoke(main, ["reproduce", "--publish"]).exit_code == 0
    assert [path.name for path in (places / "published").iterdir()] == [RECIPE.slug]


def test_comparison_names_what_differs(places):
    one, other = (
        runs.train(Recipe("faces", ELBO, epochs=1, limit=200, seed=seed)) for seed in (0, 1)
    )
    rows = reproduction.compare(one, other)
    assert {"loss", "reconstruction", "kl", "mean of z1", "std of z2"} <= {row[0] for row in rows}
    for what, old, new, difference in rows:
        assert old != new, what
        assert difference == pytest.approx(new - old)


def test_words_select_runs_by_the_beginning_of_their_names():
    slugs = [recipe.slug for recipe in reproduction.select(["mnist", "fashion_mnist_post-mmd"])]
    assert len(slugs) == 4  # mnist is not a part of fashion_mnist here
    assert sum(slug.startswith("mnist") for slug in slugs) == 3
    assert reproduction.select([]) == list(reproduction.RECIPES)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("elbo", "no run has a name that begins with 'elbo'"),
        ("faces", "not a complete run"),
    ],
)
def test_unknown_runs_are_named_before_anything_is_trained(places, word, reason):
    refused = CliRunner().invoke(main, ["reproduce", word])
    assert refused.exit_code == 1
    assert reason in refused.output
    assert not list(places.glob("first/*"))
