"""Build the website in build/site: README, docs, notebooks with outputs, explorers, reference.

Sphinx reads copies of the pages from a temporary folder and needs no network. If anything is
wrong, the previous site is left as it was. docs/conf.py and docs/site.css set how it looks.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import click
from myst_parser.slugs import github_slugify
from PIL import Image
from sphinx.cmd.build import main as sphinx

from tools.notebooks import run
from tools.website import explorers, portable

ROOT = Path(__file__).resolve().parents[2]
BINDER = "https://mybinder.org/v2/gh"
LINK = re.compile(r"\]\(([\w./-]+)[)#]")
ANCHOR = re.compile(r"(\]\((?:[\w./-]+\.ipynb)?#)([^()\s]+)(?=\))")  # of a section of a notebook
ROW = re.compile(r"^\| (`\w+`.*?) \| (.+) \|$", re.MULTILINE)  # starts with a module's name
NAME = re.compile(r"`(\w+)`")
TOCTREE = """
```{{toctree}}
:caption: {caption}
:hidden:

{pages}
```
"""


def groups(root: Path, readme: str) -> dict[str, tuple[list[str], str]]:
    """Return for each page of the reference its modules and README's description of them."""
    modules = {path.stem: [path.stem] for path in root.glob("vaelib/[a-z]*.py")}
    for path in root.glob("vaelib/[a-z]*/__init__.py"):
        folder = path.parent
        files = sorted(
            ".".join(file.relative_to(folder.parent).with_suffix("").parts)
            for file in folder.rglob("[a-z]*.py")
        )
        modules[folder.name] = [folder.name, *files]
    found = {}
    for names, words in ROW.findall(readme):
        here = [name for name in NAME.findall(names) if name in modules]
        if here:
            together = [module for name in here for module in modules.pop(name)]
            found[here[0]] = together, words.split(" | ")[0].replace("`", "")
    if modules:
        sys.exit(f"README's table of the package lacks {', '.join(sorted(modules))}: add a row.")
    return found


def reference(modules: list[str], words: str) -> str:
    """Return the page of some modules, which Sphinx fills with their docstrings."""

    def heading(title, line):
        return f"{title}\n{line * len(title)}\n\n"

    names = [module for module in modules if "." not in module]  # those of README's row
    text = heading(", ".join(names), "=") + f"*{words}*\n\n"
    for module in modules:
        text += heading(f"vaelib.{module}", "-") if len(modules) > 1 else ""
        text += f".. automodule:: vaelib.{module}\n\n"
    return text


def front_page(readme: str, navigation: dict[str, list[str]], modules: set[str]) -> str:
    """Return README with the pages of the navigation, and with links to modules in its table."""

    def link(name):
        return f"{{py:mod}}`{name[1]} <vaelib.{name[1]}>`" if name[1] in modules else name[0]

    text = ROW.sub(lambda row: NAME.sub(link, row[0]), readme)
    for caption, pages in navigation.items():
        if pages:
            text += TOCTREE.format(caption=caption, pages="\n".join(pages))
    return text


def with_links(notebook: Path, name: str, repository: str) -> tuple[str, str]:
    """Return a notebook's title, and its JSON with links to Binder, Colab, and the file below it.

    Args:
        notebook: Path of the file.
        name: Path of the file in the project.
        repository: owner/name on GitHub; if empty, there is no link to Binder and Colab.
    """
    content = json.loads(notebook.read_text(encoding="utf-8"))
    first = content["cells"][0]
    title, _, rest = "".join(first["source"]).partition("\n")
    links = f"[Download this notebook](path:{'../' * name.count('/')}downloads/{name})"
    if repository:
        address = f"{BINDER}/{repository}/HEAD?urlpath=lab/tree/{name}"
        colab = f"[Open in Colab]({portable.colab_address(repository, name)})"
        links = f"[Open in Binder]({address}) · {colab} · {links}"
    first["source"] = f"{title}\n\n{links}\n{rest}"
    return title.strip("# "), json.dumps(content, ensure_ascii=False)


def offer(notebook: Path, target: Path, repository: str) -> None:
    """Write the file that readers download; with a repository, it says how to get the package."""
    if not repository:
        shutil.copy(notebook, target)
        return
    content = portable.portable(json.loads(notebook.read_text(encoding="utf-8")), repository)
    text = json.dumps(content, ensure_ascii=False, indent=1)
    target.write_text(f"{text}\n", encoding="utf-8")


