"""Fetching bytes: a file from a web server, or files out of a package of Debian's archive.

Both give up soon where there is no network, leave nothing on disk, and raise DataError with a
short reason. Whether the bytes are the right ones is for the caller to verify.
"""

import io
import os
import queue
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from vaelib.errors import DataError

ANSWER_SECONDS = 6  # until a server answers
STALL_SECONDS = 15  # without a single byte
FILE_SECONDS = 600  # for a whole file
APT_SECONDS = 300  # for each of the two runs of apt-get
LARGEST_FILE = 1 << 27  # bytes

# All that apt writes goes into a folder of its own, hooks of the system (which may clean or fill
# its caches) are left out, and an archive that does not answer is soon given up on.
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


def download(url, title):
    """The bytes at `url`. A progress bar called `title` appears once they are coming."""
    import requests  # here, because these two are slow to import and seldom needed
    from tqdm import tqdm

    answer = _answer(requests, url)
    with answer:
        if not answer.ok:
            raise DataError(f"answers {answer.status_code} {answer.reason} for {title}")
        size = int(answer.headers.get("Content-Length", 0))
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
                    f"broke off after {len(content):,} of {size:,} bytes of {title}"
                ) from None
    return bytes(content)


def _answer(requests, url):
    """The response of `url`, whose body has yet to be read."""
    answers = queue.SimpleQueue()

    def ask():
        try:
            answers.put(requests.get(url, stream=True, timeout=(ANSWER_SECONDS, STALL_SECONDS)))
        except requests.RequestException as error:
            answers.put(error)

    # In a thread that can be given up on, because the timeout of requests bounds neither the
    # look-up of a name nor the trying of all the addresses that a large host has.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        raise DataError(f"does not answer within {ANSWER_SECONDS} s") from None
    if isinstance(answer, requests.RequestException):
        raise DataError(f"cannot be reached ({type(answer).__name__})")
    return answer


def debian_package(package, paths):
    """The content of the files at `paths` in a package, {path: bytes}, in their order.

    apt-get fetches the package from the archives that the system is set up for and checks its
    signature; neither root nor an earlier update is needed, and the system stays as it is. The
    package is never unpacked to disk, so nothing in it can land anywhere.
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
        # One archive of several may be out of reach without harm, so what counts is the second run.
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


def _run(command, folder):
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


def _complaints(stderr):
    """The first and the last line: what went wrong, and what came of it."""
    lines = stderr.decode(errors="replace").strip().splitlines() or ["without a word"]
    return " ... ".join(dict.fromkeys([lines[0], lines[-1]]))
