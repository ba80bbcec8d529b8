#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/fetch_data.sh against a server of our own: what is right gets its name, anything else leaves nothing behind. Right files
are there only where MNIST is ($KLFLOW_DATA/mnist or ../shared/data/mnist). Run as test_fetch_data.py [unittest options]."""
import functools
import hashlib
import http.server
import io
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "tools" / "fetch_data.sh"
NAMES = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
FAILED, USAGE = 69, 64


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if "/broken-off/" not in self.path:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "28881")
        self.end_headers()
        self.wfile.write(b"\x1f\x8b" + bytes(1000))


def mnist():
    for folder in (os.environ.get("KLFLOW_DATA"), ROOT.parent / "shared" / "data"):
        if folder and all((pathlib.Path(folder) / "mnist" / name).exists() for name in NAMES):
            return pathlib.Path(folder) / "mnist"
    return None


class FetchData(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-fetch-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "served").mkdir()
        handler = functools.partial(Handler, directory=self.folder / "served")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def fetch(self, *arguments, below="", script=SCRIPT, **env):
        proxies = {name: "" for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
        env = {**os.environ, **proxies, "KLFLOW_MNIST_URL": self.url + below, "KLFLOW_CIFAR10_URL": self.url + below, **env}
        return subprocess.run(["bash", script, *arguments], cwd=self.folder, env=env, capture_output=True, text=True, timeout=60)

    def only(self, downloader):
        """A PATH on which there is one way to download."""
        tools = pathlib.Path(tempfile.mkdtemp(prefix="tools-", dir=self.folder))
        for name in ("bash", "sha256sum", "cut", "rm", "mv", "mkdir", "tar", "gzip", "cat", *downloader):
            found = shutil.which(name)
            if found is None:
                self.skipTest(f"no {name} here")
            (tools / name).symlink_to(found)
        return str(tools)

    def downloaded(self):
        return sorted(p.name for p in (self.folder / "data").rglob("*") if p.is_file())

    def test_nothing_wrong_is_kept(self):
        for downloader in ("curl", "wget"):
            with self.subTest(downloader):
                path = self.only([downloader])
                (self.folder / "served" / NAMES[0]).write_bytes(b"not what was published")
                result = self.fetch("--mnist", PATH=path)
                self.assertEqual(result.returncode, FAILED, result)
                self.assertIn("is not the published file (another SHA-256)", result.stderr)
                result = self.fetch("--mnist", below="/broken-off", PATH=path)
                self.assertEqual(result.returncode, FAILED, result)
                result = self.fetch("--mnist", below="/absent", PATH=path)
                self.assertEqual(result.returncode, FAILED, result)
                self.assertIn("no download from", result.stderr)
                result = self.fetch("--cifar10", PATH=path)
                self.assertEqual(result.returncode, FAILED, result)
                self.assertEqual(self.downloaded(), [])

    def test_a_strange_file_stays(self):
        strange = self.folder / "data" / "mnist" / NAMES[0]
        strange.parent.mkdir(parents=True)
        strange.write_bytes(b"mine")
        result = self.fetch("--mnist")
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("move it away and try again", result.stderr)
        self.assertEqual(strange.read_bytes(), b"mine")

    def test_without_a_downloader(self):
        result = self.fetch("--mnist", PATH=self.only([]))
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("curl or wget is needed", result.stderr)

    def test_usage(self):
        self.assertEqual(self.fetch("--help").returncode, 0)
        for wrong in (["--cifar"], ["a", "b"]):
            self.assertEqual(self.fetch(*wrong).returncode, USAGE)

    def test_cifar10(self):
        """The archive is too large for a test: one of our own, and a script that has its sum."""
        if not any(map(shutil.which, ("curl", "wget"))):
            self.skipTest("neither curl nor wget here")
        with tarfile.open(self.folder / "served" / "cifar-10-binary.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
            member.size = 3073
            archive.addfile(member, io.BytesIO(bytes(3073)))
        digest = hashlib.sha256((self.folder / "served" / "cifar-10-binary.tar.gz").read_bytes()).hexdigest()
        script = self.folder / "fetch.sh"
        script.write_text(re.sub(r"\bc4a38c50[0-9a-f]{56}\b", digest, SCRIPT.read_text()))
        for says in ("cifar-10-binary.tar.gz from", "cifar-10-batches-bin is there"):
            result = self.fetch("--cifar10", script=script)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(says, result.stdout)
            self.assertEqual(self.downloaded(), ["data_batch_1.bin"])
            self.assertEqual(os.listdir(self.folder / "data" / "cifar10"), ["cifar-10-batches-bin"])

    def test_mnist(self):
        if mnist() is None:
            self.skipTest("no MNIST here")
        for name in NAMES:
            (self.folder / "served" / name).symlink_to(mnist() / name)
        for downloader in ("curl", "wget"):
            with self.subTest(downloader):
                result = self.fetch("--mnist", "data", PATH=self.only([downloader]))
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(self.downloaded(), sorted(NAMES))
                again = self.fetch("--mnist", below="/absent")  # nothing is fetched twice
                self.assertEqual((again.returncode, again.stdout.count("is there")), (0, 4))
                shutil.rmtree(self.folder / "data")


if __name__ == "__main__":
    unittest.main()
