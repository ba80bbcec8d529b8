#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What tools/gpu_accept.sh runs: every step of steps.tsv in turn, each with its limit, whatever became of the others. Exit status
0: all that could run passed; 1: something failed or found no time; 77: there is no device."""
import argparse
import collections
import datetime
import json
import os
import platform
import sys
import traceback

import checks
import nvidia_tools
import repeats
import speed
from report import FAILED, NOT_RUN, SKIPPED, Report, Result
from runner import Runner, StepFailed, StepSkipped

HERE = os.path.dirname(os.path.abspath(__file__))
Step = collections.namedtuple("Step", "name limit title")
FUNCTIONS = {"devices": checks.devices, "self_test": checks.self_test, "bits": checks.bits, "agreement": checks.agreement,
             "conformance": checks.conformance, "determinism": repeats.determinism, "chunks": repeats.chunks, "large": repeats.large,
             "speed": speed.speed, "peers": speed.peers, "sanitizers": nvidia_tools.sanitizers, "ncu": nvidia_tools.ncu}


def read_steps():
    with open(os.path.join(HERE, "steps.tsv"), encoding="utf-8") as f:
        fields = [line.rstrip("\n").split("\t") for line in f]
    return [Step(name, float(limit), title) for name, limit, title in fields]


def perform(step, run):
    """A result whatever happens, so that the next step has its turn."""
    if not run.begin(step):
        return Result(NOT_RUN, "no time was left for it")
    start = datetime.datetime.now()
    try:
        result = FUNCTIONS[step.name](run)
    except StepSkipped as error:
        result = Result(SKIPPED, str(error))
    except StepFailed as error:
        result = Result(FAILED, str(error))
    except Exception as error:  # an answer of a shape that nobody thought of is a failure of the step, not of the report
        with open(run.path(os.path.join("logs", f"{step.name}-traceback")), "w", encoding="utf-8") as f:
            traceback.print_exc(file=f)
        result = Result(FAILED, f"{type(error).__name__}: {error} (logs/{step.name}-traceback)")
    result.seconds = (datetime.datetime.now() - start).total_seconds()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=570.0)
    parser.add_argument("--steps", help="only these, separated by commas; devices is always among them")
    args = parser.parse_args()
    backend, small = os.environ.get("KLFLOW_ACCEPT_BACKEND", "cuda"), os.environ.get("KLFLOW_ACCEPT_SCALE", "full") == "small"
    steps = read_steps()
    wanted = {"devices", *args.steps.split(",")} if args.steps else set(FUNCTIONS)
    if wanted - set(FUNCTIONS):
        parser.error(f"no step {', '.join(sorted(wanted - set(FUNCTIONS)))}; there are {', '.join(FUNCTIONS)}")
    run = Runner(args.bundle, args.out, backend, small, args.seconds)
    facts = {"device": "", "backend": backend, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
             "sizes": "small, for testing the script: no figure means anything" if small else "full",
             "system": f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}"}
    report = Report(args.out, facts, steps)
    why_not = None
    for step in steps:
        if why_not:
            report.results[step.name] = Result(NOT_RUN, why_not)
            continue
        if step.name not in wanted:
            report.results[step.name] = Result(SKIPPED, "not asked for")
            continue
        print(f"gpu_accept: {step.title} ...", file=sys.stderr, flush=True)
        result = report.results[step.name] = perform(step, run)
        print(f"gpu_accept:   {result.status}: {result.sentence}", file=sys.stderr, flush=True)
        if step.name == "devices":
            if result.data and result.data["usable"]:
                facts["device"] = result.data["name"]
                facts["klflow"] = f"{result.data['info']['version']}, commit {result.data['info']['git_commit']}"
            else:
                why_not = f"{'no device' if result.status == SKIPPED else 'it is not known what there is'}: {result.sentence}"
        report.write()
    report.write()
    print(json.dumps({"report": os.path.join(args.out, "report.md"), "exit_code": report.exit_code()}))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
