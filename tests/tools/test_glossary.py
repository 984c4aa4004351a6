"""docs/glossary.md: short entries in order, and every term that a lesson prints in bold."""

import re
from pathlib import Path

import jupytext
import pytest
from quick import LESSONS, SOLUTIONS

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "glossary.md"
PAGE = PATH.read_text(encoding="utf-8")
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
PARTS = [
    re.findall(r"^### (.+)\n\n((?:.+\n)+)", part, re.MULTILINE)
    for part in PAGE.split("\n## ")[1:]  # the terms, then the symbols
]
ENTRIES = dict(PARTS[0] + PARTS[1])
CORE = [
    path
    for path in LESSONS
    if path.name[:2] in ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "11")
]


def anchor(heading):
    """The name that GitHub and the website give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


ANCHORS = {anchor(heading) for heading in ENTRIES} | {"terms", "symbols"}


def text_of(script):
    return "\n\n".join(c.source for c in jupytext.read(script).cells if c.cell_type == "markdown")


def bold_terms(text):
    """Short bold phrases; those that end with punctuation begin a paragraph and are no terms."""
    phrases = (LINK.sub(r"\1", found) for found in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL))
    phrases = (" ".join(phrase.split()) for phrase in phrases)
    others = re.compile(r".*[.?!:]|What you'll .+|step \d+|(\S+ ){3,}\S+")
    return {phrase for phrase in phrases if not others.fullmatch(phrase)}


def test_a_bold_phrase_is_a_term_unless_it_begins_a_paragraph_or_is_a_sentence():
    text = "**Predict.** The **latent\nspace** and the **[prior](a.md#b)**, **What you'll do**"
    assert bold_terms(text + " **step 2** **The decoder is blind**") == {"latent space", "prior"}


def test_entries_are_in_alphabetical_order_and_none_is_there_twice():
    for part in PARTS:
        names = [re.sub(r"\W+", " ", heading).lower() for heading, _ in part]
        assert names == sorted(names) and len(set(names)) == len(names) > 10
    assert len(ANCHORS) == len(ENTRIES) + 2


@pytest.mark.parametrize("heading", ENTRIES)
def test_an_entry_has_one_to_three_sentences_and_names_a_lesson_at_its_end(heading):
    text = " ".join(ENTRIES[heading].split())
    plain = LINK.sub(lambda link: link[1].replace(".", ""), text)  # "et al." is no end
    assert 1 <= len(re.findall(r"[.?!](?= |$)", plain.replace("et al.", "et al"))) <= 3
    number, path = re.search(r"\(\[lesson (\d\d)\]\(([^)]+)\)\)\.$", text).groups()
    assert Path(path).name.startswith(number) and (PATH.parent / path).exists()


@pytest.mark.parametrize("lesson", CORE, ids=lambda path: path.stem)
def test_it_has_every_term_that_a_lesson_prints_in_bold(lesson):
    lacking = {term for term in bold_terms(text_of(lesson)) if anchor(term) not in ANCHORS}
    assert not lacking


def test_every_link_to_an_entry_leads_to_one():
    pages = {path.name: text_of(path) for path in (*LESSONS, *SOLUTIONS)}
    pages |= {path.name: path.read_text() for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}
    links = {
        (name, target)
        for name, text in pages.items()
        for target in re.findall(r"glossary\.md#([^)\s]+)\)", text)
    } | {(PATH.name, target) for target in re.findall(r"\]\(#([^)]+)\)", PAGE)}
    assert len(links) > 40
    assert not {link for link in links if link[1] not in ANCHORS}
