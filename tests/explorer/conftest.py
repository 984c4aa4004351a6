"""What the tests of the explorer share."""

import pytest

from vaelib import runs

# What HTML could take for the end of a script, or for a comment that swallows one.
TITLES = ["</script><b>", "<!--<script>", "<!--<script></script>", "<!--", "a < b & \"c\" {d} 'e'"]


@pytest.fixture(scope="module")
def pair():
    return [runs.load(f"fashion_mnist_{name}_50-epochs") for name in ("elbo", "mmd-as-posted")]


@pytest.fixture(params=TITLES)
def title(request):
    """A title that a careless page would stumble over."""
    return request.param
