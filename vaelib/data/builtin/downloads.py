"""Download a file from a web server, or files from a package in Debian's archive.

Without a network, both fail quickly and raise DataError with a short reason. They leave nothing on
disk. The caller verifies the bytes, and may then write them to the cache with `keep_in_cache`.
"""

import io
import os
import queue
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

from vaelib.support.errors import DataError
from vaelib.support.files import cache_folder, write_atomically

ANSWER_SECONDS = 6  # until a server must respond
STALL_SECONDS = 15  # without receiving a byte
FILE_SECONDS = 600  # for a whole file
APT_SECONDS = 300  # for each of the two runs of apt-get
LARGEST_FILE = 1 << 27  # bytes

# apt writes only into a temporary folder. Hooks of the system, which may clean or fill its caches,
# are disabled, and the timeouts are short so that an unreachable archive fails quickly.
_APT_CONF = """
#clear APT::Update;
APT::Sandbox::User "root";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::http::Timeout "5";
Acquire::https::Timeout "5";
"""


def download(url: str, title: str) -> bytes:
    """Download the file at `url`, with a progress bar labeled `title`.

    Raises:
        DataError: If the server cannot be reached, responds with an error, or is too slow, or if
            the file is larger than `LARGEST_FILE`.
    """
    import requests  # imported here because both are slow to import and rarely needed
    from tqdm import tqdm

    answer = _answer(requests, url)
    with answer:
        if not answer.ok:
            raise DataError(f"answers {answer.status_code} {answer.reason} for {title}")
        announced = answer.headers.get("Content-Length", "")
        size = int(announced) if announced.isdecimal() else 0  # a server may send anything
        content, deadline = bytearray(), time.monotonic() + FILE_SECONDS
        with tqdm(desc=title, total=size or None, unit="B", unit_scale=True) as bar:
            try:
                for chunk in answer.iter_content(1 << 16):
                    content += chunk
                    bar.update(len(chunk))
                    if len(content) > LARGEST_FILE:
                        raise DataError(f"sends more than {LARGEST_FILE:,} bytes for {title}")
                    if time.monotonic() > deadline:
                        raise DataError(f"takes longer than {FILE_SECONDS} s for {title}")
            except requests.RequestException:
                raise DataError(
                    f"stopped sending after {len(content):,} of {size:,} bytes of {title}"
                ) from None
    return bytes(content)


def _answer(requests, url):
    """Return the response of `url`; its body has not been read yet."""
    answers = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(requests.get(url, stream=True, timeout=(ANSWER_SECONDS, STALL_SECONDS)))
        except requests.RequestException as error:
            answers.put(error)

    # In a thread that can be abandoned, because the timeout of requests limits neither the name
    # lookup nor the attempts to reach each address of a large host.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        raise DataError(f"does not answer within {ANSWER_SECONDS} s") from None
    if isinstance(answer, requests.RequestException):
        raise DataError(f"cannot be reached ({type(answer).__name__})")
    return answer


def debian_package(package: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Download a Debian package and return some of its files.

    apt-get downloads the package from the archives that the system is configured for, and checks
    its signature. This needs neither root nor an earlier `apt-get update`, and it leaves the
    system unchanged. The package is read in memory and never unpacked to disk.

    Args:
        package: Name of the package.
        paths: Absolute paths that the files would have when installed.

    Returns:
        Content of each file by its path, in the order of `paths`.

    Raises:
        DataError: If apt-get or dpkg-deb is missing or fails, or if the package lacks a file.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise DataError(f"{tool} is not installed")
    print(f"Fetching the Debian package {package} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="vaelib-", ignore_cleanup_errors=True) as folder:
        configuration = Path(folder, "apt.conf")
        configuration.write_text(_APT_CONF.format(folder=folder), encoding="utf-8")
        for place in ("lists/partial", "cache/archives/partial"):
            Path(folder, place).mkdir(parents=True)
        apt = ["apt-get", "-q", "-c", str(configuration)]
        # The update may fail for one of several archives. Only the download has to succeed.
        update = _run([*apt, "update"], folder)
        fetch = _run([*apt, "download", package], folder)
        fetched = next(Path(folder).glob(f"{package}_*.deb"), None)
        if fetch.returncode or fetched is None:
            raise DataError(f"apt-get failed ({_complaints(update.stderr + fetch.stderr)})")
        unpacked = _run(["dpkg-deb", "--fsys-tarfile", str(fetched)], folder)
        if unpacked.returncode:
            raise DataError(f"dpkg-deb failed ({_complaints(unpacked.stderr)})")
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked.stdout)) as archive:
            members = {path: archive.getmember(f".{path}") for path in paths}
            for path, member in members.items():
                if not member.isreg():
                    raise DataError(f"{path} in it is not a regular file")
            return {path: archive.extractfile(member).read() for path, member in members.items()}
    except (tarfile.TarError, KeyError) as error:
        raise DataError(f"does not hold what was expected ({error})") from None


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            timeout=APT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise DataError(f"{command[0]} took longer than {APT_SECONDS} s") from None


def _complaints(stderr: bytes) -> str:
    """Return the first and the last line, which usually give the cause and the consequence."""
    lines = stderr.decode(errors="replace").strip().splitlines() or ["no error message"]
    return " ... ".join(dict.fromkeys([lines[0], lines[-1]]))


def read_file(path: Path) -> bytes | None:
    """Read a file of a folder or of the cache, which may hold anything.

    Returns:
        The content, or None if there is no such file.

    Raises:
        DataError: If it is not a regular file (reading a device or a pipe may never end), has more
            than `LARGEST_FILE` bytes, or cannot be read.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataError(f"{path} is not a regular file: move it away, or put a copy there.")
        if about.st_size > LARGEST_FILE:
            raise DataError(
                f"{path} has {about.st_size:,} bytes, expected at most {LARGEST_FILE:,}: put the "
                "right file there."
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def keep_in_cache(name: str, file: str, content: bytes) -> bytes:
    """Write a downloaded file to the cache folder `name`, and return its content.

    If it cannot be written, a warning says so, because the content itself is good.
    """
    path = cache_folder() / name / file
    try:
        write_atomically(path, content)
    except OSError as error:
        warnings.warn(
            f"{file} cannot be kept in {path.parent} ({error.strerror}) and will have to be "
            "downloaded again; make room there or set VAELIB_CACHE_DIR to another folder",
            stacklevel=6,
        )
    return content
