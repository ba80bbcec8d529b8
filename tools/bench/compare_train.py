#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Training steps of klflow and PyTorch, in turn (A B C A B C ...), as compare.py does it for samples.

As many networks as threads learn side by side, each on one thread; PyTorch takes part once more with one network and the
threads inside its library, if that is what there is to choose from. Ratios are of one step of one network.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from compare import best_kernels, probe_torch, threads_inside, torch_blas
from peer_process import Peer, PeerError

HERE = os.path.dirname(os.path.abspath(__file__))
LOSS = 2e-4  # relative: rounding of fp32 after some steps of a chaotic network


def peers_of(args, network):
    kernels = best_kernels()
    own = [args.klflow, "bench", "--train", "--serve", "--threads", str(args.threads), "--precision", args.precision, "--network", network]
    peers = [(Peer("klflow", own, {}), args.threads)]
    for python in args.torch or ["/usr/bin/python3"]:
        script = [python, os.path.join(HERE, "peer_torch_train.py"), "--network", network, "--precision", args.precision]
        found, absent = probe_torch(python, script, args.precision)
        if absent:
            peers.append((absent, args.threads))
            continue
        version, config = found
        styles = ["autograd", "hand"] + (["compiled"] if args.compiled and not version.startswith("1.") else [])
        kinds = [(style, args.threads, 1) for style in styles]
        kinds += [(style, 1, args.threads) for style in styles if args.threads > 1]
        for style, networks, inside in kinds:
            peer = Peer(f"torch {version}, {style}, {networks} x {inside}", [*script, "--style", style],
                        {**kernels, **threads_inside(inside)})
            torch_blas(peer, config)
            peers.append((peer, networks))
    return peers


def measure(peers, args):
    answers, peaks = {peer.name: [] for peer, _ in peers}, []

    def attempt(peer, step):
        if peer.problem is None:
            try:
                return step()
            except PeerError as error:
                peer.problem = str(error)
                peer.stop()
        return None

    for peer, networks in peers:
        attempt(peer, peer.start)
        attempt(peer, lambda: peer.ask(f"train {networks} 1"))
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        for peer, networks in peers:
            answer = attempt(peer, lambda: peer.ask(f"train {networks} {args.steps}"))
            if answer:
                answer["per_step"] = answer["seconds"] / answer["steps"] / answer["networks"]
                answer["cpu_per_step"] = answer["cpu_seconds"] / answer["steps"] / answer["networks"]
                answers[peer.name].append(answer)
            time.sleep(0.1)
        peak = attempt(peers[0][0], lambda: peers[0][0].ask("peak"))
        if peak:
            peaks.append(peak["gflops"])
    return answers, peaks


def summarise(peers, answers, peaks):
    base = answers[peers[0][0].name]
    rows = {}
    for peer, networks in peers:
        own = answers[peer.name]
        if peer.problem or not own or not base:
            continue
        seconds = statistics.median(a["per_step"] for a in own)
        rows[peer.name] = {"networks": networks, "ms": 1e3 * seconds,
                           "ratio": statistics.median(a["per_step"] / b["per_step"] for a, b in zip(own, base)),
                           "ratio_of_cpu": min(a["cpu_per_step"] for a in own) / min(b["cpu_per_step"] for b in base),
                           "peak_fraction": base[0]["flops_per_step"] / seconds / 1e9 / statistics.median(peaks) if peaks else None,
                           "loss": own[-1]["loss"]}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--klflow", default="build/release/klflow", help="the program (default %(default)s)")
    parser.add_argument("--network", help="network file (default: a random one of the paper's shape, depth 30)")
    parser.add_argument("--steps", type=int, default=5, help="steps of one turn (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every peer (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="networks side by side, and threads (default %(default)s)")
    parser.add_argument("--precision", choices=("fp32", "fp64"), default="fp32")
    parser.add_argument("--torch", action="append", help="python with torch, numpy and h5py; may be repeated (default /usr/bin/python3)")
    parser.add_argument("--compiled", action="store_true", help="with torch.compile too, where there is one")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    args = parser.parse_args()
    if min(args.steps, args.rounds, args.threads) < 1:
        parser.error("--steps, --rounds and --threads must be at least 1")
    with tempfile.TemporaryDirectory() as folder:
        network = args.network or os.path.join(folder, "network.h5")
        if not args.network:
            command = [args.klflow, "kl", "--depth", "30", "--n-mc", "2", "--quiet", "--save-network", network]
            try:
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"compare_train.py: klflow could not write a network: {error}", file=sys.stderr)
                return 69
        peers = peers_of(args, network)
        try:
            answers, peaks = measure(peers, args)
        finally:
            for peer, _ in peers:
                peer.stop()
    rows = summarise(peers, answers, peaks)
    if not rows:
        print("klflow cannot take part: " + str(peers[0][0].problem), file=sys.stderr)
        return 69
    if args.json:
        print(json.dumps({"arguments": vars(args), "peak_gflops": peaks, "results": rows, "answers": answers,
                          "missing": {peer.name: peer.problem for peer, _ in peers if peer.problem}}))
    else:
        column = max(len(peer.name) for peer, _ in peers) + 1
        print(f"{args.precision}, {args.threads} threads, {args.rounds} rounds of {args.steps} steps; milliseconds per step and network, wall time;\n"
              f"ratio to klflow: median over rounds, of processor time (least over least); part of the FMA peak\n\n"
              f"{'':{column}}{'ms':>8} {'ratio':>7} {'cpu':>7} {'peak':>6}")
        for peer, _ in peers:
            row = rows.get(peer.name)
            part = f"{row['peak_fraction']:6.2f}" if row and row["peak_fraction"] else f"{'-':>6}"
            print(f"{peer.name:{column}}" + (f"{row['ms']:8.1f} {row['ratio']:7.3g} {row['ratio_of_cpu']:7.3g} {part}" if row
                                             else f"  missing: {peer.problem}"))
    loss, wrong = rows[peers[0][0].name]["loss"], False
    for name, row in rows.items():
        if not abs(row["loss"] - loss) <= LOSS * loss:
            print(f"{name} and klflow disagree: losses {row['loss']:.8g} and {loss:.8g}", file=sys.stderr)
            wrong = True
    return 70 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
