"""Engines as the comparison drives them: open, run for so many seconds, close.

Each lives in a process of its own. A peer's process is stopped while others run; Boxwright's
exists only while it runs.
"""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import boxwright
import processor
from setting import LeftOut, Setting, level_option, run_program

HERE = Path(__file__).resolve().parent


class Peer:
    """One peer in one precision and mode, in a worker process."""

    def __init__(self, name: str, precision: str, mode: str, setting: Setting):
        self.name, self.precision, self.mode = name, precision, mode
        environment = processor.environment(setting.threads, setting.level)
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment)
        answer = self.ask(do="open", peer=name, precision=precision, mode=mode,
                          files=setting.files, batch=setting.batch, threads=setting.threads,
                          size=setting.files["size"])
        self.version = answer["version"]
        self.stop()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def ask(self, **command) -> dict:
        self.process.send_signal(signal.SIGCONT)
        print(json.dumps(command), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            self.close()
            raise LeftOut(f"{self.name} {self.precision} {self.mode}: {answer['error']}")
        return answer

    def run(self, seconds: float) -> dict:
        result = self.ask(do="run", seconds=seconds)
        self.stop()
        return result

    def outputs(self) -> list[np.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "heads.npz")
            self.ask(do="check", file=path)
            self.stop()
            with np.load(path) as heads:
                return [heads[key] for key in heads.files]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Boxwright:
    """Boxwright's own `bench` verb, started anew for each run."""

    name = "boxwright"

    def __init__(self, program: Path, precision: str, setting: Setting, seconds: float):
        """Tries each mode for some seconds and keeps the fastest: "split", all threads on one
        batch, and "streams", a batch for each thread."""
        self.precision = precision
        network = boxwright.Network(program, precision, setting)
        self.command = [str(program), "bench", *network.options("bench"),
                        *level_option(setting.level)]
        self.version = run_program([str(program), "--version"]).split()[-1]
        rates = {}
        for self.mode in ("split", "streams") if setting.threads > 1 else ("split",):
            self.streams = setting.threads if self.mode == "streams" else 1
            rates[self.mode, self.streams] = self.run(seconds)["throughput"]
        self.mode, self.streams = max(rates, key=rates.get)

    def run(self, seconds: float) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bench.json")
            run_program([*self.command, "--streams", str(self.streams),
                         "--duration", str(seconds), "--json", str(path)])
            return json.loads(path.read_text(encoding="utf-8"))

    def close(self) -> None:
        pass


def open_fastest(name: str, precision: str, modes: tuple[str, ...], setting: Setting,
                 seconds: float) -> tuple[Peer, list[str]]:
    """Opens a peer in each of its modes, tries them for some seconds, keeps the fastest.

    Gives also what was left out: a mode that the peer has no way to run this network in.
    """
    best, best_rate, absent = None, 0.0, []
    for mode in modes:
        try:
            peer = Peer(name, precision, mode, setting)
            rate = peer.run(seconds)["throughput"]
        except LeftOut as reason:
            absent.append(str(reason))
            continue
        if best is None or rate > best_rate:
            peer, best, best_rate = best, peer, rate
        if peer:
            peer.close()
    if best is None:
        raise LeftOut("; ".join(absent))
    return best, absent
