"""Terms of one's own: defined in a few lines, trained, printed, saved, loaded, and told apart."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import special

import own_terms
from stopping import StopAfterEpoch
from vaelib import data, plotting, runs
from vaelib.models import VAE
from vaelib.objectives import AUTOENCODER, ELBO, Objective
from vaelib.priors import vamp
from vaelib.runs.recipes import Recipe
from vaelib.support.backend import keras, ops
from vaelib.support.errors import RunError
from vaelib.terms import CLOSED_FORM_KL, KL, MMD, Term

FACES = data.render_faces(train=90, test=30)
OWN = [own_terms.NORMS, own_terms.ROUGH, own_terms.SLICED]
SHORT = dict(epochs=2, batch_size=20)


@pytest.fixture(autouse=True)
def on_faces(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: FACES)


# ---- What a reader does

GUIDE = Path(__file__).parents[1] / "docs" / "how_the_code_hangs_together.md"
[NOTEBOOK] = [
    block
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    if "Term(" in block
]


def executed(text, *lines):
    """Execute code like a notebook's cells in a new process; what it prints."""
    script = "\n".join([text, *lines])
    code = f"import linecache\nsource = {script!r}\n"
    # A notebook keeps the source of its cells in this way.
    code += "linecache.cache['cell'] = (len(source), None, source.splitlines(True), 'cell')\n"
    code += "exec(compile(source, 'cell', 'exec'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout + done.stderr.strip().splitlines()[-1:].__str__() * bool(done.returncode)


def test_the_code_in_the_documentation_adds_a_term_in_twelve_lines(tmp_path):
    train = f"runs.train(replace(recipe, limit=300), {str(tmp_path)!r})"
    train = f"from dataclasses import replace; {train}"
    assert len(NOTEBOOK.splitlines()) <= 12
    first = executed(NOTEBOOK, train)
    assert re.search(r"epoch 1/1   loss .* variance_of_norms \d", first)
    (folder,) = tmp_path.glob("faces_*")
    # A new session that defines the term loads the run. It trains nothing, so it prints the same.
    begin = (folder / "run.json").stat().st_mtime_ns
    assert executed(NOTEBOOK, train) == first
    assert (folder / "run.json").stat().st_mtime_ns == begin
    # A session that does not define it says so.
    said = executed("from vaelib import runs", f"runs.load({str(folder) + os.sep!r})")
    assert "can't be loaded yet, because the term 'variance_of_norms' is not defined here" in said
    assert "move it away" not in said


def test_a_run_with_a_term_of_its_own_is_trained_drawn_saved_and_resumed(tmp_path):
    recipe = Recipe("faces", ELBO + 0.5 * own_terms.NORMS + 2 * own_terms.ROUGH, **SHORT)

    with pytest.raises(RunError, match="stopped training"):
        runs.train(recipe, tmp_path / "resumed", callbacks=[StopAfterEpoch()])
    resumed = runs.train(recipe, tmp_path / "resumed")
    run = runs.train(recipe, tmp_path / "at once")
    assert list(run.history) == ["loss", "reconstruction", "kl", "variance_of_norms", "roughness"]
    assert run.history == resumed.history
    for one, other in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    titles = [ax.get_title() for ax in plotting.loss_curves(run.history).axes]
    assert any(title.startswith("variance_of_norms: ") for title in titles)
    loaded = runs.load(run.folder)
    assert loaded.recipe == recipe
    path = tmp_path / "model.keras"
    run.model.save(path)
    codes = keras.models.load_model(path).encode(FACES.test_images)
    np.testing.assert_array_equal(codes, run.model.encode(FACES.test_images))


def test_the_loss_is_the_sum_with_the_term_and_the_gradient_follows_it(faces):
    """Against NumPy, for a term of the decoded images."""
    model = VAE(objective=AUTOENCODER + 3 * own_terms.ROUGH)
    images = faces.test_images / np.float32(255)
    logits = ops.convert_to_numpy(model(images)["logits"]).astype("float64")
    decoded = special.expit(logits)
    rough = np.abs(np.diff(decoded, axis=1)).sum(axis=(1, 2, 3))
    cross_entropy = (np.logaddexp(0, logits) - images * logits).sum(axis=(1, 2, 3))
    loss = float(model.compute_loss(images, y_pred=model(images)))
    assert loss == pytest.approx(np.mean(cross_entropy + 3 * rough), rel=1e-5)
    assert float(model.term_trackers["roughness"].result()) == pytest.approx(rough.mean(), rel=1e-5)


def test_a_large_weight_makes_the_term_small(tmp_path):
    def trained(weight):
        recipe = Recipe("faces", ELBO + weight * own_terms.ROUGH, **SHORT | {"epochs": 5})
        return runs.train(recipe, tmp_path).history["roughness"][-1]

    assert trained(100.0) < 0.5 * trained(0.001)


# ---- Told apart by their code


def scaled(scale, plus=0.0):
    def spread(images, outputs, prior):
        return ops.mean(ops.square(outputs["z"])) * scale + plus

    return spread


def test_terms_with_different_code_are_different_runs(tmp_path):
    terms = [Term(function) for function in (scaled(1.0), scaled(2.0), scaled(1.0, plus=1.0))]
    recipes = [Recipe("faces", ELBO + 1 * term, epochs=1) for term in terms]
    assert len({recipe.objective for recipe in recipes}) == 3
    folders = [runs.train(recipe, tmp_path).folder for recipe in recipes]
    assert len(set(folders)) == 3
    for recipe, folder in zip(recipes, folders, strict=True):
        assert runs.load(folder).recipe == recipe
    config = json.loads((folders[0] / "recipe.json").read_text(encoding="utf-8"))
    config["objective"]["terms"][1]["code"] = "0" * 64
    with pytest.raises(ValueError, match="'spread' is defined with a different name or code here"):
        Recipe.from_config(config)


