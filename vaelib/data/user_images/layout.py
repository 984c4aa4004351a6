"""Determine the class of each image, and whether it is for training, from its folders."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vaelib.data.user_images.problems import counted, some
from vaelib.support.errors import DataError

TRAIN, TEST, VALIDATION = "train", "test", "validation"
#: Usual names of the parts of a split, alone or beside other words, such as seg_train, test_set.
WORDS = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset"), TRAIN),
    **dict.fromkeys(("test", "testing", "testset", "testingset"), TEST),
    **dict.fromkeys(("val", "valid", "validation", "valset", "validationset"), VALIDATION),
    **dict.fromkeys(("dev", "eval", "evaluation"), VALIDATION),
}
#: A part and a capital letter, such as trainA and testA of two kinds of images.
JOINED = re.compile(r"([Tt]rain|[Tt]est|[Vv]al)[A-Z]")


@dataclass(frozen=True)
class Layout:
    """What the folders say about images.

    Attributes:
        classes: The class of each image.
        parts: The part of each image, "train" or "test". None if there is no split.
        notes: Sentences for the user about what was decided.
    """

    classes: list[str]
    parts: list[str] | None
    notes: list[str] = field(default_factory=list)


def infer_layout(names: Sequence[str], otherwise: str) -> Layout:
    """Determine the class of each image, and whether it is for training, from its folders.

    Leading folders that contain all images are ignored. If the next folders are the parts of a
    split, such as `train` and `test`, they are used as such; validation images are for testing if
    there are no test images, and for training otherwise. The first folder below names the class.
    The parts may also be inside the folder of each class.

    Args:
        names: Names of image files, with / between folders.
        otherwise: Class of the images that are in no folder.

    Raises:
        DataError: If there are other images beside the parts of a split, or none for training.
    """
    folders = _without_common(names)
    notes = []
    parts = _split([inside[0] if inside else "" for inside in folders], notes)
    if parts:
        # In all parts, because in one part alone it may be a class that is called "test".
        repeated = all(len(i) > 1 and i[0].lower() == i[1].lower() for i in folders)
        folders = [inside[2 if repeated else 1 :] for inside in folders]
    elif all(len(inside) > 1 for inside in folders):
        parts = _split([inside[1] for inside in folders], notes, strict=False)
        if parts:
            notes.append("the folders inside each class are the split into training and testing.")
    classes = [inside[0] if inside else otherwise for inside in folders]
    if not parts:
        notes += _suspected(sorted(set(classes)))
    if parts:
        known = {one for one, part in zip(classes, parts, strict=True) if part == TRAIN}
        if others := sorted(set(classes) - known):
            count = counted(len(others), "class has", "classes have")
            notes.append(f"{count} test images only: {some(others)}.")
    return Layout(classes, parts, notes)


def _without_common(names: Iterable[str]) -> list[list[str]]:
    """Return the folders of each file, without leading folders that contain all files."""
    folders = [name.split("/")[:-1] for name in names]
    deepest = max(map(len, folders), default=0)
    common = 0
    while all(len(parts) > common for parts in folders) and common < deepest - 1:
        if len({parts[common] for parts in folders}) > 1:
            break
        common += 1
    return [parts[common:] for parts in folders]


def _part_of(folder: str) -> tuple[str, str] | None:
    """Return the part of a split that a folder stands for, and the rest of its name.

    The rest does not include numbers and what separates words, in which the names of parts can
    differ, such as train and test1, or Training Data and Testing_Data.
    """
    words = [word for word in re.split(r"[\W_]+", folder.lower()) if word and not word.isdigit()]
    for i, word in enumerate(words):
        stem = word.rstrip("0123456789")
        if stem in WORDS:
            return WORDS[stem], " ".join([*words[:i], "*", *words[i + 1 :]])
    return None


def _suspected(folders: list[str]) -> list[str]:
    """Return a note if folders have names like parts of a split, but were taken for classes."""
    found = {}
    for name in folders:
        if known := _part_of(name):
            found[name] = known[0]
        elif joined := JOINED.match(name):
            found[name] = WORDS[joined[1].lower()]
    if TRAIN not in found.values() or len(set(found.values())) < 2:
        return []
    return [
        f"folders that are called like parts of a split are classes here: {some(sorted(found))}. "
        "If they are none, put their images into folders train and test, with a folder for each "
        "class inside."
    ]


def _split(folders: list[str], notes: list[str], strict: bool = True) -> list[str] | None:
    """Return the part of each image if folders are the parts of a split, or None.

    Args:
        folders: For each image, the folder that may name its part, or "".
        notes: A list to which notes for the user are added.
        strict: If True, raise if there are images beside the parts of a split.
    """
    found = {name: _part_of(name) for name in sorted(set(folders))}
    rests = {}
    for name, known in found.items():
        if known:
            rests.setdefault(known[1], {}).setdefault(known[0], []).append(name)
    rest, names = max(rests.items(), key=lambda item: len(item[1]), default=("", {}))
    if len(names) < 2:
        return None
    used = {name for same in names.values() for name in same}
    if others := sorted(set(found) - used):
        if not strict:
            return None
        beside = ", ".join(name or "files in no folder" for name in others)
        raise DataError(
            f"beside {' and '.join(sorted(used))} there are {beside}: expected nothing else, so "
            "that every image is in one part of the split."
        )
    if TRAIN not in names:
        if not strict:
            return None
        raise DataError(
            f"there are {' and '.join(sorted(used))}, but no images for training: add a folder "
            f"{rest.replace('*', TRAIN)}, or rename these folders if they are classes."
        )
    goal = {TRAIN: TRAIN, TEST: TEST, VALIDATION: TRAIN if TEST in names else TEST}
    if VALIDATION in names:
        count = sum(found[folder][0] == VALIDATION for folder in folders)
        images = counted(count, "image is", "images are")
        use = "training" if TEST in names else "testing, because there is no test folder"
        notes.append(f"{images} for validation ({some(names[VALIDATION])}): used for {use}.")
    return [goal[found[folder][0]] for folder in folders]
