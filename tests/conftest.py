"""Fixtures that several test files share: small data, gradients, the website, and a browser."""

import io
import os
import traceback
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

import drawn
from tools.website import chromium
from vaelib import data

os.environ.setdefault("MPLBACKEND", "Agg")
pytest_plugins = ["pytester"]  # for a test of a fixture below
# Files that take longest, longest first. Two processes share the files, so a long one that starts
# last would leave one process without work.
LONGEST = (
    *("test_quick_lessons", "test_quick_solutions", "test_site_in_browser", "test_lab"),
    *("test_training", "test_latent_dim", "test_pages", "test_wheel", "test_stress", "test_binder"),
)


def pytest_collection_modifyitems(items):
    """Run the files that take longest first, and the others in the order of their names."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(Path(item.fspath).stem, len(order)))


@pytest.fixture(scope="session")
def faces():
    """A small data set of rendered faces."""
    return data.render_faces(train=510, test=60)


@pytest.fixture(scope="module")
def batch():
    """Images, a model's outputs for them, and samples of the prior."""
    random = np.random.default_rng(0)
    images = random.random((100, 28, 28, 1), dtype="float32")
    logits = random.normal(0, 2, images.shape).astype("float32")
    z_mean, z_log_var, noise, prior = random.normal(size=(4, 100, 2)).astype("float32")
    z = z_mean + np.exp(z_log_var / 2) * noise
    return images, {"logits": logits, "z": z, "z_mean": z_mean, "z_log_var": z_log_var}, prior


@pytest.fixture
def nothing_left_open():
    """Check that no figure is left open: it would be shown twice in a notebook and leak memory."""
    import matplotlib.pyplot as plt

    yield
    assert plt.get_fignums() == []


@pytest.fixture(scope="session")
def gradients():
    """A function that gives the gradients of function(*arguments), an array for each argument."""
    # Imported here, because importing is slow and most tests of data do not need it.
    import tensorflow as tf

    def gradients(function, *arguments):
        tensors = [tf.constant(argument) for argument in arguments]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        return [gradient.numpy() for gradient in tape.gradient(value, tensors)]

    return gradients


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of pictures, for tests of commands."""
    return drawn.folder(tmp_path_factory.mktemp("data") / "discs", (20, 20, 3))


@pytest.fixture(scope="module")
def training(pictures, tmp_path_factory):
    """What the command `train` printed, and the folder that it made."""
    from calling import QUICK, run  # here, because only tests of commands need it

    output = tmp_path_factory.mktemp("output")
    done = run("train", pictures, *QUICK, "--output", output)
    assert done.exit_code == 0, done.output
    [folder] = output.glob("discs_*")
    return done, folder


@pytest.fixture(scope="module")
def trained(training):
    """The folder of a run on pictures."""
    return training[1]


def build_site(folder, faces):
    """Build the website, as for a repository called owner/name."""
    from study import vae_family
    from tools.website import build as website  # here, because only some tests need Sphinx
    from vaelib import explorer, runs

    pair = [runs.load(f"mnist_{name}_50-epochs") for name in ("elbo", "post-mmd")]
    given = dict(dataset=faces)  # because tests have no other images
    few = given | dict(count=20, step=0.4)
    shown = {
        "explorer": explorer.compare(*pair, **given),
        "inference": explorer.infer(*pair, **few),
        "drawing": explorer.infer(pair[0], **few),
        "sweep": explorer.sweep(*vae_family.load_beta_vaes()[::3], **given),
    }
    shown = {name: {"Faces": one} for name, one in shown.items()}
    website.build(Path(__file__).parents[1], folder, "owner/name", shown)


@pytest.fixture(scope="session")
def site(request, tmp_path_factory, faces):
    """The folder of the website, built once per test run, also if pytest-xdist runs the tests.

    The first process that needs the website builds it while the others wait. It then notes the
    outcome in a file. If there is no such file, for example because the process was killed, the
    next process builds the website again. If the build failed, all tests of the website fail with
    the messages of that build.
    """
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # this is one of the processes of pytest-xdist
        folder = folder.parent
    outcome = folder / "website.txt"
    with FileLock(folder / "website.lock"):
        if not outcome.exists():
            try:
                with redirect_stderr(io.StringIO()) as messages:
                    build_site(folder / "website", faces)
            except (Exception, SystemExit):
                outcome.write_text(messages.getvalue() + traceback.format_exc())
            else:
                outcome.write_text("built")
    if outcome.read_text() != "built":
        pytest.fail(f"THE WEBSITE WAS NOT BUILT:\n{outcome.read_text()}", pytrace=False)
    return folder / "website"


@pytest.fixture(scope="module")
def browser():
    """Chromium, as Playwright's `Browser`; skipped without one, or failed if that was asked for.

    It is closed after each test file, because no other asyncio loop can run while it is open.
    """
    try:
        with chromium.launched() as browser:
            yield browser
    except RuntimeError as error:
        if os.environ.get("VAELIB_NEEDS_BROWSER") == "1":
            pytest.fail(f"NOT TESTED IN A BROWSER: {error}", pytrace=False)
        pytest.skip(f"NOT TESTED IN A BROWSER: {error}")
