"""The study: one row of measures for each model, collected into one table."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import again
import study as tool
from vaelib import batch, data, realism, study, training
from vaelib.objectives import capacity, infovae
from vaelib.priors import vamp

ROOT = Path(__file__).parents[1]

FACES = data.draw_faces(train=120, test=60)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(study, "SAMPLES", 40)
    monkeypatch.setattr(study, "EXACT", 3)
    monkeypatch.setattr(study, "STEP", 0.5)


def flatten(images):
    """A feature space without a classifier: every fourth pixel."""
    pixels = np.asarray(images, "float64")[:, ::4, ::4, 0].reshape(len(images), -1)
    return pixels / 255 if images.dtype == np.uint8 else pixels


@pytest.mark.parametrize("objective", study.OBJECTIVES)
def test_every_model_gets_every_measure(objective):
    model = training.build(study.recipe("faces", objective), 100)
    row = study.measure(model, FACES, flatten)
    assert len(row) > 30
    drawn_only = {"bound gap", "mutual information", "aggregate KL"}
    missing = {name for name, value in row.items() if np.isnan(value)}
    assert missing == (set() if model.objective.sampled else drawn_only)
    assert row == pytest.approx(study.measure(model, FACES, flatten), nan_ok=True)


def test_one_thing_changes_at_a_time():
    def settings(name):
        config = study.OBJECTIVES[name].get_config()
        return {k: config[k] for k in ("reconstruction", "kl_weight", "mmd_weight", "sampled")}

    def changed(one, other):
        a, b = settings(one), settings(other)
        return {name for name in a if a[name] != b[name]}

    assert changed("elbo", "elbo-as-posted") == {"kl_weight"}
    assert changed("elbo", "elbo-squared-error") == {"reconstruction"}
    assert changed("mmd-as-posted", "mmd-cross-entropy") == {"reconstruction"}
    assert changed("autoencoder", "mmd-cross-entropy") == {"mmd_weight"}
    assert changed("mmd-drawn", "mmd-cross-entropy") == {"sampled"}
    assert changed("elbo-squared-error", "mmd-as-posted") == changed("elbo", "mmd-cross-entropy")
    assert changed("elbo", "untrained") == set()


@pytest.mark.parametrize(
    "asked",
    [
        *["elbow", "beta", "beta(", "open('x')", "beta(x)", "(1)(2)", "losses.beta(1)", ""],
        *["beta(1); 2", "[beta(1)]"],
    ],
)
def test_a_name_that_is_none_is_refused(asked):
    said = re.escape(f"unknown objective {asked!r}: choose one of untrained, ")
    with pytest.raises(ValueError, match=said + r".*infovae\(\.\.\.\), iwae\(\.\.\.\)\."):
        study.recipe("faces", asked)


def test_a_prior_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"unknown prior 'vamp': choose one of normal, mixture"):
        study.recipe("faces", "elbo", "vamp")


@pytest.mark.parametrize(
    "asked, said",
    [
        ("beta()", r"'beta\(\)' can't be called: .*missing"),
        ("infovae(1, 2, 3, 4, 5, 6)", "can't be called: "),
        ("beta(0.1, nonsense=3)", "can't be called: .*nonsense"),
        ("beta(-1)", "kl_weight must be"),
        ("iwae(0)", "samples must be"),
    ],
)
def test_a_call_with_other_numbers_is_refused(asked, said):
    with pytest.raises((ValueError, TypeError), match=said):
        study.recipe("faces", asked)


def test_a_call_is_the_value_that_it_makes():
    found = study.recipe("faces", "infovae(0.5, 10)", "vamp(7)", latent_dim=8, seed=3, epochs=2)
    expected = infovae(0.5, 10), vamp(7)
    assert (found.objective, found.prior) == expected
    assert (found.latent_dim, found.seed, found.epochs, found.limit) == (8, 3, 2, None)
    assert study.recipe("faces", "capacity(10, 4, 5)").objective == capacity(10, 4, 5)
    named = study.recipe("faces", "infovae(0.5, 10, closed_form_mmd=True)").objective
    assert named == infovae(0.5, 10, closed_form_mmd=True)


@pytest.mark.parametrize(
    "latent_dim, objective, prior",
    [
        *[
            (8, "elbo", "normal"),
            (20, "mmd-as-posted", "normal"),
            (40, "infovae(0.5, 9)", "vamp(3)"),
        ],
        *[(2, "elbo", "mixture(3)"), (2, "iwae(2)", "vamp(3)"), (2, "capacity(9, 4, 5)", "normal")],
    ],
)
def test_the_family_is_measured_too(latent_dim, objective, prior, monkeypatch):
    monkeypatch.setattr(study, "DRAWS", 5)
    asked = study.recipe("faces", objective, prior, latent_dim=latent_dim)
    model = training.build(asked, 100)
    row = study.measure(model, FACES, flatten)
    expected = set()
    if latent_dim > 2:
        expected |= {"grid on manifold", "NLL grey", "NLL binarised", "bound gap"}
        assert ("bound grey" in row) == model.objective.sampled
    if prior != "normal":
        expected |= {"MMD² to prior", "moment KL", "covariance distance"}
    if not model.objective.sampled:
        expected |= {"bound gap", "mutual information", "aggregate KL"}
    assert {name for name, value in row.items() if np.isnan(value)} == expected


@pytest.mark.parametrize("objective", ["elbo", "mmd-as-posted", "untrained"])
def test_a_prior_fitted_after_training_changes_the_prior_alone(objective, monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    model = study.model_of("faces", objective, epochs=1, limit=40)
    control = study.model_of("faces", objective, "fitted(3)", epochs=1, limit=40)
    for ours, theirs in zip(control.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    codes = model.encode(FACES.train_images[:40])
    fit, start = (np.mean(m.prior.log_density(codes)) for m in (control, model))
    assert fit > start
    means = np.asarray(control.prior.means)
    assert means.shape == (3, 2)
    again = study.model_of("faces", objective, "fitted(3)", epochs=1, limit=40)
    np.testing.assert_array_equal(again.prior.means, means)


def test_a_prior_is_fitted_to_codes_drawn_for_the_training_images(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    seen = []
    monkeypatch.setattr(study.priors, "fitted", lambda codes, *_: seen.append(codes))
    for objective in ("elbo", "mmd-as-posted"):
        settings = dict(epochs=1, limit=40)
        study.model_of("faces", objective, "fitted(3)", **settings)
        model = study.model_of("faces", objective, **settings)
        mean, log_var = model.encode_distribution(FACES.train_images[:40])
        if log_var is None:
            np.testing.assert_array_equal(seen[-1], mean)
        else:
            noise = (seen[-1] - mean) / np.exp(log_var / 2)
            assert noise.shape == (40, 2) and 0.7 < noise.std() < 1.3


def test_codes_are_compared_with_the_models_own_prior():
    """A prior far from the origin, where all codes lie too: at N(0, I) nothing would fit."""
    model = training.build(study.recipe("faces", "elbo", "mixture(1)"), 100)
    model.prior.means.assign([[9.0, 0.0]])
    model.prior.log_vars.assign([[-6.0, -6.0]])
    here = np.float32([9, 0])
    random = np.random.default_rng(0)

    def codes(images):
        return (here + random.normal(0, 0.05, (len(images), 2))).astype("float32")

    model.encode = codes
    model.encode_distribution = lambda images: (codes(images), np.full((len(images), 2), -6.0))
    row = study.measure(model, FACES, flatten)
    assert row["held-out MMD²"] < 0.05
    assert abs(row["aggregate KL"]) < 2  # some 40 to N(0, I)
    decoded = model.decode(model.prior.sample(40))
    flat = flatten(FACES.test_images[:40])
    inside = realism.Manifold(flat, share=0.5).holds(flatten(decoded)).mean()
    assert row["prior on manifold"] == pytest.approx(inside)


def test_provenance_becomes_columns():
    nested = {"seconds": 3, "code": {"commit": "abc", "more": {"deep": 1}}}
    assert study.flat(nested) == {"seconds": 3, "code.commit": "abc", "code.more.deep": 1}


def test_rows_are_added_in_order_and_never_twice(tmp_path):
    table = tmp_path / "study.csv"

    def row(objective, seed, value):
        more = {"prior": "normal", "latent_dim": 2, "epochs": 10}
        return {"loss": value, "dataset": "mnist", "objective": objective, "seed": seed} | more

    tool.add([row("elbo", 1, 0.1234567891), row("elbo", 0, 2.0)], table)
    tool.add([row("autoencoder", 0, 3.0)], table)
    found = tool.read(table)
    assert found[["objective", "seed"]].values.tolist() == [
        ["autoencoder", 0],
        ["elbo", 0],
        ["elbo", 1],
    ]
    assert list(found) == [*tool.KEYS, "loss"]
    assert found["loss"].tolist() == [3, 2, 0.123457]
    with pytest.raises(ValueError, match="in the table already"):
        tool.add([row("elbo", 1, 5.0)], table)
    assert len(tool.read(table)) == 3


def test_a_table_from_before_there_were_other_priors_is_understood(tmp_path):
    table = tmp_path / "study.csv"
    table.write_text("dataset,objective,seed,loss\nmnist,elbo,3,1.5\n")
    [row] = tool.read(table).to_dict("records")
    assert (row["prior"], row["latent_dim"], row["epochs"]) == ("normal", 2, 10)
    job = batch.Job("one_run", {"dataset_name": "mnist", "objective": "elbo", "seed": 3}, "", "")
    assert tool.key(job) == tuple(row[name] for name in tool.KEYS)


@pytest.mark.parametrize("name", ["study", "family"])
def test_what_is_asked_for_can_be_trained(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    jobs = batch.read(f"notebooks/{name}.yml")
    assert len({tool.key(job) for job in jobs}) == len(jobs)
    for job in jobs:
        dataset, objective, prior, latent_dim, epochs, seed = tool.key(job)
        settings = dict(latent_dim=latent_dim, epochs=epochs, seed=seed)
        study.recipe(dataset, objective, prior, **settings)  # which refuses what can't be


def test_the_row_of_an_executed_notebook_is_what_it_shows(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("row")])
    path = tmp_path / "done.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(ValueError, match="shows no row"):
        tool.row_of(path)
    output = nbformat.v4.new_output("display_data", {"application/json": {"seed": 3}})
    notebook.cells[0].outputs = [output]
    nbformat.write(notebook, path)
    assert tool.row_of(path) == {"seed": 3}


def test_a_row_outside_the_range_is_named(capsys):
    table = pd.DataFrame(
        {"dataset": "mnist", "objective": "elbo", "seed": [0, 1], "loss": [2.0, 2.5], "m": [1, 9]}
    )
    again.report({"dataset": "mnist", "objective": "elbo", "seed": 0, "loss": 2.6, "m": 9}, table)
    said = capsys.readouterr().out
    assert "mnist, elbo, seed 0: 1 of 2 measures lie within the seeds' range" in said
    assert "loss" in said.splitlines()[-1]


def test_what_known_images_get_shows_what_a_measure_is_blind_to():
    marks = study.known_images(FACES, flatten)
    assert set(marks) == {"real images", "the average", "noise"}
    assert marks["real images"]["on manifold"] > marks["noise"]["on manifold"] == 0
    assert marks["real images"]["sharpness"] == pytest.approx(1, abs=0.2)
    assert marks["the average"]["sharpness"] < 1 < marks["noise"]["sharpness"]
    assert marks["the average"]["recall"] == marks["noise"]["recall"] == 0


def test_references_are_added_once(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)
    monkeypatch.setattr(tool.features, "load", lambda name: flatten)
    tool.add_references("faces", tmp_path / "references.csv")
    once = (tmp_path / "references.csv").read_bytes()
    tool.add_references("faces", tmp_path / "references.csv")
    assert (tmp_path / "references.csv").read_bytes() == once
    assert list(pd.read_csv(tmp_path / "references.csv").dataset) == ["faces"] * 3
