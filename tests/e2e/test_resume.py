# SPDX-License-Identifier: BSD-3-Clause
"""Runs that signals interrupt, or kill, and that are resumed, have the bits of uninterrupted ones; what is no continuation is refused.
Where in a run it is stopped is test_kl_resume's. Run as test_resume.py PROGRAM [unittest options]."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

from kl_case import write_images

PROGRAM = None
OK, USAGE, DATA, RESUMABLE, CREATE = 0, 64, 65, 75, 73

# Each takes some tenths of a second on two cores; how long it really takes here is measured before it is interrupted.
SINGLE = ["--widths", "96,96,48", "--n-mc", "1e6", "--save-f-j", "--save-f-jk"]
SLOW = ["--widths", "96,96,48", "--n-mc", "2e6"]
SWEEP = ["--widths", "64,48,32", "--n-mc", "4e5", "--var-w", "1.5,2.5", "--seed", "1,5"]
ENSEMBLE = ["--widths", "64,48,32", "--n-mc", "2e5", "--ensemble", "3"]
REF = ["--widths", "12,12,8", "--n-mc", "2e5", "--backend", "ref"]
SIDE_BY_SIDE = ["--widths", "64,48,32", "--n-mc", "3e5", "--chunk", "300000", "--seed", "1,2,3,4"]  # one lane for each point


SOON = 0.05  # seconds after a run has begun to compute: a few chunks, and far from its end


def end(process):
    """Also of one that has ended: its pipes are closed."""
    process.kill()
    process.communicate()


class Resume(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-resume-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        pixels = np.random.default_rng(7).integers(0, 256, size=(3, 7, 6), dtype=np.uint8)
        write_images(self.folder / "images", pixels)

    def start(self, *arguments):
        """A run that has begun to compute."""
        process = subprocess.Popen([PROGRAM, "kl", "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.folder)
        self.addCleanup(end, process)
        first = process.stderr.readline()
        while first and "backend" not in first:  # a note that there is no checkpoint yet
            first = process.stderr.readline()
        return process

    def run_kl(self, *arguments, code=OK):
        done = subprocess.run([PROGRAM, "kl", "--json", "--quiet", *arguments], capture_output=True, text=True, cwd=self.folder,
                              timeout=120)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def interrupt(self, *arguments, after, number=signal.SIGTERM):
        """Stdout and stderr of a run that is interrupted; it may have come to its end before."""
        process = self.start(*arguments)
        time.sleep(after)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (OK, RESUMABLE), err)
        return process.returncode, out, err

    def files(self):
        return sorted(p.name for p in self.folder.iterdir() if p.name != "images")

    def numbers(self, name):
        """All datasets of results, as bytes, but for the time they took."""
        with h5py.File(self.folder / name) as f:
            found = {}
            for group in {"kl", "kl_ref"} & set(f):
                for name, item in f[group].items():
                    if item.dtype != object and name != "wall_s":
                        found[f"{group}/{name}"] = item.dtype.str, item.shape, item[()].tobytes()
            return found, f["provenance"].attrs["restarts"]

    def check_resumed(self, work, waits, threads=("2", "1", "3")):
        """Interrupted after each of the waits in turn, in parts of the time that the whole takes, by another signal each time, and
        then left to end."""
        begin = time.monotonic()
        whole = self.run_kl(*work, "--threads", threads[0], "-o", "whole.h5").stdout
        seconds = time.monotonic() - begin
        signals = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP)
        restarts = 0
        for i, wait in enumerate(waits):
            code, out, err = self.interrupt(*work, "--threads", threads[i % len(threads)], "-o", "out.h5", "--resume", after=wait * seconds,
                                            number=signals[i % len(signals)])
            if code == OK:  # it was through before the signal
                break
            restarts += 1
            self.assertIn("'out.h5.checkpoint' has the work so far, and the same command with --resume goes on", err)
            self.assertEqual(self.files(), ["out.h5.checkpoint", "whole.h5"])
        else:
            out = self.run_kl(*work, "--threads", threads[len(waits) % len(threads)], "-o", "out.h5", "--resume").stdout
        self.assertGreater(restarts, 0)
        self.assertEqual(self.files(), ["out.h5", "whole.h5"])
        expected, _ = self.numbers("whole.h5")
        found, counted = self.numbers("out.h5")
        self.assertEqual(counted, restarts)
        self.assertEqual(found.keys(), expected.keys())
        for name in expected:
            self.assertEqual(found[name], expected[name], name)
        # The resumed run prints all points, the old ones too.
        curves = [[json.loads(line)["kl"] for line in text.splitlines()] for text in (out, whole)]
        self.assertEqual(curves[0], curves[1])

    def test_in_the_middle(self):
        self.check_resumed(SINGLE, [0.2, 0.0, 0.1])

    def test_a_sweep(self):
        self.check_resumed(SWEEP, [0.2, 0.2, 0.1])

    def test_an_ensemble_over_images(self):
        self.check_resumed([*ENSEMBLE, "--input", f"mnist:{self.folder}/images:0-2"], [0.2, 0.2, 0.2, 0.1])

    def test_backend_ref(self):
        self.check_resumed(REF, [0.2, 0.2])

    def test_points_side_by_side(self):
        self.check_resumed(SIDE_BY_SIDE, [0.2, 0.1])

    def test_a_saved_network(self):
        work = [*SINGLE, "--save-network", "net.h5", "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        before = (self.folder / "net.h5").read_bytes()
        self.run_kl(*work, "--resume")
        self.assertEqual((self.folder / "net.h5").read_bytes(), before)

    def test_without_output_file(self):
        work = [*SINGLE[:4], "--checkpoint", "here"]
        code, out, _ = self.interrupt(*work, after=SOON)
        self.assertEqual((code, out, self.files()), (RESUMABLE, "", ["here"]))
        resumed = json.loads(self.run_kl(*work, "--resume").stdout)
        self.assertEqual(self.files(), [])
        self.assertEqual(resumed["kl"], json.loads(self.run_kl(*SINGLE[:4]).stdout)["kl"])

    def test_a_killed_run_loses_an_interval(self):
        process = self.start(*SLOW, "-o", "out.h5", "--checkpoint-interval", "1", "--threads", "1")
        deadline = time.monotonic() + 60
        while "out.h5.checkpoint" not in self.files() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        self.assertEqual(process.wait(timeout=60), -signal.SIGKILL)
        self.assertIn("out.h5.checkpoint", self.files())
        plan = json.loads(self.run_kl(*SLOW, "-o", "out.h5", "--resume", "--dry-run").stdout)
        self.assertGreater(plan["samples_resumed"], 1e4)
        self.assertLess(plan["samples_resumed"], float(SLOW[-1]))
        # One thread chose the chunks, and two go on with them.
        self.run_kl(*SLOW, "--threads", "1", "-o", "one.h5")
        self.run_kl(*SLOW, "-o", "out.h5", "--resume", "--threads", "2")
        self.assertEqual(self.numbers("out.h5")[0], self.numbers("one.h5")[0])

    def test_a_second_signal_stops_at_once(self):
        work = ["--widths", "800,800,800", "--n-mc", "1e9", "--backend", "ref", "--chunk", "20000"]  # 10 s a layer of a chunk
        process = self.start(*work, "-o", "out.h5")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        self.assertIn("a second signal stops at once", process.stderr.readline())
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertLess(time.monotonic() - begin, 5.0)
        self.assertEqual(self.files(), [])

    def test_a_checkpoint_is_not_overlooked(self):
        work = [*SINGLE[:4], "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        self.assertIn("go on from it with --resume, or begin anew with --force", self.run_kl(*work, code=CREATE).stderr)
        check = subprocess.run([PROGRAM, "check", "out.h5.checkpoint"], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual((check.returncode, check.stdout),
                         (OK, "out.h5.checkpoint: klflow-checkpoint schema 1, 0 results, 1 passes under way, whole\n"))
        self.run_kl(*work, "--force")
        self.assertEqual(self.files(), ["out.h5"])

    def test_another_config_is_refused(self):
        work = [*SINGLE[:4], "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        for change, said in ((["--seed", "2"], "it has 'seed: 1' where this one has 'seed: 2'"),
                             (["--precision", "fp64"], "'precision: fp32'"), (["--estimator", "direct"], "'estimator: both'"),
                             (["--chunk", "512"], "chunk"), (["--sample-seed", "9"], "sample_seed")):
            with self.subTest(change):
                done = self.run_kl(*work, "--resume", *change, code=USAGE)
                self.assertIn(said, done.stderr)
                self.assertEqual(self.files(), ["out.h5.checkpoint"])
        moved = [*SINGLE[:4], "-o", "elsewhere.h5", "--checkpoint", "out.h5.checkpoint", "--threads", "1", "--resume"]
        self.run_kl(*moved)
        self.assertEqual(self.files(), ["elsewhere.h5"])

    def test_other_images_are_refused(self):
        work = [*SINGLE[:4], "--input", f"mnist:{self.folder}/images:1", "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        write_images(self.folder / "images", np.full((3, 7, 6), 100, dtype=np.uint8))
        self.assertIn("the images or the network file have changed", self.run_kl(*work, "--resume", code=DATA).stderr)

    def test_a_damaged_checkpoint_is_refused(self):
        work = [*SINGLE[:4], "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        path = self.folder / "out.h5.checkpoint"
        whole = path.read_bytes()
        with h5py.File(path) as f:
            block = f["checkpoint/numbers"].id.get_chunk_info(0).byte_offset
        flipped = bytearray(whole)
        flipped[block + 100] ^= 1
        for damaged in (bytes(flipped), whole[:len(whole) // 2], b"", b"results of something else\n" * 100):
            path.write_bytes(damaged)
            self.run_kl(*work, "--resume", code=DATA)
            check = subprocess.run([PROGRAM, "check", "out.h5.checkpoint"], capture_output=True, cwd=self.folder)
            self.assertEqual(check.returncode, DATA)
        path.write_bytes(whole)
        self.run_kl(*work, "--resume")

    def test_edited_checkpoints_are_refused(self):
        """Whole by their checksums, and yet not what klflow writes."""
        work = [*SINGLE[:4], "-o", "out.h5"]
        self.assertEqual(self.interrupt(*work, after=SOON)[0], RESUMABLE)
        path = self.folder / "out.h5.checkpoint"
        whole = path.read_bytes()

        def column(name, value):
            def edit(f):
                f[f"checkpoint/{name}"][0] = value
            return edit

        def attribute(name, value):
            def edit(f):
                f.attrs.modify(name, value)
            return edit

        for i, edit in enumerate((column("network", 7), column("image", 3), column("kind", 9), column("kind", 4), column("kind", 0),
                     column("n_layers", 2), column("n_layers", -1), column("n_samples", 5), column("n_samples", 2**40),
                     column("chunk", 0), column("chunk", 2**40), column("width", 10**6), column("width", 0), column("width", 95),
                     column("layer_flags", 0), column("contents", 4), attribute("n_networks", 2), attribute("n_records", 2),
                     attribute("n_records", 2**62), attribute("n_fields", 3), attribute("chunk_threads", -1))):
            with self.subTest(i):
                path.write_bytes(whole)
                with h5py.File(path, "r+") as f:
                    edit(f)
                self.run_kl(*work, "--resume", code=DATA)
                (self.folder / "out.h5").unlink(missing_ok=True)

    def test_resume_without_checkpoint(self):
        self.assertIn("output", self.run_kl(*SINGLE[:4], "--resume", code=USAGE).stderr)
        done = subprocess.run([PROGRAM, "kl", "--widths", "9,9", "--n-mc", "100", "-o", "out.h5", "--resume"], capture_output=True,
                              text=True, cwd=self.folder)
        self.assertEqual(done.returncode, OK)
        self.assertIn("there is no 'out.h5.checkpoint' yet", done.stderr)

    def test_from_a_config_file(self):
        (self.folder / "run.yaml").write_text("kl:\n  widths: [96, 96, 48]\n  n_mc: 2e6\n  resume: true\noutput: out.h5\n")
        command = [PROGRAM, "run", "run.yaml"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(end, process)
        while "backend" not in process.stderr.readline():
            pass
        time.sleep(SOON)
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, RESUMABLE)
        self.assertEqual(subprocess.run(command, capture_output=True, cwd=self.folder, timeout=60).returncode, OK)
        self.assertEqual(self.files(), ["out.h5", "run.yaml"])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
