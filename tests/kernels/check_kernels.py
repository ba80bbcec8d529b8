#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What nvcc makes of every kernel, for each architecture of the table: registers, shared memory, stack and spills are those of
registers.txt, and no instruction is an approximation that was not asked for.  check_kernels.py BUILD_DIR [--renew]

The kernels are compiled anew with the options that the build used. Skipped (77) where the build has no CUDA, or where the toolkit is
another one than the table's: numbers of registers are a compiler's own."""
import argparse
import difflib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

TABLE = pathlib.Path(__file__).with_name("registers.txt")
ARCHITECTURES = ("80", "90")
SKIPPED = 77

# What nvcc compiles tanhf, tanh and the division of doubles to without fast-math: steps of algorithms with a few ulp in all. Fast-math
# would give tanh.approx, sqrt.approx, div.approx, sin.approx and the like.
ACCURATE = {"ex2.approx.ftz.f32", "rcp.approx.ftz.f32", "rcp.approx.ftz.f64"}
FAST_OPTIONS = re.compile(r"use_fast_math|-ftz=true|-prec-(div|sqrt)=false|-ffast-math|-Ofast")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def front_end(command, architecture, output):
    """The build's command with its target replaced: PTX of one architecture."""
    words = shlex.split(command)
    while not words[0].endswith("nvcc"):  # a launcher such as ccache
        words.pop(0)
    kept, skip = [], 0
    for i, word in enumerate(words):
        if skip:
            skip -= 1
        elif word in ("-o", "-x", "-MF", "-MT", "-MQ"):
            skip = 1
        elif word not in ("-c", "-MD", "--compile") and not re.match(r"--?(generate-code|gencode|arch)\b", word):
            kept.append(word)
    return [*kept[:1], "-x", "cu", "--ptx", f"-arch=compute_{architecture}", "-o", output, *kept[1:]]


def rows(source, architecture, report):
    """Lines of the table out of what ptxas -v says."""
    kernel = None
    for line in report.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            kernel = match[1]
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            stack, stores, loads = match.groups()
        elif match := re.search(r"Used (\d+) registers", line):
            shared = re.search(r"(\d+) bytes smem", line)
            yield kernel, f"{source:<14} sm_{architecture}  {match[1]:>9}  {shared[1] if shared else 0:>6}  {stack:>5}  " \
                          f"{int(stores) + int(loads):>6}  "


def approximations(ptx):
    return sorted(set(re.findall(r"\b\w+\.approx[.\w]*", ptx)) - ACCURATE)


def check_gates(command, directory, folder):
    """What keeps the build right does so: planted mistakes are noticed. The build fails on local memory where KLFLOW_WERROR is on."""
    planted, wrong = str(pathlib.Path(__file__).with_name("planted.cu")), []
    words, ptx = shlex.split(command), os.path.join(folder, "planted.ptx")
    source = next(i for i, word in enumerate(words) if word.endswith(".cu"))
    words[source] = planted
    words[words.index("-o") + 1] = os.path.join(folder, "planted.o")
    build = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    if "local memory" not in (build.stdout + build.stderr).lower() or (build.returncode == 0) == ("-Werror" in command):
        wrong.append(f"a kernel with local memory was built: {build.stdout}{build.stderr}")
    fast = front_end(shlex.join([*words, "-use_fast_math"]), "90", ptx)
    run(*fast, cwd=directory)
    if not approximations(pathlib.Path(ptx).read_text()):
        wrong.append("tanh of fast-math was not noticed")
    if not FAST_OPTIONS.search(shlex.join(fast)):
        wrong.append("the option -use_fast_math was not noticed")
    return wrong


def demangle(names):
    if not names:
        return []
    return subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout.splitlines()


def compile_all(commands, folder):
    """The table, without its heading, and what is wrong with the code."""
    table, wrong = [], []
    for source, (directory, command) in sorted(commands.items()):
        if FAST_OPTIONS.search(command):
            wrong.append(f"{source}: compiled with {FAST_OPTIONS.search(command)[0]}")
        for architecture in ARCHITECTURES:
            ptx = os.path.join(folder, f"{source}.ptx")
            words = front_end(command, architecture, ptx)
            run(*words, cwd=directory)
            text = pathlib.Path(ptx).read_text()
            for instruction in approximations(text):
                wrong.append(f"{source}: {instruction} for compute_{architecture}")
            ptxas = pathlib.Path(words[0]).resolve().parent / "ptxas"
            found = list(rows(source, architecture, run(str(ptxas), "-v", f"-arch=sm_{architecture}", ptx, "-o", os.devnull)))
            if "entry" in text and not found:
                wrong.append(f"{source}: ptxas tells nothing of its kernels")
            table += [(source, name, row) for (_, row), name in zip(found, demangle([kernel for kernel, _ in found]))]
    return [row + name for _, name, row in sorted(table)], wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build_dir", type=pathlib.Path)
    parser.add_argument("--renew", action="store_true", help="write registers.txt instead of comparing with it")
    arguments = parser.parse_args()
    commands = {}
    for entry in json.loads((arguments.build_dir / "compile_commands.json").read_text()):
        if "klflow_cuda_kernels.dir" in entry["command"] and entry["file"].endswith(".cu"):
            commands[os.path.basename(entry["file"])] = (entry["directory"], entry["command"])
    if not commands:
        print("skipped: this build has no CUDA backend")
        return SKIPPED
    compiler = front_end(next(iter(commands.values()))[1], "90", "")[0]
    toolkit = re.search(r"release [\d.]+, V([\d.]+)", run(compiler, "--version"))[1]
    heading = f"# ptxas of CUDA {toolkit}; tests/kernels/check_kernels.py BUILD_DIR --renew makes this table anew\n" \
              "# file         arch    registers  shared  stack  spills  kernel\n"

    with tempfile.TemporaryDirectory(prefix="klflow-kernels-") as folder:
        table, wrong = compile_all(commands, folder)
        directory, command = next(iter(commands.values()))
        wrong += check_gates(command, directory, folder)
    if wrong:
        print("approximate instructions, or a gate that is open:", *wrong, sep="\n    ")
        return 1
    made = heading + "".join(row + "\n" for row in table)
    if arguments.renew:
        TABLE.write_text(made)
        return 0
    kept = TABLE.read_text()
    if kept.splitlines()[0] != made.splitlines()[0]:
        print(f"skipped, though no code is approximate: the table is of {kept.splitlines()[0].split(';')[0][2:]}, this is {toolkit}")
        return SKIPPED
    if kept == made:
        return 0
    print("registers.txt is not what this source compiles to (-: table, +: now); if the change is meant, --renew")
    print(*difflib.unified_diff(kept.splitlines(), made.splitlines(), "registers.txt", "now", lineterm="", n=0), sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
