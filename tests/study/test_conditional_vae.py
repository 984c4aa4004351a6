"""study/conditional_vae.py: a model with and without the label, and what its codes say."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.special import expit, logsumexp

from study import conditional_vae
from study.conditional_vae import ALL, CONDITIONAL, FEW, PLAIN, STYLES
from vaelib import data
from vaelib.data import Dataset
from vaelib.models import VAE
from vaelib.runs import provenance
from vaelib.support.backend import keras

SIDE = 8
MEAN, LOG_VAR = np.array([1.0, -0.5]), np.array([0.3, -0.2])


def constant_network(inputs, bias, weights=None, shape=None):
    """A dense layer whose outputs are its bias and, if weights are given, its inputs times them."""
    layers = [keras.layers.Input(inputs), keras.layers.Flatten()]
    dense = keras.layers.Dense(len(bias))
    layers += [dense, *([keras.layers.Reshape(shape)] if shape else [])]
    network = keras.Sequential(layers)
    kernel = np.zeros(dense.kernel.shape) if weights is None else weights
    dense.set_weights([kernel, np.asarray(bias)])
    return network


@pytest.fixture(scope="module")
def known():
    """Two classes whose images are Bernoulli pixels around a template, and a dataset of them."""
    random = np.random.default_rng(0)
    templates = random.normal(0, 1.5, (2, SIDE * SIDE))  # logits of each class, whatever the code
    labels = random.integers(0, 2, 300).astype("uint8")
    images = (random.random((300, SIDE * SIDE)) < expit(templates[labels])) * np.uint8(255)
    images = images.reshape(-1, SIDE, SIDE, 1)
    dataset = Dataset(
        "known",
        images[:200],
        labels[:200],
        images[200:],
        labels[200:],
        class_names=("a", "b"),
        source="drawn here",
    )
    return dataset, templates


def model_of(templates, condition):
    encoded = np.concatenate([MEAN, LOG_VAR])
    encoder = constant_network((SIDE, SIDE, 1 + condition), encoded)
    weights = np.zeros((2 + condition, SIDE * SIDE))
    bias = templates[0]
    if condition:
        weights[2:], bias = templates, np.zeros(SIDE * SIDE)
    decoder = constant_network((2 + condition,), bias, weights, (SIDE, SIDE, 1))
    return VAE(encoder=encoder, decoder=decoder, condition=condition)


def log_bernoulli(images, logits):
    x = images.reshape(len(images), -1) / 255
    return x @ logits.T - np.logaddexp(0, logits).sum(axis=1)


def test_the_measures_of_a_known_conditional_model(known):
    dataset, templates = known
    row = conditional_vae.measure(model_of(templates, 2), dataset)
    log_p = log_bernoulli(dataset.test_images, templates)  # (n, classes)
    labels = dataset.test_labels
    assert row["-log p(x|y)"] == pytest.approx(-log_p[np.arange(100), labels].mean(), abs=1e-3)
    assert row["-log p(x)"] == pytest.approx(
        -(logsumexp(log_p, axis=1) + np.log(0.5)).mean(), abs=1e-3
    )
    accuracy = (log_p.argmax(axis=1) == labels).mean()
    assert row["Bayes accuracy"] == accuracy > 0.9
    kl = 0.5 * (MEAN**2 + np.exp(LOG_VAR) - LOG_VAR - 1).sum()
    assert row["rate"] == pytest.approx(kl, abs=1e-4)
    share = max(labels.mean(), 1 - labels.mean())  # all codes are equal: one class is predicted
    assert row["15-NN accuracy"] in (pytest.approx(share), pytest.approx(1 - share))


def test_the_measures_of_a_known_model_without_a_condition(known):
    dataset, templates = known
    row = conditional_vae.measure(model_of(templates, 0), dataset)
    log_p = log_bernoulli(dataset.test_images, templates[:1])
    assert row["-log p(x)"] == pytest.approx(-log_p.mean(), abs=1e-3)
    assert np.isnan(row["-log p(x|y)"]) and np.isnan(row["Bayes accuracy"])


def test_few_labels_are_those_of_the_first_training_images(known, monkeypatch):
    """The codes are the classes, but for the first images, whose labels are swapped."""
    dataset, _ = known
    labels = dataset.train_labels.copy()
    labels[:50] = 1 - labels[:50]
    weights = np.zeros((SIDE * SIDE, 4))
    encoder = constant_network((SIDE, SIDE, 1), np.zeros(4), weights)
    model = VAE(encoder=encoder, decoder=model_of(np.zeros((1, SIDE**2)), 0).decoder)
    random = np.random.default_rng(3)
    dark_or_bright = [  # class 1 is bright
        (random.integers(0, 56, (len(y), SIDE, SIDE, 1)) + 200 * y[:, None, None, None])
        for y in (dataset.train_labels, dataset.test_labels)
    ]
    known, asked = (images.astype("uint8") for images in dark_or_bright)
    weights[:, 0] = 1 / SIDE**2
    encoder.layers[-1].set_weights([weights, np.zeros(4)])
    monkeypatch.setattr(conditional_vae, "FEW", (50,))
    arrays = known, labels, asked, dataset.test_labels
    swapped = Dataset("swapped", *arrays, class_names=("a", "b"), source="drawn here")
    row = conditional_vae.measure(model, swapped)
    assert row["15-NN accuracy"] == 1.0 and row["15-NN accuracy, 50 labels"] == 0.0


def test_style_is_the_covariance_of_the_ink():
    """Each gray value is that many points at its pixel: their moments are NumPy's."""
    images = np.random.default_rng(1).integers(0, 4, (5, 6, 9, 1)).astype("uint8")
    found = conditional_vae.style(images)
    for image, (ink, width, slant) in zip(images[..., 0], found, strict=True):
        y, x = (np.repeat(i.ravel(), image.ravel()) for i in np.indices(image.shape))
        covariance = np.cov(x, y, bias=True)
        assert ink == pytest.approx(image.mean() / 255)
        assert width == pytest.approx(x.std())
        assert slant == pytest.approx(covariance[0, 1] / covariance[1, 1])
    assert conditional_vae.style(np.zeros((1, 6, 9, 1), "uint8")).tolist() == [[0.0, 0.0, 0.0]]


