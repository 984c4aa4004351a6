"""Build the website in build/site: README, docs, notebooks with outputs, explorers, reference.

Sphinx reads copies of the pages, made in a temporary folder, and needs no network. The site
appears whole or not at all. How it looks is set in docs/conf.py and docs/site.css.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import click
from PIL import Image
from sphinx.cmd.build import main as sphinx

from tools.website import explorers

ROOT = Path(__file__).resolve().parents[2]
BINDER = "https://mybinder.org/v2/gh"
LINK = re.compile(r"\]\(([\w./-]+)[)#]")
ROW = re.compile(r"^\| (`\w+`.*?) \| (.+) \|$", re.MULTILINE)  # of a table, beginning with a name
NAME = re.compile(r"`(\w+)`")
TOCTREE = """
```{{toctree}}
:caption: {caption}
:hidden:

{pages}
```
"""


def groups(root: Path, readme: str) -> dict[str, tuple[list[str], str]]:
    """The modules that share a page, and README's words on them, by the name of the page."""
    modules = {path.stem: [path.stem] for path in root.glob("vaelib/[a-z]*.py")}
    for path in root.glob("vaelib/[a-z]*/__init__.py"):
        folder = path.parent
        files = sorted(f"{folder.name}.{file.stem}" for file in folder.glob("[a-z]*.py"))
        modules[folder.name] = [folder.name, *files]
    found = {}
    for names, words in ROW.findall(readme):
        here = [name for name in NAME.findall(names) if name in modules]
        if here:
            together = [module for name in here for module in modules.pop(name)]
            found[here[0]] = together, words.split(" | ")[0].replace("`", "")
    if modules:
        sys.exit(f"README's table of the package lacks {', '.join(sorted(modules))}.")
    return found


def reference(modules: list[str], words: str) -> str:
    """The page of some modules; Sphinx reads the rest from their docstrings."""

    def heading(title, line):
        return f"{title}\n{line * len(title)}\n\n"

    names = [module for module in modules if "." not in module]  # those of README's row
    text = heading(", ".join(names), "=") + f"*{words}*\n\n"
    for module in modules:
        text += heading(f"vaelib.{module}", "-") if len(modules) > 1 else ""
        text += f".. automodule:: vaelib.{module}\n\n"
    return text


def front_page(readme: str, navigation: dict[str, list[str]], modules: set[str]) -> str:
    """README with the pages that the navigation lists, and with links to modules in its table."""

    def link(name):
        return f"{{py:mod}}`{name[1]} <vaelib.{name[1]}>`" if name[1] in modules else name[0]

    text = ROW.sub(lambda row: NAME.sub(link, row[0]), readme)
    for caption, pages in navigation.items():
        if pages:
            text += TOCTREE.format(caption=caption, pages="\n".join(pages))
    return text


def with_links(notebook: Path, name: str, repository: str) -> tuple[str, str]:
    """A notebook's title, and its JSON with links to Binder and to the file under the title.

    Its name is its path in the project.
    """
    content = json.loads(notebook.read_text(encoding="utf-8"))
    first = content["cells"][0]
    title, _, rest = "".join(first["source"]).partition("\n")
    links = f"[Download this notebook](path:{'../' * name.count('/')}downloads/{name})"
    if repository:
        address = f"{BINDER}/{repository}/HEAD?urlpath=lab/tree/{name}"
        links = f"[Open in Binder]({address}) · {links}"
    first["source"] = f"{title}\n\n{links}\n{rest}"
    return title.strip("# "), json.dumps(content, ensure_ascii=False)


def copy(file: Path, target: Path) -> None:
    """Copy a file; of a film, only its first picture, for nothing on the site moves by itself."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".webp":
        with Image.open(file) as film:
            film.save(target)  # one picture, as no more were asked for
    else:
        shutil.copy(file, target)


def stage(root: Path, folder: Path, repository: str, shown: dict[str, dict]) -> None:
    """Write into a folder what Sphinx reads."""

    def write(name, text):
        """A page, and copies of the files that it links to: pictures, the licence."""
        text = text.replace("README.md)", "index.md)")
        for link in LINK.findall(text):
            linked = os.path.normpath(Path(name).parent / link)
            if (root / linked).is_file() and not (folder / linked).exists():
                copy(root / linked, folder / linked)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    folder.mkdir(parents=True)
    readme = (root / "README.md").read_text(encoding="utf-8")
    navigation = {name: [] for name in ("Notebooks", "Solutions", "See it", "More", "The package")}
    for name, here in shown.items():
        (folder / "explorers").mkdir(exist_ok=True)
        for title, explorer in here.items():
            explorer.save(folder / explorers.path_of(name, title))
        write(f"{name}.md", explorers.page(name, here))
        navigation["See it"].append(name)
    for caption, here in {"Notebooks": "notebooks", "Solutions": "notebooks/solutions"}.items():
        (folder / "downloads" / here).mkdir(parents=True)
        for notebook in sorted(root.glob(f"{here}/[0-9]*.ipynb")):
            name = f"{here}/{notebook.name}"
            shutil.copy(notebook, folder / "downloads" / name)
            title, text = with_links(notebook, name, repository)
            write(name, text)
            navigation[caption].append(f"{notebook.name[:2]} {title} <{here}/{notebook.stem}>")
    packages = groups(root, readme)
    for name, (modules, words) in packages.items():
        write(f"api/{name}.rst", reference(modules, words))
        navigation["The package"].append(f"api/{name}")
    modules = {module for modules, _ in packages.values() for module in modules}
    for page in [*sorted(root.glob("docs/*.md")), root / "CONTRIBUTING.md"]:
        name = page.relative_to(root)
        write(name.as_posix(), page.read_text(encoding="utf-8"))
        navigation["More"].append(name.with_suffix("").as_posix())
    write("index.md", front_page(readme, navigation, modules))


def build(root: Path, target: Path, repository: str, shown: dict[str, dict]) -> None:
    """Replace the folder `target` by the website; where anything is wrong, leave it as it is.

    `shown` has the explorers of each page that shows some, by their titles: see `explorers.make`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        source, site = Path(temporary, "source"), Path(temporary, "site")
        stage(root, source, repository, shown)
        options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", ROOT / "docs"]
        options += ["--doctree-dir", Path(temporary, "doctrees")]
        if sphinx([str(word) for word in (*options, source, site)]):
            sys.exit("The website was not built, for the reasons above.")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(site, target)


@click.command(help=__doc__)
@click.option("--repository", envvar="GITHUB_REPOSITORY", default="", help="owner/name on GitHub")
def main(repository: str) -> None:
    if repository and not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", repository):
        sys.exit(
            f"The repository is {repository!r}: expected owner/name as on GitHub, in "
            "make site REPOSITORY=owner/name or the environment variable GITHUB_REPOSITORY."
        )
    if not repository:
        print("No repository is named (REPOSITORY=owner/name): pages have no links to Binder.")
    build(ROOT, ROOT / "build" / "site", repository, explorers.make())
    print("The website: build/site/index.html")


if __name__ == "__main__":
    main()
