# SPDX-License-Identifier: BSD-3-Clause
"""How steps run programs: from the bundle, each with a limit, its output kept in the report's folder."""
import json
import os
import signal
import subprocess
import sys
import time


class StepFailed(Exception):
    """Why a step failed; the text is a sentence."""


class StepSkipped(Exception):
    """What is missing for a step; the text is a sentence."""


class Done:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def last(self):
        """The last line that says something."""
        lines = [line.strip() for line in (self.err + "\n" + self.out).splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("klflow: ")] or lines or ["no message"]
        return said[-1][:400]


class Runner:
    """bundle: its folder. out: the report's. backend: under test. small: sizes for testing the script itself."""

    def __init__(self, bundle, out, backend, small, seconds):
        self.bundle, self.out, self.backend, self.small = bundle, out, backend, small
        self.python = os.environ.get("KLFLOW_ACCEPT_PYTHON", sys.executable)
        self.end = time.monotonic() + seconds
        self.step, self.step_end, self.number, self.precisions = "start", self.end, 0, None
        self.klflow = os.path.join(bundle, "bin", "klflow")
        os.makedirs(os.path.join(out, "logs"), exist_ok=True)

    def begin(self, step):
        """False where no time is left."""
        self.step, self.step_end = step.name, min(self.end, time.monotonic() + step.limit)
        return self.left() > 2

    def left(self):
        return self.step_end - time.monotonic()

    def path(self, name):
        return os.path.join(self.out, name)

    def test_program(self, name):
        """Path of one of the bundle's test programs."""
        for folder, _, files in os.walk(os.path.join(self.bundle, "tests"), followlinks=True):
            if name in files:
                return os.path.join(folder, name)
        raise StepFailed(f"the bundle has no {name}")

    def run(self, *command, limit=None, **environment):
        """Runs to the end, or to the limit, when the whole process group is killed: then the code is None."""
        limit = max(1.0, min(limit or self.left(), self.left()))
        self.number += 1
        log = self.path(os.path.join("logs", f"{self.number:02d}-{self.step}"))
        start, code = time.monotonic(), None
        with open(log + ".out", "w+", encoding="utf-8", errors="replace") as out, \
                open(log + ".err", "w+", encoding="utf-8", errors="replace") as err:
            err.write("$ " + " ".join(command) + "\n")
            err.flush()
            try:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                                           env={**os.environ, **environment})
            except OSError as error:
                return Done(127, "", f"cannot start {command[0]}: {error.strerror}", 0.0)
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            out.seek(0)
            err.seek(0)
            err.readline()
            return Done(code, out.read(), err.read(), time.monotonic() - start)

    def must(self, *command, limit=None, **environment):
        done = self.run(*command, limit=limit, **environment)
        what = os.path.basename(command[0]) + (f" {command[1]}" if len(command) > 1 else "")
        if done.code is None:
            raise StepFailed(f"{what} did not end within {done.seconds:.0f} s")
        if done.code:
            raise StepFailed(f"{what} ended with status {done.code}: {done.last()}")
        return done

    def kl(self, *options, backend=None, limit=None):
        """klflow kl --json of the usual network; (its one point, wall seconds of the process)."""
        done = self.must(self.klflow, "kl", "--backend", backend or self.backend, *options, "--json", "--quiet", limit=limit)
        try:
            return json.loads(done.out), done.seconds
        except ValueError:
            raise StepFailed(f"klflow kl --json printed something else: {done.out[:200]}") from None

    def supported(self):
        """The precisions of the backend: those that klflow kl plans. Asked once."""
        if self.precisions is None:
            plan = (self.klflow, "kl", "--backend", self.backend, "--dry-run", "--quiet", "--precision")
            self.precisions = [precision for precision in ("fp64", "fp32", "tf32x3", "tf32", "fp16", "bf16")
                               if self.run(*plan, precision).code == 0]
        return self.precisions

    def network(self):
        """Options for the network that most steps run: the paper's, or a small one to test the script."""
        return ("--widths", "40,40,40,24") if self.small else ("--widths", ",".join(30 * ["784"]))

    def size(self, full, small):
        return str(small if self.small else full)