def copy(file: Path, target: Path) -> None:
    """Copy a file, but only the first picture of a film, so that nothing moves on the site."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".webp":
        with Image.open(file) as film:
            film.save(target)  # only the first picture, without save_all
    else:
        shutil.copy(file, target)


def stage(root: Path, folder: Path, repository: str, shown: dict[str, dict]) -> None:
    """Write the pages that Sphinx reads to a folder."""

    def write(name, text):
        """Write a page, and copy the files that it links to, such as pictures."""
        text = re.sub(r"\]\(((?:\.\./)*)README\.md\)", r"](\1index.md)", text)
        # JupyterLab keeps the case and punctuation of a heading in its anchor, and Sphinx does not.
        text = ANCHOR.sub(lambda link: link[1] + github_slugify(link[2]), text)
        for link in LINK.findall(text):
            linked = os.path.normpath(Path(name).parent / link)
            if (root / linked).is_file() and not (folder / linked).exists():
                copy(root / linked, folder / linked)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    folder.mkdir(parents=True)
    readme = (root / "README.md").read_text(encoding="utf-8")
    captions = "Core course", "Going further", "Solutions", "See it", "More", "The package"
    navigation = {name: [] for name in captions}
    for name, here in shown.items():
        (folder / "explorers").mkdir(exist_ok=True)
        for title, explorer in here.items():
            explorer.save(folder / explorers.path_of(name, title))
        write(f"{name}.md", explorers.page(name, here))
        navigation["See it"].append(name)
    for here in ("notebooks", "notebooks/solutions"):
        (folder / "downloads" / here).mkdir(parents=True)
        for notebook in sorted(root.glob(f"{here}/[0-9]*.ipynb")):
            name = f"{here}/{notebook.name}"
            offer(notebook, folder / "downloads" / name, repository)
            title, text = with_links(notebook, name, repository)
            write(name, text)
            caption = "Core course" if notebook.stem[:2] in run.CORE_COURSE else "Going further"
            caption = "Solutions" if here.endswith("solutions") else caption
            navigation[caption].append(f"{notebook.name[:2]} {title} <{here}/{notebook.stem}>")
    packages = groups(root, readme)
    for name, (modules, words) in packages.items():
        write(f"api/{name}.rst", reference(modules, words))
        navigation["The package"].append(f"api/{name}")
    modules = {module for modules, _ in packages.values() for module in modules}
    others = *sorted(root.glob("study/*.md")), root / "CONTRIBUTING.md"
    for page in (*sorted(root.glob("docs/*.md")), *others):
        name = page.relative_to(root)
        write(name.as_posix(), page.read_text(encoding="utf-8"))
        navigation["More"].append(name.with_suffix("").as_posix())
    write("index.md", front_page(readme, navigation, modules))


def build(root: Path, target: Path, repository: str, shown: dict[str, dict]) -> None:
    """Replace the folder `target` by the website; if anything is wrong, leave it and exit.

    Args:
        root: Folder of the project.
        target: Folder of the website.
        repository: owner/name on GitHub; if empty, pages have no links to Binder and Colab.
        shown: Explorers by page and title, as `explorers.make` returns them.
    """
    with tempfile.TemporaryDirectory() as temporary:
        source, site = Path(temporary, "source"), Path(temporary, "site")
        stage(root, source, repository, shown)
        options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", ROOT / "docs"]
        options += ["--doctree-dir", Path(temporary, "doctrees")]
        if sphinx([str(word) for word in (*options, source, site)]):
            sys.exit("The website was not built, for the reasons above.")
        # Sphinx keeps files for download in folders with names that change. Colab needs fixed ones.
        shutil.copytree(source / "downloads", site / "downloads")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(site, target)


@click.command(help=__doc__)
@click.option("--repository", envvar="GITHUB_REPOSITORY", default="", help="OWNER/NAME on GitHub.")
def main(repository: str) -> None:
    if repository and not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", repository):
        sys.exit(
            f"The repository is {repository!r}, but must be owner/name as on GitHub. Set it by "
            "make site REPOSITORY=owner/name or by the environment variable GITHUB_REPOSITORY."
        )
    if not repository:
        print(
            "Pages get no links to Binder and Colab, because no repository is set "
            "(REPOSITORY=owner/name)."
        )
    build(ROOT, ROOT / "build" / "site", repository, explorers.make())
    print("The website is in build/site/index.html.")


if __name__ == "__main__":
    main()
