#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow data from outside: its table and help word by word, its JSON against fractions, the drawing on terminals of several kinds,
and what it says to mistakes. Run as test_data.py PROGRAM [unittest options]."""
import fcntl
import gzip
import json
import os
import pathlib
import pty
import re
import struct
import termios
import unittest
import zlib
from fractions import Fraction

from program import PROGRAM, Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
SHARED = [pathlib.Path(folder) for folder in (os.environ.get("KLFLOW_DATA", ""), GOLDEN.parent.parent.parent / "shared" / "data") if folder]
USAGE, DATA, NOINPUT = 64, 65, 66
UTF8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}


def noise(n, seed=1):
    out = bytearray()
    for _ in range(n):
        seed = (seed * 1664525 + 1013904223) % 2**32
        out.append(seed >> 24)
    return bytes(out)


def idx_images(n, rows, cols):
    return struct.pack(">4I", 2051, n, rows, cols) + noise(n * rows * cols)


def idx_labels(labels):
    return struct.pack(">2I", 2049, len(labels)) + bytes(labels)


def batch(n):
    pixels = noise(3072 * n)
    return b"".join(bytes([3 * i % 10]) + pixels[3072 * i:3072 * (i + 1)] for i in range(n))


def single(x):
    """The float that is closest."""
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def grey(record):
    """Rec. 601, as fractions."""
    planes = [record[1 + 1024 * c:1 + 1024 * (c + 1)] for c in range(3)]
    return [Fraction(299 * r + 587 * g + 114 * b, 255000) for r, g, b in zip(*planes)]


def reduced(luma):
    """Means over areas of 8/7 x 8/7: first along the rows, then along the columns."""
    def along(line):
        out = []
        for i in range(28):
            begin, end = Fraction(8 * i, 7), Fraction(8 * i + 8, 7)
            out.append(sum((max(min(end, j + 1) - max(begin, j), 0) * x for j, x in enumerate(line)), Fraction(0)) / Fraction(8, 7))
        return out
    rows = [along(luma[32 * y:32 * y + 32]) for y in range(32)]
    columns = [along([row[x] for row in rows]) for x in range(28)]
    return [columns[x][y] for y in range(28) for x in range(28)]


def described(*arguments, **options):
    result = run("data", *arguments, "--json", **options)
    assert result.returncode == 0 and result.stderr == "" and result.stdout.count("\n") == 1, result
    return json.loads(result.stdout)


class DataCase(Case):
    def setUp(self):
        super().setUp()
        self.put("train-images-idx3-ubyte.gz", gzip.compress(idx_images(12, 3, 4)))
        self.put("train-labels-idx1-ubyte", idx_labels([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 3]))
        self.put("two.bin", batch(2))

    def put(self, name, data):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def golden(self, name, *arguments):
        result = run("data", *arguments, cwd=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, (GOLDEN / f"{name}.txt").read_text(), f"if the change is meant: tests/golden/{name}.txt")


class Tables(DataCase):
    def test_golden(self):
        self.golden("help_data", "--help")
        self.golden("data_idx", ".")
        self.golden("data_cifar10", "two.bin")
        self.golden("data_labels", "train-labels-idx1-ubyte")

    def test_the_manual_quotes_the_help(self):
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        self.assertTrue((GOLDEN / "help_data.txt").read_text() in manual, "docs/cli.md quotes tests/golden/help_data.txt")

    def test_names_cannot_steer_the_terminal(self):
        self.put("a\x1b[2J.bin", batch(1))
        self.assertNotIn("\x1b", run("data", "a\x1b[2J.bin", cwd=self.folder).stdout)


class Json(DataCase):
    def test_idx(self):
        out = described(str(self.folder))
        pixels = [b / 255 for b in noise(12 * 12)]
        self.assertEqual((out["kind"], out["count"], out["rows"], out["cols"]), ("idx", 12, 3, 4))
        # the pixels are floats, each off by 2^-25 of itself at most, and its square by twice that
        self.assertAlmostEqual(out["mean"], sum(pixels) / len(pixels), delta=2**-25)
        self.assertAlmostEqual(out["mean_square"], sum(p * p for p in pixels) / len(pixels), delta=2**-24)
        self.assertEqual((out["n_train"], out["n_valid"], out["n_classes"]), (10, 2, 10))
        self.assertEqual(out["class_count"], [1, 1, 1, 2, 1, 1, 1, 1, 1, 2])
        self.assertEqual(out["train_class_count"], [1] * 10)
        self.assertEqual(out["valid_class_count"], [0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
        self.assertEqual([os.path.basename(f) for f in out["file"]], ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"])
        self.assertEqual(out["crc32"][0], zlib.crc32(idx_images(12, 3, 4)))  # unpacked

    def test_without_labels(self):
        self.put("pictures", idx_images(1, 3, 4))
        out = described("pictures", cwd=self.folder)
        self.assertFalse({"n_classes", "class_count", "n_train"} & set(out))
        self.assertIsNone(described("pictures", "--show", "0", cwd=self.folder)["label"])
        self.put("answers", idx_labels([61]))
        self.assertEqual(described("pictures", "--labels", "answers", cwd=self.folder)["n_classes"], 62)
        self.assertEqual(described("answers", cwd=self.folder)["kind"], "labels")

    def check_image(self, path, index, record):
        for kind, expected in (("cifar10-32", grey(record)), ("cifar10", reduced(grey(record)))):
            out = described(f"{kind}:{path}", "--show", str(index))
            self.assertEqual((out["label"], out["index"], len(out["pixel"])), (record[0], index, len(expected)))
            self.assertEqual(out["pixel"], [single(x) for x in expected])
            self.assertAlmostEqual(out["mean"], float(sum(expected) / len(expected)), delta=1e-7)

    def test_cifar10_is_grey_and_reduced_exactly(self):
        self.check_image(self.folder / "two.bin", 1, batch(2)[3073:])

    def test_real_cifar10(self):
        found = [folder / "cifar10" / "test_batch.bin.gz" for folder in SHARED if (folder / "cifar10" / "test_batch.bin.gz").exists()]
        if not found:
            self.skipTest("no CIFAR-10 here")
        with gzip.open(found[0]) as file:
            self.check_image(found[0], 5, file.read()[5 * 3073:6 * 3073])

    def test_kl_takes_them(self):
        for image, widths in (("cifar10:two.bin:1", "784,5"), ("cifar10-32:two.bin:0-1", "1024,5"), (".:11", None)):
            options = ["--widths", widths] if widths else ["--widths", "12,5"]
            image = image if widths else "mnist:" + image
            result = run("kl", "--input", image, *options, "--n-mc", "20", "--json", "--quiet", cwd=self.folder)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(json.loads(result.stdout)["input"], image)

    def test_kl_writes_over_none_of_them(self):
        for image in ("cifar10:two.bin:0", "cifar10:.:0", "mnist:.:0"):
            target = "data_batch_1.bin" if "10:." in image else "two.bin" if "two" in image else "train-images-idx3-ubyte.gz"
            self.put("data_batch_1.bin", batch(1))
            result = run("kl", "--input", image, "-o", target, "--force", cwd=self.folder)
            self.assertEqual(result.returncode, USAGE, result)
            self.assertIn("same file", result.stderr)


class Drawing(DataCase):
    def on_terminal(self, *arguments, columns=80, lines=24, **env):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        child = os.fork()
        if child == 0:
            try:
                for descriptor in (0, 1, 2):
                    os.dup2(slave, descriptor)
                os.chdir(self.folder)
                os.execve(PROGRAM, [PROGRAM, "data", *arguments], {**os.environ, **UTF8, **env})
            finally:
                os._exit(127)
        os.close(slave)
        out = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not part:
                break
            out += part
        os.close(master)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        return out.decode().replace("\r\n", "\n").splitlines()

    def raster(self, lines):
        """Greys, 0 to 255, of half blocks; what is not drawn is None."""
        colours, rows = {"38": None, "48": None}, []
        for line in lines:
            if "▀" not in line:
                continue
            rows += [[], []]
            for code, block in re.findall(r"\x1b\[([0-9;]*)m|(▀)", line):
                if block:
                    rows[-2].append(colours["38"])
                    rows[-1].append(colours["48"])
                elif code == "0":
                    colours = {"38": None, "48": None}
                else:
                    which, mode, *grey = map(int, code.split(";"))
                    if mode == 2:
                        self.assertEqual(len(set(grey)), 1)
                    colours[str(which)] = grey[0] if mode == 2 else {16: 0, 231: 255}.get(grey[0], 8 + 10 * (grey[0] - 232))
            self.assertTrue(line.endswith("\x1b[0m"), "colours end with the line")
        return rows

    def test_every_pixel_in_24_bits(self):
        rows = self.raster(self.on_terminal(".", "--show", "3", lines=6))
        expected = noise(12 * 12)[36:48]
        self.assertEqual(rows, [list(expected[:4]), list(expected[4:8]), list(expected[8:]), [None] * 4])

    def test_256_colours(self):
        rows = self.raster(self.on_terminal(".", "--show", "3", lines=6, COLORTERM=""))
        for drawn, meant in zip(sum(rows, []), noise(12 * 12)[36:48]):
            self.assertLess(abs(drawn - meant), 16)  # 26 greys, the last of them farther off

    def test_size(self):
        for columns, lines, size in ((80, 24, 28), (27, 24, 27), (10, 24, 10), (1, 24, 1), (56, 24, 28), (56, 32, 56), (200, 60, 112)):
            out = self.on_terminal("two.bin", "--show", "0", columns=columns, lines=lines)
            rows = self.raster(out)
            self.assertEqual((len(rows[0]), len(rows) - (None in rows[-1])), (size, size), (columns, lines))
        plain = self.on_terminal("two.bin", "--show", "0", NO_COLOR="1", columns=40)
        self.assertEqual((len(plain), max(map(len, plain[:-1])) <= 40), (21, True))

    def test_where_there_are_no_colours(self):
        piped = run("data", ".", "--show", "3", cwd=self.folder).stdout.splitlines()
        ink = " .:-=+*#%@"
        expected = noise(12 * 12)[36:48]
        drawn = "".join(2 * ink[min(9, int(b / 25.5))] for b in expected)
        self.assertEqual(piped[:3], [drawn[8 * y:8 * y + 8].rstrip() for y in range(3)])
        self.assertRegex(piped[3], r"^image 3, label 3, 3 x 4 pixels, mean 0\.\d{4}, mean square 0\.\d{4}$")
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "vt100"}, {"LC_ALL": "C"}, {"TERM": ""}):
            self.assertEqual(self.on_terminal(".", "--show", "3", lines=6, **env), piped, env)

    def test_a_name_beside_the_number(self):
        self.assertIn("image 1, label 3 (cat), 28 x 28 pixels", run("data", "two.bin", "--show", "1", cwd=self.folder).stdout)


class Mistakes(DataCase):
    def test_refused(self):
        self.put("cut.bin", batch(2)[:-1])
        self.put("label.bin", b"\x0a" + batch(1)[1:])
        self.put("other/train-images-idx3-ubyte", idx_images(12, 3, 4))
        self.put("other/train-labels-idx1-ubyte", idx_labels([1] * 11))
        packed = bytearray(gzip.compress(idx_images(12, 3, 4)))
        packed[-5] ^= 1
        self.put("checksum.gz", bytes(packed))
        self.put("text", b"Not a data set at all.\n")
        (self.folder / "nothing").mkdir()
        for arguments, code, sentence in (
                ([], USAGE, "klflow data needs a file, a folder or a reference such as mnist:FILE"),
                (["", "--json"], USAGE, "an empty name is no file"),
                ([".", "stray"], USAGE, "unexpected argument 'stray'"),
                (["mnist:.:1-"], NOINPUT, "'.:1-' cannot be opened"),
                (["mnist:"], USAGE, "'mnist:' has no file name: write mnist:FILE"),
                ([".", "--show", "-1"], USAGE, "--show must be a whole number"),
                ([".", "--show", "12"], USAGE, "'.' has 12 images, numbered 0 to 11, but image 12 was asked for"),
                (["mnist:.:3-7", "--show", "8"], USAGE, "image 8 is not among the images 3-7 of 'mnist:.:3-7'"),
                (["train-labels-idx1-ubyte", "--show", "1"], DATA, "'train-labels-idx1-ubyte' holds labels (magic 2049), not images"),
                ([".", "--labels", "train-images-idx3-ubyte.gz"], DATA, "'train-images-idx3-ubyte.gz' holds images (magic 2051), not"),
                ([".", "--labels", "none"], NOINPUT, "'none' cannot be opened"),
                (["two.bin", "--labels", "none"], USAGE, "the labels of CIFAR-10 are in its batches"),
                (["other"], DATA, "'other/train-labels-idx1-ubyte' has 11 labels, but 'other/train-images-idx3-ubyte' has 12 images"),
                (["cut.bin"], DATA, "'cut.bin' is cut, or no binary batch of CIFAR-10: expected whole records of 3073 bytes, found 1 "),
                (["label.bin"], DATA, "'label.bin' is no binary batch of CIFAR-10, or damaged: the label of record 0 is 10, expected 0 "),
                (["checksum.gz"], DATA, "'checksum.gz' is damaged: its gzip data are wrong"),
                (["text"], DATA, "'text' is not an IDX file of images"),
                (["nothing"], NOINPUT, "'nothing' is a folder without a data set"),
                (["absent"], NOINPUT, "'absent' cannot be opened: No such file"),
                (["cifar10:absent.bin"], NOINPUT, "'absent.bin' cannot be opened: No such file")):
            with self.subTest(arguments):
                result = run("data", *arguments, cwd=self.folder)
                self.assertEqual((result.returncode, result.stdout), (code, ""))
                self.assertTrue(result.stderr.startswith(f"klflow: {sentence}") and result.stderr.count("\n") == 1, result.stderr)


if __name__ == "__main__":
    unittest.main()
