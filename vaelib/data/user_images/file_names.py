"""Decode names of files that are not in UTF-8, and know the files that are not the user's.

Zip archives made on Windows often have names in the encoding of that computer, without saying
which. The encoding is guessed for all names together: the one in which they look most like words.
"""

import os
import unicodedata
from collections.abc import Collection
from itertools import pairwise

#: Encodings that are tried, in this order if they fit equally well. The first fits any bytes.
ENCODINGS = "cp437", "cp1252", "cp932"
#: Files and folders that operating systems and network drives add beside images, in lower case.
#: Names that begin with a dot, such as .DS_Store, are ignored as well.
SYSTEM_NAMES = {
    *("__macosx", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"),
    *("$recycle.bin", "recycler", "system volume information", "found.000", "lost+found"),
    *("@eadir", "#recycle", "@recycle", "network trash folder", "temporary items"),
    *("zbthumbnail.info", "picasa.ini"),
}


def is_ignored(part: str) -> bool:
    """Tell whether a file or a folder of this name is hidden, or was added by a system.

    >>> is_ignored("thumbs.DB"), is_ignored(".DS_Store"), is_ignored("thumbs")
    (True, True, False)
    """
    return part.startswith(".") or part.lower() in SYSTEM_NAMES


def is_run_folder(names: Collection[str]) -> bool:
    """Tell whether a folder with files of these names is a training run of this package."""
    return "checkpoint.npz" in names or {"recipe.json", "weights.npz"} <= set(names)


def decode_names(names: list[bytes]) -> tuple[list[str], str | None]:
    """Decode the names of files and folders.

    Args:
        names: Paths of files, with / between folders.

    Returns:
        The names as text, and the encoding of those that are not in UTF-8, or None if all are.

    >>> decode_names(["Möbel/ä.png".encode("cp437")])
    (['Möbel/ä.png'], 'cp437')
    """
    parts = {part for name in names for part in name.split(b"/")}
    known = {part: text for part in parts if (text := _decoded(part, "utf-8")) is not None}
    others = sorted(parts - known.keys())
    if not others:
        return ["/".join(known[part] for part in name.split(b"/")) for name in names], None
    fitting = [code for code in ENCODINGS if all(_decoded(p, code) is not None for p in others)]
    best = min(fitting, key=lambda code: sum(_oddities(p.decode(code)) for p in others))
    known |= {part: part.decode(best) for part in others}
    return ["/".join(known[part] for part in name.split(b"/")) for name in names], best


def decode_name(name: str) -> str:
    """Return a name that Python got from the system as text that can be printed and saved."""
    return decode_names([os.fsencode(name)])[0][0]


def _decoded(name: bytes, encoding: str) -> str | None:
    try:
        return name.decode(encoding)
    except UnicodeDecodeError:
        return None


def _oddities(text: str) -> int:
    """Count what is unusual in a name: symbols, and words of mixed scripts or odd letters."""
    odd, word = 0, ""
    for c in text + " ":
        if unicodedata.category(c)[0] in "LM":
            word += c
            continue
        odd += c == "\\"  # a second byte of some Japanese letters
        odd += c > "~" and unicodedata.category(c)[0] != "N"
        odd += _odd_word(word)
        word = ""
    return odd


def _odd_word(word: str) -> int:
    scripts = [_script(c) for c in word]
    odd = sum(a != b for a, b in pairwise(scripts))
    odd += scripts.count("HALFWIDTH")
    foreign = [c > "~" for c in word]
    if "LATIN" in scripts and len(word) > 1:
        odd += 2 * sum(foreign) > len(word)  # words have few accents
        pairs = zip(word, word[1:], foreign, foreign[1:], strict=False)
        odd += sum(a.islower() and b.isupper() and (x or y) for a, b, x, y in pairs)
    return odd


def _script(c: str) -> str:
    script = unicodedata.name(c, "UNKNOWN").split()[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else script
