#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/gpu_accept.sh with another backend in the place of a GPU's: every step is in the report whatever becomes of the others,
failures are failures, and the exit status tells. Arguments: the build tree, and whether it has the emulated device."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, EMULATED = pathlib.Path(sys.argv.pop(1)).resolve(), bool(int(sys.argv.pop(1)))
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools" / "accept"))
sys.dont_write_bytecode = True

import accept  # noqa: E402  (found through the path above)
import goals  # noqa: E402
import nvidia_tools  # noqa: E402
import runner  # noqa: E402

STEPS = [line.split("\t")[0] for line in (SOURCE / "tools" / "accept" / "steps.tsv").read_text().splitlines()]


class Accept(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-accept-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bundle = self.folder / "bundle"
        (self.bundle / "bin").mkdir(parents=True)
        (self.bundle / "bin" / "klflow").symlink_to(BUILD / "klflow")
        (self.bundle / "tests").mkdir()
        for room in ("gpu", "conformance"):
            (self.bundle / "tests" / room).symlink_to(BUILD / "tests" / room)
        (self.bundle / "bench").symlink_to(SOURCE / "tools" / "bench")

    def accept(self, backend, *options, bundle=None, status=0, **environment):
        out = self.folder / "out"
        done = subprocess.run([SOURCE / "tools" / "gpu_accept.sh", "--bundle", bundle or self.bundle, *options, out], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=500,
                              env={**os.environ, "KLFLOW_ACCEPT_BACKEND": backend, "KLFLOW_ACCEPT_SCALE": "small",
                                   "OMP_NUM_THREADS": "2", **environment})
        self.assertEqual(done.returncode, status, done.stderr)
        text = (out / "report.md").read_text()
        report = json.loads((out / "report.json").read_text())
        self.assertEqual(report["exit_code"], status)
        return report, text

    def results(self, report):
        self.assertEqual([step["name"] for step in report["steps"]], STEPS)
        return {step["name"]: step for step in report["steps"]}

    def test_all_steps_pass_on_the_cpu(self):
        report, text = self.accept("cpu")
        results = self.results(report)
        for name in ("devices", "self_test", "agreement", "conformance", "determinism", "chunks", "speed", "large"):
            self.assertEqual(results[name]["status"], "passed", results[name]["sentence"])
        self.assertIn("the words are the host's own", results["bits"]["sentence"])
        for step in report["steps"]:
            self.assertIn(f"| {step['title']} | {step['status']} |", text)
        verdicts = {goal["figure"]: goal["verdict"] for goal in report["goals"]}
        self.assertEqual(len(verdicts), len(goals.GOALS))
        self.assertEqual(verdicts["difference fp64"], "met")
        self.assertEqual(verdicts["difference fp32"], "met")
        self.assertIn("not met", verdicts["fraction fp32 direct"])
        self.assertIn("small", report["sizes"])

    def test_the_emulated_device(self):
        if not EMULATED:
            self.skipTest("no emulated device in this build")
        results = self.results(self.accept("cuda-emulated", "--steps", "bits,agreement,determinism,speed")[0])
        for name in ("devices", "bits", "agreement", "determinism", "speed"):
            self.assertEqual(results[name]["status"], "passed", results[name]["sentence"])
        self.assertEqual(results["bits"]["rows"][0], {"what": "words", "values": 200000, "differing": 0, "largest_ulp": 0, "bar_ulp": 0})
        self.assertEqual(results["speed"]["data"]["ceiling_of"], "gemm")
        self.assertGreater(results["speed"]["figures"]["fraction tf32x3 both"], 0)
        self.assertEqual(results["large"]["sentence"], "not asked for")

    def test_without_a_device_every_step_says_so(self):
        report, text = self.accept("cuda", status=77, KLFLOW_BACKEND_DIR=str(self.folder))
        results = self.results(report)
        self.assertEqual(results["devices"]["status"], "skipped")
        for name in STEPS[1:]:
            self.assertEqual(results[name]["status"], "not run")
            self.assertIn("no device: ", results[name]["sentence"])
        self.assertIn("# klflow on no device", text)

    def test_a_failing_step_does_not_stop_the_rest(self):
        tests = self.bundle / "tests"
        (tests / "gpu").unlink()
        for name, script in (("test_gpu_agreement", "echo wrong; exit 3"), ("test_gpu_bits", "kill -SEGV $$")):
            (tests / name).write_text(f"#!/bin/sh\n{script}\n")
            (tests / name).chmod(0o755)
        (tests / "conformance").unlink()  # a program that the bundle lacks is no reason to pass
        results = self.results(self.accept("cpu", "--steps", "bits,agreement,conformance,determinism,sanitizers", status=1)[0])
        self.assertEqual({name: results[name]["status"] for name in ("bits", "agreement", "conformance", "determinism")},
                         {"bits": "FAILED", "agreement": "FAILED", "conformance": "FAILED", "determinism": "passed"})
        self.assertIn("wrong", results["agreement"]["sentence"])
        self.assertIn("test_flow", results["conformance"]["sentence"])

    def test_a_conformance_program_that_tests_nothing_fails(self):
        (self.bundle / "tests" / "conformance").unlink()
        program = self.bundle / "tests" / "test_flow"
        program.write_text("#!/bin/sh\necho '  not on cpu, fp32: no such thing'\n")
        program.chmod(0o755)
        results = self.results(self.accept("cpu", "--steps", "conformance", status=1)[0])
        self.assertIn("on cpu in none", results["conformance"]["sentence"])

    def test_time_that_is_over_is_no_pass(self):
        steps, folder = accept.read_steps(), str(self.folder)
        over = accept.perform(steps[0], runner.Runner(str(self.bundle), folder, "cpu", True, 0.0))
        self.assertEqual((over.status, over.sentence), ("not run", "no time was left for it"))
        report = accept.Report(folder, {"device": "some"}, steps)
        for step in steps:
            report.results[step.name] = accept.Result("passed", "")
        self.assertEqual(report.exit_code(), 0)
        report.results["ncu"] = over
        self.assertEqual(report.exit_code(), 1)

    def test_a_program_that_hangs_is_ended(self):
        program = self.bundle / "bin" / "klflow"
        program.unlink()
        program.write_text("#!/bin/sh\nsleep 60\n")
        program.chmod(0o755)
        results = self.results(self.accept("cpu", "--steps", "self_test", status=1, KLFLOW_ACCEPT_SECONDS="4")[0])
        self.assertIn("did not end within", results["devices"]["sentence"])
        self.assertEqual(results["self_test"]["status"], "not run")

    def test_a_packed_bundle(self):
        packed = self.folder / "bundle.tar.gz"
        shutil.copytree(self.bundle, self.folder / "copy" / "klflow-0", symlinks=True)
        subprocess.run(["tar", "-C", self.folder / "copy", "-czf", packed, "klflow-0"], check=True)
        self.assertEqual(self.results(self.accept("cpu", "--steps", "self_test", bundle=packed)[0])["self_test"]["status"], "passed")

    def test_without_python(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("bash", "sh", "env", "dirname", "timeout", "mkdir", "sed", "date", "head", "tr", "find", "mktemp", "rm", "cat"):
            (tools / name).symlink_to(shutil.which(name))
        report, text = self.accept("cpu", status=1, PATH=str(tools))
        self.assertIsNone(report["python"])
        self.assertEqual(report["self_test_status"], 0)
        self.assertEqual(text.count("no python3"), len(STEPS) - 2 + 1)

    def tool(self, name, script):
        """A stand-in for one of NVIDIA's tools, first on PATH."""
        folder = self.folder / "nvidia"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("#!/bin/sh\n" + script)
        (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    def test_what_a_sanitizer_finds_is_a_failure(self):
        path = self.tool("compute-sanitizer", 'case $2 in racecheck) echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)";;\n'
                         '*) echo "========= ERROR SUMMARY: 0 errors";; esac\n')
        results = self.results(self.accept("cpu", "--steps", "sanitizers", **path)[0])
        self.assertEqual(results["sanitizers"]["sentence"], "nothing found")
        self.assertEqual(len(results["sanitizers"]["rows"]), 3)
        for script in ('echo "========= ERROR SUMMARY: 2 errors"\nexit 99\n', 'echo "========= ERROR SUMMARY: 2 errors"\n', "exit 0\n"):
            results = self.results(self.accept("cpu", "--steps", "sanitizers", status=1, **self.tool("compute-sanitizer", script))[0])
            self.assertEqual(results["sanitizers"]["status"], "FAILED")

    def test_ncu_without_permission_is_skipped(self):
        path = self.tool("ncu", 'echo "==ERROR== ERR_NVGPUCTRPERM - The user does not have permission"\nexit 1\n')
        results = self.results(self.accept("cpu", "--steps", "ncu", **path)[0])
        self.assertEqual(results["ncu"]["status"], "skipped")
        self.assertIn("ERR_NVGPUCTRPERM", results["ncu"]["sentence"])

    def test_ncu_rows(self):
        header = ["ID", "Kernel Name", nvidia_tools.TIME, *nvidia_tools.PERCENT]
        launches = [["0", "gemm(float*)", "3,000", "90", "50", "10"], ["1", "pass(int)", "1000", "20", "60", "70"],
                    ["2", "gemm(float*)", "1,000", "50", "50", "10"]]
        lines = [",".join(f'"{cell}"' for cell in row) for row in (header, ["", "", "nsecond", "%", "%", "%"], *launches)]
        rows = nvidia_tools.kernel_rows("==PROF== Connected\n" + "\n".join(lines) + "\n")
        self.assertEqual([row["kernel"] for row in rows], ["gemm", "pass"])
        self.assertEqual(rows[0]["launches"], 2)
        self.assertAlmostEqual(rows[0]["part of the time"], 0.8)
        self.assertAlmostEqual(rows[0]["arithmetic units, %"], (3 * 90 + 50) / 4)

    def test_goals(self):
        judged = {row["figure"]: row["verdict"] for row in goals.judge({"fraction fp32 both": 0.8, "difference fp32": 2e-6,
                                                                         "seconds of 1e6 tf32 both": 0.2}, "NVIDIA A100")}
        self.assertEqual(judged["fraction fp32 both"], "met (a goal for an H100)")
        self.assertEqual(judged["difference fp32"], "not met")
        self.assertEqual(judged["fraction tf32 both"], "not measured")
        self.assertEqual({row["verdict"] for row in goals.judge({"fraction fp32 both": float("nan")}, "NVIDIA H100")},
                         {"not met", "not measured"})


if __name__ == "__main__":
    unittest.main()
