"""The explorer without a browser: its titles, what is refused, what its page holds."""

import html
import json
import os
import re
import subprocess
import sys

import pytest

from vaelib import explorer, priors, runs
from vaelib.objectives import ELBO
from vaelib.runs.recipes import Recipe


def test_titles_tell_runs_of_one_objective_apart(pair, faces):
    titles = [s["title"] for s in explorer.compare(*pair, dataset=faces).payload["spaces"]]
    assert titles == ["ELBO", "post MMD"]
    twice = explorer.compare(pair[0], pair[0], dataset=faces).payload["spaces"]
    assert twice[0]["title"] == "ELBO, 50 epochs, seed 0"


def test_what_can_not_be_shown_is_refused(pair, faces):
    with pytest.raises(ValueError, match="no run was given"):
        explorer.compare()
    with pytest.raises(ValueError, match="1 titles for 2 runs"):
        explorer.compare(*pair, titles=["VAE"], dataset=faces)
    recipe = Recipe("faces", ELBO, latent_dim=3)
    deep = runs.Run(recipe, recipe.compiled_model(1), {}, {}, {})
    with pytest.raises(ValueError, match="has 3 latent dimensions: the explorer shows two-dim"):
        explorer.compare(deep, dataset=faces)
    for other, said in (
        (
            {"network": "gated"},
            r"has the layer gated\w* \(Gated\): the explorer computes sequences",
        ),
        ({"prior": priors.vamp(3)}, "explorer shows models with a standard normal prior and gray"),
        ({"pixels": "static"}, "explorer shows models with a standard normal prior and gray"),
    ):
        recipe = Recipe("faces", ELBO, **other)
        run = runs.Run(recipe, recipe.compiled_model(1), {}, {}, {})
        with pytest.raises(ValueError, match=said):
            explorer.compare(run, dataset=faces)


def test_a_title_cannot_break_out_of_the_page(pair, faces, title):
    page = explorer.compare(pair[0], titles=[title], dataset=faces).page()
    [payload] = re.findall(r'id="payload">(.*?)</script>', page)
    assert "<" not in payload  # so that no parser sees a tag or a comment in it
    assert json.loads(payload)["spaces"][0]["title"] == title
    assert f"<title>Latent spaces of faces: {html.escape(title)}</title>" in page
    assert page.count("<script") == page.count("</script>") == 2


def test_in_a_locale_without_utf_8_the_page_is_the_same(tmp_path):
    code = """
import locale, sys
from pathlib import Path
from vaelib import explorer

assert not sys.flags.utf8_mode and locale.getencoding() != "utf-8", locale.getencoding()
explorer.Explorer({}, "\\u00b5", ["explorer"], "explore").save(Path(sys.argv[1]))
"""
    plain = {name: v for name, v in os.environ.items() if name not in ("LANG", "LC_CTYPE")}
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "page.html"],
        env=plain | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    expected = explorer.Explorer({}, "\u00b5", ["explorer"], "explore").page()
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == expected
    assert "\u2212" in expected  # the minus sign of the coordinates, which is not ASCII


def test_in_a_running_notebook_the_points_are_python_s_too(pair, faces):
    widget = explorer.compare(*pair, dataset=faces).live()
    assert widget.points == [[0.0, 0.0], [0.0, 0.0]]
    assert {"points", "payload", "_esm"} <= set(widget.keys)
