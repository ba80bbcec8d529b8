#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The program from outside: exit codes, messages, help, JSON, signals. Run as test_cli.py PROGRAM [unittest options].

A failure is one line on stderr, the exit code of its kind, nothing on stdout, and no file left behind."""
import json
import os
import pathlib
import pty
import resource
import signal
import subprocess
import time
import unittest

from program import PROGRAM, Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
USAGE, DATA, NOINPUT, DEVICE, MEMORY, CREATE, IO, CONFIG = 64, 65, 66, 69, 71, 73, 74, 78
SMALL = ["--widths", "5,4,3", "--n-mc", "50"]

# (arguments, exit code, words of the message). {dir} is an empty folder, {file} a file that exists.
BAD_ARGUMENTS = [
    ("kll", USAGE, "unknown command 'kll'; did you mean 'kl'?"),
    ("bogus", USAGE, "unknown command 'bogus'; `klflow help` lists the commands"),
    ("--depth 3", USAGE, "'--depth' stands before a command"),
    ("help bogus", USAGE, "unknown command 'bogus'"),
    ("help kl run", USAGE, "unexpected argument 'run'"),
    ("kl --n-mv 3", USAGE, "unknown option --n-mv; did you mean --n-mc?"),
    ("kl --var_w 3", USAGE, "did you mean --var-w?"),
    ("kl --dep 3", USAGE, "unknown option --dep; did you mean --depth?"),
    ("kl stray", USAGE, "unexpected argument 'stray'"),
    ("kl --depth", USAGE, "--depth needs a value"),
    ("kl --depth 3 --depth 4", USAGE, "--depth is given twice"),
    ("kl --depth 1", USAGE, "--depth must be a whole number from 2 to 100000, not '1'"),
    ("kl --n-mc 1.5", USAGE, "not '1.5'"),
    ("kl --n-mc 0", USAGE, "not '0'"),
    ("kl --var-w -1", USAGE, "--var-w must be a number >= 0, not '-1'"),
    ("kl --var-b nan", USAGE, "not 'nan'"),
    ("kl --backend gpu", USAGE, "--backend must be ref, cpu, cuda or auto, not 'gpu'"),
    ("kl --backend cuda", DEVICE, "backend cuda"),
    ("kl --precision fp32 --backend ref", USAGE, "backend ref computes in double, so it has no fp32"),
    ("kl --reference-layer 30", USAGE, "reference layer 30 does not exist at depth 30"),
    ("kl --widths 784,10 --depth 30", USAGE, "the 2 widths make a network of depth 2, not 30"),
    ("kl --input mnist:{dir}/none:1", NOINPUT, "{dir}/none"),
    ("kl --input {file}", USAGE, "{file}"),
    ("kl --input mnist:{file}:1", DATA, "{file}"),
    ("kl --statistics dataset", USAGE, "statistics dataset needs a dataset"),
    ("kl --network {dir}/none.h5", NOINPUT, "{dir}/none.h5"),
    ("kl --network {file}", DATA, "{file}"),
    ("kl -o {file}", CREATE, "{file}"),
    ("kl -o {dir}/no/such/folder.h5", CREATE, "{dir}/no/such"),
    ("kl --dry-run -o {file}", CREATE, "{file}"),
    ("kl --save-network {file}", CREATE, "{file}"),
    ("kl --save-f-j", USAGE, "no output file is given"),
    ("run", USAGE, "klflow run needs a YAML file"),
    ("run {file} {file}", USAGE, "unexpected argument"),
    ("run {dir}/none.yaml", NOINPUT, "'{dir}/none.yaml' cannot be opened"),
    ("run {dir}", NOINPUT, "'{dir}' is a folder, not a file"),
    ("kl --network {dir}", NOINPUT, "'{dir}' is a folder, not a file"),
    ("kl --input mnist:{dir}:1", NOINPUT, "'{dir}' is a folder without training images"),
    ("check {dir}", NOINPUT, "'{dir}' is a folder, not a file"),
    ("check {dir}/\x1b[2J.h5", NOINPUT, "'{dir}/?[2J.h5' cannot be opened"),
    ("kl --input mnist:{dir}/\x1b[2J:1", NOINPUT, "'{dir}/?[2J' cannot be opened"),
    ("kl -o /proc/klflow.h5", CREATE, "cannot create a file in its folder"),
    ("kl -o {dir}/" + 300 * "n", CREATE, "File name too long"),
    ("run {file} --depth 3", USAGE, "unknown option --depth"),
    ("run {file} --set depht=3", USAGE, "unknown key 'depht' in --set; did you mean depth?"),
    ("run {file} --set n_mc=1.5", USAGE, "n_mc must be a whole number"),
    ("run {file} --set n_mc", USAGE, "--set needs KEY=VALUE"),
    ("check", USAGE, "klflow check needs a file"),
    ("check {dir}/none.h5", NOINPUT, "{dir}/none.h5"),
    ("check {file}", DATA, "{file}"),
    ("compare {file}", USAGE, "klflow compare needs two result files"),
    ("compare {file} {file}", DATA, "{file}"),
    ("kl --compare gpu", USAGE, "--compare must be ref or cpu, not 'gpu'"),
    ("info --jsn", USAGE, "unknown option --jsn; did you mean --json?"),
    ("plot", USAGE, "klflow plot needs a result file"),
]

# (file, exit code, the problems in order, each without the file's name).
BAD_FILES = [
    ("", CONFIG, ["1:1: the file is empty"]),
    ("kl:\n  n_mc: 1.5\n", CONFIG, ["2:9: n_mc must be a whole number from 1 to 1000000000000, not '1.5'"]),
    ("kl:\n\tn_mc: 1\n", CONFIG, ["2:1: this is not YAML"]),
    ("kl:\n  sede: 1\n  depth: one\n  depth: 2\nplto: x\n", CONFIG,
     ["2:3: unknown key 'sede'; did you mean 'seed'?", "3:10: depth must be", "4:3: 'depth' is given twice",
      "5:1: unknown key 'plto'; did you mean 'plot'?"]),
    ("kl:\n  depth: 5\n  reference_layer: 7\n", CONFIG, ["3:3: reference layer 7 does not exist at depth 5"]),
    ("kl:\n  input: mnist:images\n", CONFIG, ["2:10: 'mnist:images' does not say which image"]),
]


class Mistakes(Case):
    def test_arguments(self):
        path = self.write("file", "no data of any kind\n")
        (self.folder / "empty").mkdir()
        for line, code, words in BAD_ARGUMENTS:
            with self.subTest(line):
                names = {"dir": str(self.folder / "empty"), "file": path}
                result = run(*[word.format(**names) for word in line.split()], cwd=self.folder)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(words.format(**names), result.stderr)
                self.assertTrue(result.stderr.startswith("klflow: "), result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertEqual(result.stdout, "")
                self.assertEqual(self.files(), ["empty", "file"])
                self.assertEqual(list((self.folder / "empty").iterdir()), [])

    def test_config_files(self):
        for text, code, problems in BAD_FILES:
            with self.subTest(text):
                path = self.write("config.yaml", text)
                result = run("run", path, cwd=self.folder)
                self.assertEqual(result.returncode, code)
                lines = result.stderr.splitlines()
                self.assertEqual(len(lines), len(problems), result.stderr)
                for line, problem in zip(lines, problems):
                    self.assertTrue(line.startswith(f"{path}:{problem}"), line)
                self.assertEqual((result.stdout, self.files()), ("", ["config.yaml"]))

    def test_more_memory_than_there_is(self):
        result = run("kl", "--quiet", "--widths", "1000000,1000000", "--n-mc", "2")
        self.assertEqual((result.returncode, result.stdout), (MEMORY, ""))
        self.assertRegex(result.stderr, r"^klflow: this run needs about [0-9.]+ GB of memory and [0-9.]+ GB are available; .*\n$")

    def test_no_command(self):
        result = run()
        self.assertEqual((result.returncode, result.stdout), (USAGE, ""))
        self.assertIn("usage: klflow COMMAND", result.stderr)

    def test_lost_output(self):
        for arguments in (["kl", *SMALL], ["kl", "--json", *SMALL], ["info"], ["--version"], ["kl", "--help"], ["kl", "--dry-run"]):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                result = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(result.returncode, IO)
                self.assertIn("klflow: stdout cannot be written: No space left on device", result.stderr)

    def test_closed_stdout_does_not_hit_the_result_file(self):
        output = self.folder / "out.h5"
        command = f"exec '{PROGRAM}' kl --quiet {' '.join(SMALL)} -o '{output}' >&-"
        result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(result.returncode, IO, result.stderr)
        self.assertEqual(run("check", str(output)).returncode, 0)


class Help(unittest.TestCase):
    def test_golden(self):
        for name, arguments in (("help", ["help"]), ("help_kl", ["kl", "--help"]), ("help_run", ["run", "--help"]),
                                ("help_check", ["check", "--help"]), ("help_compare", ["compare", "--help"]),
                                ("help_info", ["info", "--help"])):
            with self.subTest(name):
                result = run(*arguments)
                self.assertEqual(result.returncode, 0)
                self.assertEqual(result.stdout, (GOLDEN / f"{name}.txt").read_text(),
                                 f"if the change is meant: klflow {' '.join(arguments)} > tests/golden/{name}.txt")
                self.assertLessEqual(max(map(len, result.stdout.splitlines())), 100)

    def test_ways_to_ask(self):
        self.assertEqual(run("help", "kl").stdout, run("kl", "-h").stdout)
        self.assertEqual(run("--help").stdout, run("help").stdout)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^klflow \d+\.\d+\.\d+\n$")

    def test_info(self):
        info = json.loads(run("info", "--json").stdout)
        self.assertEqual({b["name"] for b in info["backends"]}, {"ref", "cpu", "cuda", "cuda-emulated"})
        self.assertIn("kernels", next(b for b in info["backends"] if b["name"] == "cpu"))
        for library in info["libraries"]:
            self.assertTrue(os.path.isabs(library["path"]))
        self.assertTrue(any(l["name"].startswith("libhdf5") and l["version"] for l in info["libraries"]))
        self.assertEqual(info["threads"], 2)
        self.assertIn(info["cpu"], run("info").stdout)


class Docs(unittest.TestCase):
    def test_help_is_in_the_manual(self):
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        for name in ("help_kl", "help_run", "help_compare"):
            self.assertIn((GOLDEN / f"{name}.txt").read_text(), manual, f"docs/cli.md quotes tests/golden/{name}.txt")


class Output(Case):
    def test_dry_run(self):
        output = str(self.folder / "out.h5")
        arguments = ["kl", "--dry-run", "--var-w", "1.5,2", "--seed", "1,2,3", "--ensemble", "2", "--backend", "ref", "-o", output]
        plan = json.loads(run(*arguments, "--json").stdout)
        self.assertEqual((plan["n_points"], plan["n_passes"], plan["n_mc"], plan["output"]), (6, 12, 10000, output))
        self.assertGreater(plan["memory_bytes"], 0)
        self.assertIsNone(plan["seconds"])
        self.assertGreater(json.loads(run("kl", "--dry-run", "--json").stdout)["seconds"], 0)
        text = run(*arguments[:-2], "--threads", "2").stdout
        text = "".join(line for line in text.splitlines(True) if not line.startswith("memory"))
        self.assertEqual(text, (GOLDEN / "dry_run.txt").read_text())
        self.assertEqual(self.files(), [])

    def test_json(self):
        seed = 2**64 - 1
        result = run("kl", "--json", "--quiet", "--widths", "6,6,3,1", "--seed", str(seed), "--n-mc", "100", "--backend", "ref")
        self.assertEqual((result.returncode, result.stderr, result.stdout.count("\n")), (0, "", 1))
        point = json.loads(result.stdout, parse_constant=lambda name: self.fail(f"{name} is not JSON"))
        self.assertEqual(point["layer"], [0, 1, 2, 3])
        self.assertEqual(point["width"], [6, 6, 3, 1])
        self.assertEqual(point["width_changed"], [False, False, True, True])
        self.assertIn("unphysical", point["note"])
        self.assertEqual((point["seed"], point["sample_seed"]), (seed, seed))
        self.assertEqual(point["layer_status"], ["ok", "ok", "ok", "degenerate"])  # one neuron has no variance over neurons
        self.assertEqual(point["status"], "degenerate")
        self.assertIsNone(point["kl"][3])
        self.assertEqual(point["kl"][0], 0)
        for key in ("mean", "var", "kl", "kl_stderr", "kl_per_neuron", "Q_direct", "Q_gram", "Q_stderr", "entropy_target",
                    "kl_meanfield_per_neuron", "kl_term_reference", "kl_term_log_var", "kl_term_quadratic"):
            self.assertEqual(len(point[key]), 4, key)
        self.assertEqual((point["backend"], point["precision"], point["estimator"]), ("ref", "fp64", "both"))
        self.assertEqual((point["n_mc"], point["depth"], point["reference_layer"], point["var_b"]), (100, 4, 0, 0.05))

    def test_estimators_that_were_not_asked_for_are_null(self):
        for estimator, absent, present in (("direct", "Q_gram", "Q_direct"), ("gram", "Q_direct", "Q_gram")):
            point = json.loads(run("kl", "--json", "--estimator", estimator, *SMALL).stdout)
            self.assertIsNone(point[absent])
            self.assertEqual(len(point[present]), 3)
            self.assertNotIn("note", json.loads(run("kl", "--json", "--widths", "4,4", "--n-mc", "10").stdout))

    def test_one_sample_has_no_error_bar(self):
        point = json.loads(run("kl", "--json", "--widths", "4,4", "--n-mc", "1").stdout)
        self.assertEqual(point["kl_stderr"], [None, None])

    def test_a_sweep_is_one_line_a_point_in_order(self):
        result = run("kl", "--json", "--var-w", "2,1", "--seed", "3,4", *SMALL)
        points = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([(p["var_w"], p["seed"]) for p in points], [(2, 3), (2, 4), (1, 3), (1, 4)])
        self.assertEqual(result.stderr.count("\n"), 1)  # the first line of a run
        self.assertRegex(result.stderr, r"^klflow \d.*backend cpu .*fp32, 2 threads; 4 points, n_mc 50")

    def test_ensemble_scatter(self):
        point = json.loads(run("kl", "--json", "--ensemble", "3", *SMALL).stdout)
        self.assertEqual(len(point["kl_ensemble_std"]), 3)
        self.assertEqual(point["ensemble"], 3)

    def test_yaml_equals_options(self):
        path = self.write("a.yaml", "kl:\n  widths: [5, 4, 3]\n  n_mc: 5e1\n  seed: [1, 2]\noutput: unused.h5\n")
        same = ["kl", "--json", "--widths", "5,4,3", "--n-mc", "70", "--seed", "1,2"]

        def points(*arguments):
            lines = run(*arguments, cwd=self.folder).stdout.splitlines()
            return [{**json.loads(line), "wall_s": 0} for line in lines]

        by_file = points("run", path, "--json", "--set", "kl.n_mc=7e1", "-o", "other.h5")
        self.assertEqual(by_file, points(*same))
        self.assertEqual(len(by_file), 2)
        self.assertEqual(self.files(), ["a.yaml", "other.h5"])
        again = run("run", path, "-o", "other.h5", cwd=self.folder)
        self.assertEqual(again.returncode, CREATE)
        self.assertEqual(run("run", path, "-o", "other.h5", "--force", cwd=self.folder).returncode, 0)
        self.assertEqual(run("check", "other.h5", cwd=self.folder).returncode, 0)


class Check(Case):
    """HDF5 1.10.8 does not come to an end on some damaged files and crashes on others. Slow: the first seconds are patience."""

    def test_a_hole_in_a_file(self):
        path = self.folder / "a.h5"
        self.assertEqual(run("kl", "--quiet", *SMALL, "-o", str(path)).returncode, 0)
        whole = path.read_bytes()
        path.write_bytes(whole[:5000] + bytes(1000) + whole[6000:])
        begin = time.monotonic()
        result = run("check", str(path))
        self.assertLess(time.monotonic() - begin, 20.0)
        self.assertEqual((result.returncode, result.stdout), (DATA, ""))
        self.assertRegex(result.stderr, r"\Aklflow: .*a\.h5.*\n\Z")


class Plot(Case):
    def setUp(self):
        super().setUp()
        python = self.write("python", '#!/bin/sh\n[ "$1" = -c ] && exit 0\nshift\necho "$@" >> "$PLOT_LOG"\nexit ${PLOT_CODE:-0}\n')
        os.chmod(python, 0o755)
        self.log = self.folder / "log"
        self.env = {**os.environ, "KLFLOW_PYTHON": python, "KLFLOW_PLOT": self.write("plot.py", ""), "PLOT_LOG": str(self.log)}

    def test_plot_hands_over(self):
        self.assertEqual(run("plot", "a.h5", "-o", "b.png", env=self.env).returncode, 0)
        self.assertEqual(self.log.read_text(), "a.h5 -o b.png\n")
        self.assertEqual(run("plot", "a.h5", env={**self.env, "PLOT_CODE": "65"}).returncode, 65)

    def test_run_draws(self):
        path = self.write("a.yaml", "kl:\n  widths: [3, 3]\n  n_mc: 5\noutput: out.h5\nplot: out.png\n")
        self.assertEqual(run("run", path, cwd=self.folder, env=self.env).returncode, 0)
        self.assertEqual(self.log.read_text(), "out.h5 -o out.png\n")
        result = run("run", path, "--force", "--quiet", cwd=self.folder, env={**self.env, "PLOT_CODE": "1"})
        self.assertIn("out.h5 -o out.png --force\n", self.log.read_text())
        self.assertEqual(result.returncode, IO)
        self.assertIn("the results are in out.h5, but plot.py could not draw out.png", result.stderr)

    def test_an_old_picture_is_kept(self):
        path = self.write("a.yaml", "kl:\n  widths: [3, 3]\n  n_mc: 5\noutput: out.h5\nplot: out.png\n")
        self.write("out.png", "old")
        self.assertEqual(run("run", path, cwd=self.folder, env=self.env).returncode, CREATE)
        self.assertNotIn("out.h5", self.files())

    def test_no_python(self):
        env = {**self.env, "KLFLOW_PLOT": str(self.folder / "gone.py")}
        result = run("plot", "a.h5", env=env)
        self.assertEqual(result.returncode, NOINPUT)
        self.assertIn("($KLFLOW_PLOT) cannot be read", result.stderr)


class Signals(Case):
    LONG = ["kl", "--n-mc", "1e9", "--widths", "64,64,64"]

    DEAF = ["kl", "--n-mc", "1e9", "--widths", "800,800,800", "--backend", "ref", "--chunk", "20000"]  # 10 s a layer of a chunk

    def start(self, *more, work=LONG, **options):
        process = subprocess.Popen([PROGRAM, *work, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.folder, **options)
        self.addCleanup(process.kill)
        process.stderr.readline()  # the first line of a run: work has begun
        return process

    def test_the_process_ends_by_its_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(number):
                process = self.start()
                time.sleep(0.3)
                begin = time.monotonic()
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
                self.assertLess(time.monotonic() - begin, 5.0)  # a second on an idle machine
                self.assertEqual(process.returncode, -number)
                self.assertEqual(out, "")
                # The shorter sentence where the machine was too busy to wind up in time.
                self.assertRegex(err, r"\Aklflow: interrupted(; no result file was written)?\n\Z")
                self.assertEqual(self.files(), [])

    def test_a_run_that_does_not_look_at_flags_ends_too(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start(work=self.DEAF)
                time.sleep(1.0)  # samples are drawn by now
                begin = time.monotonic()
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
                self.assertLess(time.monotonic() - begin, 5.0)
                self.assertEqual((process.returncode, out), (-number, ""))
                self.assertTrue(err.startswith("klflow: interrupted"), err)
                self.assertEqual(self.files(), [])

    def test_a_file_size_limit_is_a_failure_to_write(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        for option in ("-o", "--save-network"):
            with self.subTest(option):
                result = subprocess.run([PROGRAM, "kl", "--quiet", *SMALL, option, "out.h5"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, cwd=self.folder, preexec_fn=limit, timeout=60)
                self.assertEqual(result.returncode, IO)
                self.assertIn("File too large", result.stderr)
                self.assertEqual(self.files(), [])

    def test_a_result_file_is_finished_behind_a_closed_pipe(self):
        process = subprocess.Popen([PROGRAM, "kl", "--quiet", "--seed", ",".join(map(str, range(200))), *SMALL, "-o", "out.h5"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "klflow: stdout cannot be written: Broken pipe\n")
        process.stderr.close()
        self.assertEqual(process.wait(timeout=60), IO)
        self.assertEqual(run("check", "out.h5", cwd=self.folder).returncode, 0)

    def test_a_closed_pipe_ends_quietly(self):
        process = subprocess.Popen([PROGRAM, "kl", "--quiet", "--seed", ",".join(map(str, range(200))), *SMALL],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "")
        process.stderr.close()
        self.assertEqual(process.wait(timeout=60), -signal.SIGPIPE)

    def test_progress_bar_on_a_terminal_only(self):
        main, side = pty.openpty()
        process = subprocess.Popen([PROGRAM, *self.LONG], stdout=subprocess.DEVNULL, stderr=side)
        self.addCleanup(process.kill)
        os.close(side)
        text = b""
        while b"left" not in text:
            text += os.read(main, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while chunk := os.read(main, 4096):
                text += chunk
        except OSError:  # the terminal is gone with the process
            pass
        process.wait(timeout=30)
        os.close(main)
        self.assertRegex(text, rb"\r\[[#.]{24}\] +[0-9.]+ %  [0-9.e+]+ samples/s, .* left")
        self.assertIn(b"\r\x1b[Kklflow: interrupted", text)


if __name__ == "__main__":
    unittest.main()
