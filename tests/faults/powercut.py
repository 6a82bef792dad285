"""Power is cut at each step of writing: what stands under a final name is whole, the run goes on.

usage: powercut.py PROGRAM SHIM

The run writes to an ext4 file system in a file (a loop device). At one of the calls that change
files the preloaded shim stops the program for good, and the file system is shut down as a power cut
does it (EXT4_IOC_SHUTDOWN without flushing its log), then mounted again, which replays the log.
Afterwards each label and drawn picture that the folder shows is that of the undisturbed run, each
picture that the database holds has them, and the same command finishes the run exactly.

Needs root, loop devices and mkfs.ext4. BW_CUTS=N cuts N times, spread over all calls.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter

import disks
import runs

PICTURES = 10
SUCCESS = 3  # done, one picture of the set cannot be used


class Bench:
    def __init__(self, program, shim, folder, disk):
        self.disk = disk
        self.shim = shim
        self.log = os.path.join(folder, "calls")
        self.cache = os.path.join(folder, "cache")
        self.pictures = os.path.join(folder, "pictures")
        self.out = os.path.join(disk.place, "out")
        runs.make_pictures(self.pictures, PICTURES)
        self.command = runs.command(program, self.pictures, self.out, "--draw")
        self.faults, self.counts = [], Counter()

    def start(self, **faults):
        environment = dict(os.environ, XDG_CACHE_HOME=self.cache, LD_PRELOAD=self.shim,
                           BW_FAULT_UNDER=self.out, BW_FAULT_LOG=self.log)
        environment.update({"BW_FAULT_" + key: str(value) for key, value in faults.items()})
        return subprocess.Popen(self.command, env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"{self.label}: {what}")

    def measure(self):
        process = self.start()
        words = process.communicate(timeout=60)[1]
        assert process.returncode == SUCCESS, words
        self.files = runs.final_files(self.out)
        self.rows = runs.content(self.out)
        with open(self.log, encoding="utf-8") as file:
            counts = dict(line.split() for line in file if len(line.split()) == 2)
        counts.pop("failed")
        return {kind: int(count) for kind, count in counts.items()}

    def labels(self):
        """The labels of the pictures that the database holds; none where it is still empty."""
        rows = runs.content(self.out)
        if not rows or "items" not in rows:
            return []
        base = sqlite3.connect(f"file:{self.out}/run.db?mode=ro", uri=True)
        found = [row[0] for row in base.execute("SELECT label FROM items WHERE boxes IS NOT NULL")]
        base.close()
        return found

    def try_cut(self, kind, at):
        self.label = f"{kind} {at}"
        shutil.rmtree(self.out, ignore_errors=True)
        os.sync()
        process = self.start(CALL=kind, AT=at, HOW="stop")
        stopped = self.wait_stopped(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        self.counts["cut" if stopped else "over before"] += 1
        self.disk.cut()
        found = runs.final_files(self.out) if os.path.isdir(self.out) else {}
        for path, content in found.items():
            self.expect(self.files.get(path) == content, f"{path} is not whole")
        if os.path.exists(os.path.join(self.out, "run.db")):
            for label in self.labels():
                self.expect(f"labels/{label}.txt" in found, f"{label} has a row and no file")
                self.expect(f"drawn/{label}.jpg" in found, f"{label} has a row and is not drawn")
        self.counts["files found whole"] += len(found)
        process = self.start()
        words = process.communicate(timeout=60)[1]
        self.expect(process.returncode == SUCCESS, f"it cannot go on: {words.strip()}")
        self.expect(runs.final_files(self.out) == self.files, "the files differ")
        self.expect(runs.content(self.out) == self.rows, "the database differs")
        self.expect(not runs.left_overs(self.out), "temporary files are left")

    @staticmethod
    def wait_stopped(process):
        """True once the program has stopped itself, false when it ended first."""
        while True:
            done, status = os.waitpid(process.pid, os.WUNTRACED)
            if done and os.WIFSTOPPED(status):
                return True
            if done:
                process.returncode = status
                return False
            time.sleep(0.01)


def spread(counts, number):
    """So many of all calls, evenly, each a kind and the number of the call."""
    steps = [(kind, at) for kind, count in counts.items() for at in range(1, count + 1)
             if kind not in ("close", "fopen")]
    return [steps[i * len(steps) // number] for i in range(number)]


def main():
    number = int(os.environ.get("BW_CUTS", "12"))
    with tempfile.TemporaryDirectory() as folder:
        disk = disks.Disk(folder, 32 << 20)
        try:
            bench = Bench(sys.argv[1], sys.argv[2], folder, disk)
            counts = bench.measure()
            for kind, at in spread(counts, number):
                bench.try_cut(kind, at)
        finally:
            disk.leave()
    print(f"{number} power cuts at steps of {sum(counts.values())}:", dict(bench.counts))
    print("\n".join(bench.faults) or "every final name stood for a whole file, every run was "
          "finished")
    return 1 if bench.faults else 0


sys.exit(main())
