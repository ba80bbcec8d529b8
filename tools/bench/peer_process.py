# SPDX-License-Identifier: BSD-3-Clause
"""A peer of the benchmark as compare.py sees it: a process that answers the line protocol of peer.py."""
import json
import os
import select
import subprocess
import tempfile

MODES = ("direct", "gram")


class PeerError(Exception):
    """Why a peer cannot take part; the text is a sentence."""


class Peer:
    def __init__(self, name, command, environment, precision="fp32", once=0):
        self.name, self.command, self.environment, self.precision = name, command, environment, precision
        self.once = once  # samples of its only request, with one algorithm for both modes; 0: takes part in every round
        self.process, self.problem, self.info = None, None, {}
        self.answers = {mode: [] for mode in MODES}

    def start(self):
        self.stderr = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(self.command, env={**os.environ, **self.environment}, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=self.stderr, text=True)
        except OSError as error:
            raise PeerError(f"cannot start {self.command[0]}: {error.strerror}") from None

    def ask(self, line, timeout=600):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended: the reading below says so.
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise PeerError(f"no answer to '{line}' within {timeout} s")
        answer = self.process.stdout.readline()
        if not answer:
            self.process.wait()
            self.stderr.seek(0)
            last = ([text.strip() for text in self.stderr if text.strip()] or ["no message"])[-1]
            raise PeerError(f"ended with status {self.process.returncode}: {last}")
        try:
            answer = json.loads(answer)
        except ValueError:
            raise PeerError(f"answered '{line}' with something that is not JSON: {answer.strip()}") from None
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def go(self, mode, n):
        answer = self.ask(f"go {mode} {n}")
        return {**answer, "per_sample": answer["seconds"] / answer.get("n", n)}
