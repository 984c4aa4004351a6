"""Open hostile and damaged files, each in a process of its own with little memory.

Every case makes a file that a stranger or a broken disk could have left, and opens it as a user
would. It has to be refused with a `DataError`, or to do no harm. Nothing that it contains may be
executed, and the process may not need much more memory than for a good file. `opened` yields for
each case whether that was so, like the functions in `faults`.
"""

import gzip
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.io import savemat

from tools.checks import faults, hostile_images
from vaelib import data, explorer, runs
from vaelib.data.builtin import emoji_font, faces, frey, idx_sources
from vaelib.runs import npz
from vaelib.support.errors import DataError

MOST_MEMORY = 400 << 20  # bytes that a process may need in addition
ADDRESSES = 4 << 30  # bytes of address space that it may reserve in addition
SECONDS = 120
REFUSED, HARMLESS, TOO_LARGE = 10, 11, 12  # exit statuses

Case = tuple[Callable[[Path], None], Callable[[Path], object], int]  # damage, use, exit status


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return a function that changes a file of a run, and its SHA-256 in run.json accordingly."""

    def damage(folder: Path) -> None:
        content = change((folder / name).read_bytes())
        (folder / name).write_bytes(content)
        about = json.loads((folder / "run.json").read_text())
        about["sha256"][name] = sha256(content).hexdigest()
        (folder / "run.json").write_text(json.dumps(about))

    return damage


def with_settings(**settings: object) -> Callable[[Path], None]:
    """Return a function that changes settings in recipe.json."""
    return rewritten(
        "recipe.json", lambda content: json.dumps(json.loads(content) | settings).encode()
    )


def with_arrays(name: str, change: Callable[[dict], dict]) -> Callable[[Path], None]:
    """Return a function that changes the arrays in an .npz file."""
    return rewritten(name, lambda content: npz.to_npz(change(npz.from_npz(content))))


def own_images(side: int, channels: int, name: str = "cats") -> dict:
    """Return the description of a data set of a user's own images, as in recipe.json."""
    about = {"name": name, "fingerprint": "0" * 64, "image_shape": [side, side, channels]}
    return about | {"class_names": [name] * 2, "fit": "crop"}


class Executed:
    """An object that makes a file called "executed" when its pickle is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def pickled(folder: Path) -> None:
    """Put a pickled object in place of the weights."""
    stream = io.BytesIO()
    np.savez(stream, **{"0": np.array([Executed(folder / "executed")], dtype=object)})
    rewritten("weights.npz", lambda _: stream.getvalue())(folder)


def keras_file(folder: Path) -> None:
    """Add a Keras model whose layer executes code when the model is loaded without safe mode."""
    code = f"import pathlib; pathlib.Path({str(folder / 'executed')!r}).touch()"
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Lambda", "config": code}))
        archive.writestr("metadata.json", "{}")


def archive(members: int, start: bytes, megabytes: int) -> bytes:
    """Return a small archive of equal members: some bytes, and then zeros."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(members):
            with file.open(f"{i}.npy", "w") as member:
                member.write(start)
                for _ in range(megabytes):
                    member.write(bytes(1 << 20))
    return stream.getvalue()


def header(shape: tuple[int, ...]) -> bytes:
    """Return the beginning of an array of bytes in a .npy file."""
    stream = io.BytesIO()
    layout = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, layout)
    return stream.getvalue()


def gzip_bomb(folder: Path) -> None:
    """Write files of MNIST that unpack to half a gigabyte."""
    stream = io.BytesIO()
    with gzip.open(stream, "wb") as file:
        for _ in range(512):
            file.write(bytes(1 << 20))
    for name in idx_sources.FILES:
        (folder / f"{name}.gz").write_bytes(stream.getvalue())


def large_film(folder: Path) -> None:
    """Write a file of the Frey faces that unpacks to half a gigabyte."""
    pixels = np.zeros((560, 1_000_000), "uint8")
    savemat(folder / frey.FILE, {"ff": pixels}, do_compression=True)


def cached_emoji(folder: Path) -> None:
    """Leave half an archive of emoji in the cache, and a folder in place of the other."""
    (folder / "emoji.zip").write_bytes(archive(2, header((0,)), 1)[:-30])
    (folder / "emoji-faces.zip").mkdir()


def load_emoji(folder: Path) -> None:
    """Ask for the emoji where the font cannot be found, which has to give drawn pictures."""
    missing = folder / "missing"
    os.environ |= {"VAELIB_CACHE_DIR": str(folder), "PATH": ""}
    emoji_font.FONT = emoji_font.LIST = emoji_font.Source(
        (str(missing),), "no-such-package", missing.as_uri(), "0" * 64
    )
    with zipfile.ZipFile(data.emoji()) as pictures:
        if pictures.testzip() or not pictures.namelist():
            raise AssertionError(f"{pictures.filename} has no pictures, or damaged ones.")


def in_the_future(folder: Path) -> None:
    """Set the times of all files to the year 2106."""
    for path in folder.iterdir():
        os.utime(path, (2**32, 2**32))


