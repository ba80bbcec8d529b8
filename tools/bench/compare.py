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
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

from peer_process import MODES, Peer, PeerError

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTH = 30  # of the default network
AUTHORS_SAMPLES = 1000  # the paper's n_MC
SIGMAS = 5  # the checksums of two peers may differ by so many of their standard errors
# A peer that rounds its weights runs a slightly different network: its checksum may be off by so much of itself. Seen: 1e-4 to 2e-3.
ROUNDED = 0.02
FORMATS = ("fp32", "fp64", "tf32", "fp16", "bf16")  # that the peers know; tf32x3 is klflow's own


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


def probe_torch(python, script, precision):
    """(version, build), or a peer that says why there is none."""
    probe = subprocess.run([python, "-c", "import torch; print(torch.__version__); print(torch.__config__.show())"], text=True,
                           capture_output=True, check=False) if shutil.which(python) else None
    if probe is None or probe.returncode:
        absent = Peer(f"torch ({python})", script, {}, precision)
        absent.problem = "no such interpreter" if probe is None else "it has no torch: " + probe.stderr.strip().splitlines()[-1]
        return None, absent
    return probe.stdout.split("\n", 1), None


def torch_blas(peer, config):
    """Debian's build takes whatever libblas.so.3 the system has. With the pthread OpenBLAS two thread pools would fight."""
    if "BLAS_INFO=generic" in config:
        folder = os.environ.get("KLFLOW_OPENBLAS_OPENMP", f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/openblas-openmp")
        peer.environment["LD_LIBRARY_PATH"] = folder
        if not os.path.isdir(folder):
            peer.problem = f"{folder} is missing (apt-get install libopenblas0-openmp, or set KLFLOW_OPENBLAS_OPENMP)"


def torch_peers(python, arguments, kernels, threads, precision):
    """The two PyTorch peers of an interpreter on the CPU, or one that says why not."""
    script = [python, os.path.join(HERE, "peer_torch.py"), *arguments]
    found, absent = probe_torch(python, script, precision)
    if absent:
        return [absent]
    version, config = found
    library = Peer(f"torch {version}", script, {**kernels, **threads_inside(threads)}, precision)
    torch_blas(library, config)
    return [library, Peer(f"torch {version}, workers", [*script, "--workers", str(threads)], {**kernels, **threads_inside(1)}, precision)]


def device_peers(args, network):
    """klflow and both PyTorch passes in every precision asked for. klflow bench draws the default network itself."""
    precisions, peers = args.precision.split(","), []
    own = [args.klflow, "bench", "--serve", "--backend", args.backend, "--threads", str(args.threads)]
    own += ["--network", args.network] if args.network else []
    script = [os.path.join(HERE, "peer_torch.py"), "--network", network, "--device", args.device]
    if args.klflow != "none":
        peers += [Peer(f"klflow {precision}", [*own, "--precision", precision], {}, precision) for precision in precisions]
    for python in args.torch or [sys.executable]:
        found, absent = probe_torch(python, script, precisions[0])
        peers += [absent] if absent else [
            Peer(f"torch {found[0]} {precision}, {kind}", [python, *script, "--precision", precision, *flags], {}, precision)
            for precision in precisions if precision in FORMATS for kind, flags in (("eager", ()), ("compiled", ("--compile",)))]
    return peers


def host_peers(args, network):
    kernels, python = best_kernels(), "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    arguments = ["--network", network, "--precision", args.precision]
    numpy = [args.numpy or python, os.path.join(HERE, "peer_numpy.py"), *arguments]
    authors = [args.numpy or python, os.path.join(HERE, "peer_authors.py"), *arguments]
    peers = []
    if args.klflow != "none":
        peers.append(Peer("klflow", [args.klflow, "bench", "--serve", "--backend", args.backend, "--threads",
                                     str(args.threads), *arguments], {}, args.precision))
    peers.append(Peer("numpy", numpy, {**kernels, **threads_inside(args.threads)}, args.precision))
    peers.append(Peer("numpy, workers", [*numpy, "--workers", str(args.threads)], {**kernels, **threads_inside(1)}, args.precision))
    for interpreter in args.torch or [python]:
        peers += torch_peers(interpreter, arguments, kernels, args.threads, args.precision)
    peers.append(Peer("authors' loops", authors, {**kernels, **threads_inside(args.threads)}, args.precision, once=AUTHORS_SAMPLES))
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
        peer.info = peer.ask("info", timeout=120)
        if not peer.once:
            for mode in MODES:  # a device's peers compile for the size of a chunk, so they see that of their turns
                peer.ask(f"go {mode} {args.samples if args.device != 'cpu' else max(1, args.samples // 5)}")

    def turn(peer):
        for mode in MODES:
            peer.answers[mode].append(peer.go(mode, args.samples))
            time.sleep(0.1)  # Thread pools spin for a while after their work: let them fall asleep.

    def only_turn(peer):
        answer = peer.go("gram", peer.once)
        peer.answers = {mode: [answer] for mode in MODES}

    def peak(peer):
        peaks.setdefault(peer.precision, []).append(peer.ask("peak")["gflops"])

    for peer in peers:
        attempt(peer, Peer.start)
    for peer in peers:
        attempt(peer, prepare)
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        for peer in peers:
            if not peer.once:
                attempt(peer, turn)
            elif number == 0:
                attempt(peer, only_turn)
            if peer.name.split()[0] == "klflow":
                attempt(peer, peak)


def base_of(peer, ready):
    """Whom a peer is compared with: the first of its precision, klflow if that takes part."""
    return next(other for other in ready if other.precision == peer.precision)


def summarise(peer, base, flops_per_sample, peaks):
    """Median seconds per 1e5 samples; ratio to the base: median over rounds, best over best, least processor time over least
    (which other processes hardly disturb, but which counts threads that spin); part of the ceiling, peaks."""
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


def disagreements(results, ready):
    for peer in ready:
        base = base_of(peer, ready)
        for mode in MODES:
            a, b = results[peer.name][mode], results[base.name][mode]
            bar = SIGMAS * (a["checksum_stderr"] ** 2 + b["checksum_stderr"] ** 2) ** 0.5
            if peer.precision not in ("fp32", "fp64"):
                bar += ROUNDED * abs(b["checksum"])
            if not abs(a["checksum"] - b["checksum"]) <= bar:
                yield f"{peer.name} and {base.name} disagree ({mode}): checksums {a['checksum']:.6g} and {b['checksum']:.6g}, bar {bar:.2g}"


def print_table(peers, results, ready, peaks, args):
    bases = list(dict.fromkeys(base_of(peer, ready).name for peer in ready))
    ceiling = "FMA peak" if args.device == "cpu" else "rate of matrix products"
    print(f"{args.precision}, {args.threads} threads, {args.rounds} rounds of {args.samples} samples; seconds per 1e5 samples through "
          f"all layers;\nratio to {' / '.join(bases)}: median over rounds (best over best), of processor time; part of the {ceiling} "
          + (f"({', '.join(f'{statistics.median(values):.0f}' for values in peaks.values())} GFLOP/s, same run)" if peaks
             else "not known without klflow"))
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


def peers_network(args, folder):
    """What the peers' --network gets: on the host a file, on a device, where HDF5 may be missing, a folder of arrays."""
    if args.klflow == "none" or (args.network and (args.device == "cpu" or os.path.isdir(args.network))):
        return args.network
    if args.device == "cpu":
        network = os.path.join(folder, "network.h5")
        command = ["kl", "--widths", ",".join(DEPTH * ["784"]), "--n-mc", "2", "--quiet", "--save-network", network]
    else:
        network = os.path.join(folder, "network")
        command = ["bench", *(["--network", args.network] if args.network else []), "--write-arrays", network]
    subprocess.run([args.klflow, *command], check=True, stdout=subprocess.DEVNULL)
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--klflow", default="build/release/klflow", help="the program; none: peers alone (default %(default)s)")
    parser.add_argument("--network", help="network file (default: a random network of 30 layers of 784)")
    parser.add_argument("--samples", type=int, default=8192, help="samples of one turn (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every peer (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every peer (default %(default)s)")
    parser.add_argument("--precision", help="fp32 or fp64 (default fp32); with --device a list (default fp32,tf32,fp16)")
    parser.add_argument("--device", default="cpu", help="PyTorch's name of a device: its passes there are the peers (default %(default)s)")
    parser.add_argument("--backend", help="backend of klflow (default that of the device: cpu or cuda)")
    parser.add_argument("--numpy", help="python with numpy and h5py (default /usr/bin/python3)")
    parser.add_argument("--torch", action="append", help="python with torch and numpy, on the CPU h5py too; may be repeated "
                        "(default /usr/bin/python3; with --device this one)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    args = parser.parse_args()
    if min(args.samples, args.rounds, args.threads) < 1:
        parser.error("--samples, --rounds and --threads must be at least 1")
    on_host = args.device == "cpu"
    args.precision = args.precision or ("fp32" if on_host else "fp32,tf32,fp16")
    args.backend = args.backend or ("cpu" if on_host else "cuda")
    if args.klflow == "none" and not args.network:
        parser.error("--klflow none needs --network")
    unknown = [p for p in args.precision.split(",") if p not in (("fp32", "fp64") if on_host else (*FORMATS, "tf32x3"))]
    if unknown or (on_host and "," in args.precision):
        parser.error(f"--precision {args.precision}: one of fp32 and fp64, with --device a list of {', '.join(FORMATS)} and tf32x3")

    with tempfile.TemporaryDirectory() as folder:
        try:
            network = peers_network(args, folder)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"compare.py: klflow could not write a network: {error}", file=sys.stderr)
            return 69
        peers, peaks = (host_peers if on_host else device_peers)(args, network), {}
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
    results = {peer.name: summarise(peer, base_of(peer, ready), flops_per_sample, peaks.get(peer.precision)) for peer in ready}
    if args.json:
        print(json.dumps({"base": ready[0].name, "peak_gflops": {name: statistics.median(values) for name, values in peaks.items()},
                          "arguments": vars(args),
                          "peers": {p.name: {"precision": p.precision, "info": p.info, "environment": p.environment, "missing": p.problem,
                                             "results": results.get(p.name), "answers": p.answers} for p in peers}}))
    else:
        print_table(peers, results, ready, peaks, args)
    wrong = list(disagreements(results, ready))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 70 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
