#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs klflow and its peers on the same work, in turn (A B C A B C ...), and prints the ratios.

Every peer is a process that answers the line protocol of peer.py (klflow: `klflow bench --serve`), all started before the first
clock runs and idle while another one works: on a shared machine only ratios from such alternation mean anything. NumPy and PyTorch
take part twice: with the threads inside their library, as they come, and with worker threads that each take chunks of their own
through single-threaded kernels, the way klflow works. A peer that cannot run is listed with the reason.
"""
import argparse
import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTH = 30  # of the default network
AUTHORS_SAMPLES = 1000  # the paper's n_MC
MODES = ("direct", "gram")
SIGMAS = 5  # the checksums of two peers may differ by so many of their standard errors


class PeerError(Exception):
    """Why a peer cannot take part; the text is a sentence."""


class Peer:
    def __init__(self, name, command, environment, once=0):
        self.name, self.command, self.environment = name, command, environment
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
        return {**answer, "per_sample": answer["seconds"] / n}


def best_kernels():
    """What OpenBLAS and PyTorch must be told where they do not know the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpu:
            flags = next((line for line in cpu if line.startswith("flags")), "").split()
    except OSError:
        flags = []
    core, capability = (("SKYLAKEX", "avx512") if "avx512vl" in flags else ("HASWELL", "avx2") if "avx2" in flags else (None, None))
    wanted = {"OPENBLAS_CORETYPE": core, "ATEN_CPU_CAPABILITY": capability}
    return {name: os.environ.get(name, value) for name, value in wanted.items() if os.environ.get(name, value)}