def long_names(folder: Path) -> None:
    """Give all classes and the data set names of 10,000 characters."""
    name = "x" * 10_000
    classes = {"class_names": [name] * len(faces.CLASS_NAMES)}
    with_settings(dataset=own_images(28, 1, name) | classes)(folder)


def show(folder: Path) -> None:
    """Make the page of a run, which has to be small."""
    page = explorer.compare_stored(runs.load(folder)).page()
    if len(page) > 3_000_000 or "x" * 1_000 in page:
        raise AssertionError(f"a page of {len(page):,} characters")


def nan_weights(arrays: dict) -> dict:
    """Set all floating-point arrays to NaN."""
    return {n: a * np.nan if a.dtype.kind == "f" else a for n, a in arrays.items()}


def from_folder(name: str) -> Callable[[Path], object]:
    """Return a function that loads a data set from a folder."""
    return lambda folder: data.load(name, folder)


CASES: dict[str, Case] = {
    "an enormous latent space": (
        with_settings(dataset=own_images(128, 3), latent_dim=49_152),
        runs.load,
        REFUSED,
    ),
    "an enormous image": (with_settings(dataset=own_images(100_000, 1)), runs.load, REFUSED),
    "very many channels": (with_settings(dataset=own_images(28, 10**9)), runs.load, REFUSED),
    "an enormous prior": (
        with_settings(prior={"kind": "vamp", "components": 10_000}),
        runs.load,
        REFUSED,
    ),
    "very many epochs": (with_settings(epochs=10**1_000), runs.load, REFUSED),
    "weights of NaN": (with_arrays("weights.npz", nan_weights), runs.load, REFUSED),
    "an optimizer of NaN": (with_arrays("optimizer.npz", nan_weights), runs.load, REFUSED),
    "codes of NaN": (with_arrays("snapshots.npz", nan_weights), show, REFUSED),
    "names of 10,000 characters": (long_names, show, HARMLESS),
    "a pickled object": (pickled, runs.load, REFUSED),
    "a Keras model with code": (keras_file, runs.load, HARMLESS),
    "a zip bomb": (
        rewritten("snapshots.npz", lambda _: archive(1, header((600 << 20,)), 600)),
        runs.load,
        REFUSED,
    ),
    "an array that claims a petabyte": (
        rewritten("snapshots.npz", lambda _: archive(1, header((1 << 50,)), 1)),
        runs.load,
        REFUSED,
    ),
    "very many arrays": (
        rewritten("snapshots.npz", lambda _: archive(60_000, header((0,)), 0)),
        runs.load,
        REFUSED,
    ),
    "JSON of deep nesting": (
        rewritten("history.json", lambda _: b"[" * 1_000_000),
        runs.load,
        REFUSED,
    ),
    "JSON of an enormous number": (
        rewritten("history.json", lambda _: b'{"loss": [1' + b"0" * 10**6 + b"]}"),
        runs.load,
        REFUSED,
    ),
    "JSON of NaN": (rewritten("history.json", lambda _: b'{"loss": [NaN]}'), runs.load, REFUSED),
    "JSON of 100 MB": (
        rewritten("history.json", lambda _: b'{"loss": [' + b"{}," * 33_000_000 + b"1]}"),
        runs.load,
        REFUSED,
    ),
    "times in the future": (in_the_future, runs.load, HARMLESS),
    "a gzip bomb among data": (gzip_bomb, from_folder("mnist"), REFUSED),
    "an enormous film": (large_film, from_folder("frey_faces"), REFUSED),
    "half an archive in the cache": (cached_emoji, load_emoji, HARMLESS),
}

CASES |= {
    name: (make, use, REFUSED if is_refused else HARMLESS)
    for name, (make, use, is_refused) in hostile_images.CASES.items()
}


def attempt(name: str, folder: Path) -> None:
    """Use the files of a case with little memory, and end this process with an exit status."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    if sys.platform == "linux":  # elsewhere, the memory is only measured
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    unit = 1024 if sys.platform == "linux" else 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        CASES[name][1](folder)
        status = HARMLESS
    except DataError:
        status = REFUSED
    grown = unit * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    most = hostile_images.MOST_MEMORY if name in hostile_images.CASES else MOST_MEMORY
    os._exit(TOO_LARGE if grown > most else status)


def opened(complete: str) -> Iterator[tuple[bool, bool]]:
    """Try every case on a copy of a complete run, and print the ones that fail.

    Args:
        complete: Directory of an undisturbed run.

    Yields:
        Whether the case was refused or harmless, as it has to be, and whether code was executed.
    """
    for name, (damage, _, expected) in CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory, "a-run")
            shutil.copytree(faults.folder_in(complete), folder)
            damage(folder)
            process = faults.PROCESSES.Process(target=attempt, args=(name, folder))
            process.start()
            process.join(SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            executed = (folder / "executed").exists()
            if process.exitcode != expected or executed:
                print(f"  {name}: exit status {process.exitcode}, expected {expected}", flush=True)
            yield process.exitcode == expected, executed
