"""What the tests of the explorer share."""

import pytest

from tools.website import chromium
from vaelib import explorer, runs

# What HTML could take for the end of a script, or for a comment that swallows one.
TITLES = ["</script><b>", "<!--<script>", "<!--<script></script>", "<!--", "a < b & \"c\" {d} 'e'"]


@pytest.fixture(scope="module")
def pair():
    return [runs.load(f"fashion_mnist_{name}_50-epochs") for name in ("elbo", "post-mmd")]


@pytest.fixture(params=TITLES)
def title(request):
    """A title that a careless page would stumble over."""
    return request.param


@pytest.fixture(scope="module")
def shown(pair, faces):
    """The explorer of two real models, and as test images some that are rendered."""
    return explorer.compare(*pair, titles=("VAE", "MMD-VAE"), dataset=faces)


@pytest.fixture(scope="module")
def file(shown, tmp_path_factory):
    """Whatever page a module calls `shown`, as a file."""
    path = tmp_path_factory.mktemp("shown") / "page.html"
    shown.save(path)
    return path


@pytest.fixture
def page(request, browser, file):
    """The page, opened without a network; what goes wrong in it fails the test.

    A module may say by `READY` what the last thing is that appears.
    """
    with chromium.opened(browser, file, width=1000, height=1300) as (page, problems):
        page.locator(getattr(request.module, "READY", ".said:not(:empty)")).last.wait_for()
        yield page
    assert problems == []