def threads_inside(n):
    return {name: str(n) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def torch_peers(python, arguments, kernels, threads):
    """The two PyTorch peers of an interpreter, or one that says why not."""
    script = [python, os.path.join(HERE, "peer_torch.py"), *arguments]
    probe = subprocess.run([python, "-c", "import torch; print(torch.__version__); print(torch.__config__.show())"], text=True,
                           capture_output=True, check=False) if shutil.which(python) else None
    if probe is None or probe.returncode:
        absent = Peer(f"torch ({python})", script, {})
        absent.problem = "no such interpreter" if probe is None else "it has no torch: " + probe.stderr.strip().splitlines()[-1]
        return [absent]
    version, config = probe.stdout.split("\n", 1)
    library = Peer(f"torch {version}", script, {**kernels, **threads_inside(threads)})
    if "BLAS_INFO=generic" in config:
        # Debian's: libblas.so.3 is whatever the system has. With the pthread OpenBLAS two thread pools would fight.
        folder = os.environ.get("KLFLOW_OPENBLAS_OPENMP", f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/openblas-openmp")
        library.environment["LD_LIBRARY_PATH"] = folder
        if not os.path.isdir(folder):
            library.problem = f"{folder} is missing (apt-get install libopenblas0-openmp, or set KLFLOW_OPENBLAS_OPENMP)"
    return [library, Peer(f"torch {version}, workers", [*script, "--workers", str(threads)], {**kernels, **threads_inside(1)})]


def all_peers(args, network):
    kernels, python = best_kernels(), "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    arguments = ["--network", network, "--precision", args.precision]
    numpy = [args.numpy or python, os.path.join(HERE, "peer_numpy.py"), *arguments]
    authors = [args.numpy or python, os.path.join(HERE, "peer_authors.py"), *arguments]
    peers = []
    if args.klflow != "none":
        peers.append(Peer("klflow", [args.klflow, "bench", "--serve", "--threads", str(args.threads), *arguments], {}))
    peers.append(Peer("numpy", numpy, {**kernels, **threads_inside(args.threads)}))
    peers.append(Peer("numpy, workers", [*numpy, "--workers", str(args.threads)], {**kernels, **threads_inside(1)}))
    for interpreter in args.torch or [python]:
        peers += torch_peers(interpreter, arguments, kernels, args.threads)
    peers.append(Peer("authors' loops", authors, {**kernels, **threads_inside(args.threads)}, once=AUTHORS_SAMPLES))
    return peers


def measure(peers, args, peaks):
    """Fills the peers' answers; a peer that fails keeps its reason and drops out."""
    def attempt(peer, step):
        if peer.problem is None:
            try:
                step(peer)
            except PeerError as error:
                peer.problem = str(error)
                peer.stop()

    def prepare(peer):
        peer.start()
        peer.info = peer.ask("info", timeout=120)
        if not peer.once:
            for mode in MODES:
                peer.ask(f"go {mode} {max(1, args.samples // 5)}")

    def turn(peer):
        for mode in MODES:
            peer.answers[mode].append(peer.go(mode, args.samples))
            time.sleep(0.1)  # Thread pools spin for a while after their work: let them fall asleep.

    def only_turn(peer):
        answer = peer.go("gram", peer.once)
        peer.answers = {mode: [answer] for mode in MODES}

    def peak(peer):
        peaks.append(peer.ask("peak")["gflops"])

    for peer in peers:
        attempt(peer, prepare)
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        for peer in peers:
            if not peer.once:
                attempt(peer, turn)
            elif number == 0:
                attempt(peer, only_turn)
            if peer.name == "klflow":
                attempt(peer, peak)


def summarise(peer, base, flops_per_sample, peaks):
    """Median seconds per 1e5 samples; ratio to the base: median over rounds, best over best, least processor time over least
    (which other processes hardly disturb, but which counts threads that spin); part of the FMA peak."""
    def processor(one, mode):
        return min((answer["cpu_seconds"] / answer["seconds"] * answer["per_sample"] for answer in one.answers[mode]
                    if "cpu_seconds" in answer), default=None)

    rows = {}
    for mode in MODES:
        own, other = ([answer["per_sample"] for answer in p.answers[mode]] for p in (peer, base))
        per_round = [b / a for a, b in zip(other, own)] if not peer.once else [own[0] / statistics.median(other)]
        median = statistics.median(own)
        last, work, base_work = peer.answers[mode][-1], processor(peer, mode), processor(base, mode)
        rows[mode] = {"seconds_per_1e5": 1e5 * median, "ratio": statistics.median(per_round), "ratio_of_best": min(own) / min(other),
                      "ratio_of_cpu": work / base_work if work and base_work else None,
                      "peak_fraction": flops_per_sample[mode] / median / 1e9 / statistics.median(peaks) if peaks else None,
                      "checksum": last["checksum"], "checksum_stderr": last["checksum_stderr"],
                      "extrapolated": last.get("extrapolated", False)}
    return rows


def disagreements(results, base):
    for name, rows in results.items():
        for mode in MODES:
            a, b = rows[mode], results[base.name][mode]
            bar = SIGMAS * (a["checksum_stderr"] ** 2 + b["checksum_stderr"] ** 2) ** 0.5
            if not abs(a["checksum"] - b["checksum"]) <= bar:
                yield f"{name} and {base.name} disagree ({mode}): checksums {a['checksum']:.6g} and {b['checksum']:.6g}, bar {bar:.2g}"


def print_table(peers, results, base, peaks, args):
    print(f"{args.precision}, {args.threads} threads, {args.rounds} rounds of {args.samples} samples; seconds per 1e5 samples through "
          f"all layers;\nratio to {base.name}: median over rounds (best over best), of processor time; part of the FMA peak "
          + (f"({statistics.median(peaks):.0f} GFLOP/s, same run)" if peaks else "not known without klflow"))
    column = max(len(peer.name) for peer in peers) + 1
    print(f"\n{'':{column}}" + "".join(f"{mode:>9} {'ratio':>8} {'(best)':>9} {'cpu':>6} {'peak':>5}" for mode in MODES))
    for peer in peers:
        if peer.name not in results:
            print(f"{peer.name:{column}}  missing: {peer.problem}")
            continue
        cells = ""
        for mode in MODES:
            row = results[peer.name][mode]
            cpu = f"{row['ratio_of_cpu']:6.3g}" if row["ratio_of_cpu"] else f"{'-':>6}"
            part = f"{row['peak_fraction']:5.2f}" if row["peak_fraction"] else f"{'-':>5}"
            cells += f" {row['seconds_per_1e5']:8.4g} {row['ratio']:8.4g} {'(%.4g)' % row['ratio_of_best']:>9} {cpu} {part}"
        print(f"{peer.name:{column}}{cells}" + ("  extrapolated" if row["extrapolated"] else ""))
    print()
    for peer in peers:
        if peer.info:
            facts = {**peer.info.get("versions", {}), **peer.environment, "chunk": peer.info.get("chunk"), "workers": peer.info.get("workers")}
            print(f"{peer.name}: " + ", ".join(f"{key} {value}" for key, value in facts.items() if value is not None))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--klflow", default="build/release/klflow", help="the program; none: peers alone (default %(default)s)")
    parser.add_argument("--network", help="network file (default: a random network of 30 layers of 784)")
    parser.add_argument("--samples", type=int, default=8192, help="samples of one turn (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every peer (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every peer (default %(default)s)")
    parser.add_argument("--precision", choices=("fp32", "fp64"), default="fp32")
    parser.add_argument("--numpy", help="python with numpy and h5py (default /usr/bin/python3)")
    parser.add_argument("--torch", action="append", help="python with torch, numpy and h5py; may be repeated (default /usr/bin/python3)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    args = parser.parse_args()
    if min(args.samples, args.rounds, args.threads) < 1:
        parser.error("--samples, --rounds and --threads must be at least 1")

    with tempfile.TemporaryDirectory() as folder:
        network = args.network or os.path.join(folder, "network.h5")
        if not args.network:
            if args.klflow == "none":
                parser.error("--klflow none needs --network")
            try:
                subprocess.run([args.klflow, "kl", "--widths", ",".join(DEPTH * ["784"]), "--n-mc", "2", "--quiet",
                                "--save-network", network], check=True, stdout=subprocess.DEVNULL)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"compare.py: klflow could not draw a network: {error}", file=sys.stderr)
                return 69
        peers, peaks = all_peers(args, network), []
        try:
            measure(peers, args, peaks)
        finally:
            for peer in peers:
                peer.stop()

    ready = [peer for peer in peers if peer.problem is None]
    if not ready:
        print("no peer could run: " + "; ".join(f"{peer.name}: {peer.problem}" for peer in peers), file=sys.stderr)
        return 69
    flops_per_sample = next(peer.info["flops_per_sample"] for peer in ready if "flops_per_sample" in peer.info)
    results = {peer.name: summarise(peer, ready[0], flops_per_sample, peaks) for peer in ready}
    if args.json:
        print(json.dumps({"base": ready[0].name, "peak_gflops": statistics.median(peaks) if peaks else None, "arguments": vars(args),
                          "peers": {p.name: {"info": p.info, "environment": p.environment, "missing": p.problem,
                                             "results": results.get(p.name), "answers": p.answers} for p in peers}}))
    else:
        print_table(peers, results, ready[0], peaks, args)
    wrong = list(disagreements(results, ready[0]))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 70 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
