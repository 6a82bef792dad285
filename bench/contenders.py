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

HERE = Path(__file__).resolve().parent


class Peer:
    """One peer in one of its modes, in a worker process."""

    def __init__(self, name: str, mode: str, files: dict, batch: int, threads: int):
        self.name, self.mode = name, mode
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment)
        answer = self.ask(do="open", peer=name, mode=mode, files=files, batch=batch,
                          threads=threads, size=files["size"])
        self.version = answer["version"]
        self.stop()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def ask(self, **command) -> dict:
        self.process.send_signal(signal.SIGCONT)
        print(json.dumps(command), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ({self.mode}) died at {command['do']}")
        return json.loads(line)

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

    name, mode = "boxwright", "fp32"

    def __init__(self, program: Path, files: dict, batch: int, threads: int):
        self.command = [str(program), "bench", "--model", files["cfg"], "--weights",
                        files["weights"], "--batch", str(batch), "--threads", str(threads)]
        banner = subprocess.run([str(program), "--version"], capture_output=True, text=True,
                                check=True)
        self.version = banner.stdout.split()[-1]

    def run(self, seconds: float) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bench.json")
            command = [*self.command, "--duration", str(seconds), "--json", str(path)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
            return json.loads(path.read_text(encoding="utf-8"))

    def close(self) -> None:
        pass


def open_fastest(name: str, modes: tuple[str, ...], files: dict, batch: int, threads: int,
                 seconds: float) -> Peer:
    """Opens a peer in each of its modes, tries them for some seconds, keeps the fastest."""
    best, best_rate = None, 0.0
    for mode in modes:
        peer = Peer(name, mode, files, batch, threads)
        rate = peer.run(seconds)["throughput"]
        if best is None or rate > best_rate:
            peer, best, best_rate = best, peer, rate
        if peer:
            peer.close()
    return best