def test_r2_within_classes_ignores_what_the_class_tells():
    random = np.random.default_rng(2)
    labels = random.integers(0, 3, 3_000)
    style = random.normal(size=3_000)
    values = np.stack([style + 10 * labels, random.normal(size=3_000) + 10 * labels], axis=1)
    codes = np.stack([style, labels], axis=1)
    halves = codes[:2_000], values[:2_000], labels[:2_000], codes[2_000:], values[2_000:]
    first, second = conditional_vae.within_class_r2(*halves, labels[2_000:])
    assert first > 0.98
    assert -0.15 < second < 0.02  # the mean of 15 neighbors has 1/15 of the variance


def test_the_recipe_of_a_row():
    few = conditional_vae.recipe("mnist", CONDITIONAL, 600, seed=2)
    assert (few.limit, few.epochs, few.seed, few.condition) == (600, 400, 2, True)
    whole = conditional_vae.recipe("mnist", PLAIN, ALL, seed=0)
    assert (whole.limit, whole.epochs, whole.condition) == (None, 4, False)


def test_the_plan_has_each_row_once_and_all_of_them():
    rows = pd.DataFrame(conditional_vae.wanted())[conditional_vae.KEYS]
    assert not rows.duplicated().any()
    counts = rows.groupby(["dataset", "model", "images"]).seed.nunique().to_dict()
    for name in ("mnist", "fashion_mnist"):
        assert counts.pop((name, PLAIN, ALL)) == counts.pop((name, CONDITIONAL, ALL)) == 5
        assert [counts.pop((name, CONDITIONAL, few)) for few in FEW] == [3, 3]
    assert not counts


def test_the_command_trains_measures_and_adds_what_is_missing(tmp_path, monkeypatch):
    drawn = data.render_faces(train=120, test=40)
    monkeypatch.setattr(conditional_vae, "TABLE", tmp_path / "conditional.csv")
    monkeypatch.setattr(conditional_vae, "DATASETS", {"faces": "drawn faces"})
    monkeypatch.setattr(conditional_vae, "GRID", {"step": 1.0, "limit": 5.0})
    monkeypatch.setattr(conditional_vae, "STEPS_EPOCHS", ALL)
    monkeypatch.setattr(data, "load", lambda name: drawn)
    monkeypatch.setattr(provenance, "commit", lambda *folders: "abc")
    monkeypatch.setenv("VAELIB_RUNS_DIR", str(tmp_path))
    keys = [
        {"dataset": "faces", "model": model, "images": ALL, "seed": 0}
        for model in (PLAIN, CONDITIONAL)
    ]
    for n in (1, 2, 2):
        monkeypatch.setattr(conditional_vae, "wanted", lambda n=n: keys[:n])
        done = CliRunner().invoke(conditional_vae.main, [])
        assert done.exit_code == 0, done.output
    table = conditional_vae.read(tmp_path / "conditional.csv")
    assert table.model.tolist() == [PLAIN, CONDITIONAL]
    assert set(table) >= {*conditional_vae.KEYS, "-log p(x)", *(f"R² of {s}" for s in STYLES)}
    assert np.isfinite(table["-log p(x)"]).all() and np.isnan(table["-log p(x|y)"][0])