def weighted_by(weights):
    def spread(images, outputs, prior):
        return ops.sum(ops.square(outputs["z"]) * weights, axis=1)

    return spread


def test_a_variable_that_changed_after_the_term_was_created_is_noticed(tmp_path):
    weights = np.ones(2, "float32")
    term = Term(weighted_by(weights))
    recipe = Recipe("faces", ELBO + 1 * term, epochs=1)
    runs.train(recipe, tmp_path)
    weights[0] = 50
    said = r"spread uses a variable .* has changed since .* Term\(spread\) again"
    with pytest.raises(ValueError, match=said):
        runs.train(recipe, tmp_path)  # which would have loaded the run of the other value
    with pytest.raises(ValueError, match=said):
        VAE(objective=recipe.objective)
    runs.train(Recipe("faces", ELBO + 1 * Term(weighted_by(weights)), epochs=1), tmp_path)
    assert len(list(tmp_path.glob("faces_*"))) == 2


def test_other_settings_of_a_term_are_no_other_run(tmp_path):
    recipe = Recipe("faces", ELBO + 1 * Term(scaled(1.0)), epochs=1)
    folder = runs.train(recipe, tmp_path).folder
    again = Recipe("faces", ELBO + 1 * Term(scaled(1.0), decimals=4), epochs=1)
    assert runs.train(again, tmp_path).folder == folder
    assert runs.train(recipe, tmp_path).folder == folder
    other = Recipe("faces", ELBO + 1 * Term(scaled(1.0), name="other", label="spread"), epochs=1)
    assert runs.train(other, tmp_path).folder != folder


def test_executing_a_cell_again_gives_an_equal_term():
    def defined():
        def spread(images, outputs, prior):
            return ops.mean(ops.square(outputs["z"]))

        return Term(spread)

    assert defined() == defined()
    assert ELBO + 1 * defined() == ELBO + 1 * defined()


# ---- What a term may say about itself


def mean_of_codes(images, outputs, prior):
    return ops.mean(ops.square(outputs["z"]))


def test_a_term_can_assume_a_prior_or_a_batch(faces):
    from vaelib import training

    picky = Term(mean_of_codes, needs_standard_normal=True, smallest_batch=3)
    with pytest.raises(ValueError, match="mean_of_codes assumes the standard normal prior"):
        VAE(objective=ELBO + 1 * picky, prior=vamp(3))
    model = training.compile_model(VAE(objective=ELBO + 1 * picky), 2, epochs=1)
    with pytest.raises(ValueError, match="10 images in batches of 8 give a batch of 2, but"):
        training.fit(model, faces.train_images[:10], 1, batch_size=8)


def test_a_term_is_printed_with_its_decimals(tmp_path, capsys):
    term = Term(mean_of_codes, name="size", decimals=4, label="mean size")
    runs.train(Recipe("faces", ELBO + 1 * term, epochs=1), tmp_path)
    assert re.search(r"   size \d+\.\d{4}\n", capsys.readouterr().out)
    assert str(ELBO + 0.1 * term) == "BCE + 1 KL + 0.1 mean size"


@pytest.mark.parametrize(
    "add, error, said",
    [
        (lambda: ELBO + KL, TypeError, "expected a weight times a Term"),
        (lambda: ELBO + 0.5, TypeError, "expected a weight times a Term, such as 0.5"),
        (lambda: ELBO + -1 * MMD, ValueError, "the weight of MMD must be a finite number, 0 or"),
        (lambda: ELBO + 1 * CLOSED_FORM_KL, ValueError, "two terms are named kl"),
        (lambda: Objective(terms=4 * KL), TypeError, "expected a weight times a Term"),
        (lambda: Term(lambda i, o, p: 0), TypeError, "a function that was defined with def"),
        (lambda: Term(mean_of_codes, name="loss"), ValueError, "named loss, which is taken"),
        (lambda: Term(mean_of_codes, name=5), ValueError, "is named 5"),
        (lambda: Term(mean_of_codes, label=5), ValueError, "is labeled 5"),
        (lambda: Term(mean_of_codes, decimals=-1), ValueError, "decimals must be an integer"),
        (lambda: Term(mean_of_codes, smallest_batch="2"), TypeError, "smallest_batch must be an"),
        (lambda: Term(mean_of_codes, uses="z_mean"), ValueError, "expected some of z, z_mean"),
        (lambda: Term(mean_of_codes, uses=()), ValueError, "expected some of z, z_mean"),
        (lambda: ELBO + (1 * MMD + 1 * KL), TypeError, r"write objective \+ weight"),
        (lambda: ELBO + 1 * Term(scaled(1.0)) + 1 * Term(scaled(2.0)), ValueError, "two terms"),
        (lambda: Term(mean_of_codes, label="KL"), ValueError, "there is a term labeled KL"),
        (lambda: Term(mean_of_codes, label="a + b"), ValueError, "at most 40 letters"),
    ],
)
def test_what_is_no_weighted_term_is_refused(add, error, said):
    with pytest.raises(error, match=said):
        add()


# ---- What cannot be loaded is not trained


class Doubled(Objective):
    def loss(self, terms, epoch=1.0):
        return 2 * super().loss(terms, epoch)


def test_an_objective_that_could_not_be_loaded_is_not_trained(tmp_path):
    recipe = Recipe("faces", Doubled(terms=[1 * KL]), epochs=1)
    with pytest.raises(RunError, match=r"could not be loaded .*objective would not be the same"):
        runs.train(recipe, tmp_path)
    assert list(tmp_path.iterdir()) == []
