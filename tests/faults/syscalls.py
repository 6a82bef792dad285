"""Calls that change files fail, one after the other: the run must fail, or be whole.

usage: syscalls.py PROGRAM SHIM

For each kind of call below the run's folder (write, fsync, rename …; SQLite's too) some of its calls
are made to fail in turn, once or for good, with EIO or ENOSPC; writes are also cut short and
interrupted. Afterwards:

- a failed sync or write is never followed by success: the exit status tells, and so does the state;
- interrupted and short writes are not even noticed;
- what stands under a final name is whole;
- the same command, undisturbed, finishes the run exactly as one that never was disturbed.

BW_FAULTS=all fails every call, not a few of each kind.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import runs

PICTURES = 12
# Where calls may fail without harm: closing what is read, folders that are there already, and the
# cutting of SQLite's log, which it has no need of.
MAY_PASS = {"close", "mkdir", "ftruncate"}
# The words for whom a lock keeps out; the folder of the database, which SQLite opens and syncs for
# courtesy (it is synced with the labels); a list that is thrown away.
MAY_FAIL = {("pwrite", "run.lock"), ("look", "."), ("fdatasync", "."),
            ("fclose", "coco_image_ids.json.part")}
# What every run does; a count of none would mean that nothing is disturbed.
ALWAYS = ("write", "pwrite", "open", "rename", "mkdir", "close")
SUCCESS = 3  # done, one picture of the set cannot be used


class Bench:
    def __init__(self, program, shim, folder):
        self.shim = shim
        self.folder = folder
        self.pictures = os.path.join(folder, "pictures")
        self.out = os.path.join(folder, "out")
        self.log = os.path.join(folder, "calls")
        runs.make_pictures(self.pictures, PICTURES)
        self.command = runs.command(program, self.pictures, self.out, "--draw")
        self.faults = []
        self.counts = Counter()

    def run(self, **faults):
        """Runs with faults; the exit status, and how many calls there were of each kind."""
        environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(self.folder, "cache"))
        if faults.pop("preload", True):
            environment.update(LD_PRELOAD=self.shim, BW_FAULT_UNDER=self.out, BW_FAULT_LOG=self.log)
        environment.update({"BW_FAULT_" + key: str(value) for key, value in faults.items()})
        done = subprocess.run(self.command, env=environment, capture_output=True, text=True,
                              timeout=60)
        self.words = done.stderr.strip()
        return done.returncode

    def calls(self):
        with open(self.log, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.victim = os.path.relpath(lines.pop() or self.out, self.out)
        return {name: int(count) for name, count in map(str.split, lines)}

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"{self.label} ({self.victim}): {what}; it said: {self.words[:200]}")

    def check_whole(self):
        """All is there, as if nothing had happened."""
        self.expect(runs.final_files(self.out) == self.files, "the files differ")
        self.expect(runs.content(self.out) == self.rows, "the database differs")
        self.expect(not runs.left_overs(self.out), f"{runs.left_overs(self.out)} are left")

    def try_fault(self, kind, at, how, lasts):
        self.label = f"{kind} {at}, {how}{' for good' if lasts else ''}"
        shutil.rmtree(self.out, ignore_errors=True)
        faults = {"CALL": kind, "AT": at, "HOW": how, **({"LASTS": 1} if lasts else {})}
        status = self.run(**faults)
        if self.calls()["failed"] == 0:
            self.counts["not reached"] += 1
            return
        unnoticed = how in ("short", errno.EINTR)
        if unnoticed:
            self.expect(status == SUCCESS, f"status {status}")
        elif status == SUCCESS:
            self.expect(kind in MAY_PASS or (kind, self.victim) in MAY_FAIL,
                        "reported done after a failure")
        else:
            self.expect(status == 1, f"status {status}")
            if runs.state(self.out) == "complete":
                self.check_whole()
        for path, found in runs.final_files(self.out).items():
            self.expect(self.files.get(path) == found, f"{path} is not whole")
        self.counts["passed" if status == SUCCESS else "failed"] += 1
        if status != SUCCESS:
            status = self.run(preload=False)
            self.expect(status == SUCCESS, f"status {status} when it goes on")
            self.counts["went on"] += 1
        self.check_whole()

    def try_without_nameless(self, opens):
        """A file system that has no files without names: the run comes to the same end."""
        fallen_back = 0
        for at in range(1, opens + 1):
            self.label = f"open {at}, no files without names"
            shutil.rmtree(self.out, ignore_errors=True)
            status = self.run(CALL="open", AT=at, HOW=errno.EOPNOTSUPP)
            self.calls()
            if self.victim == "." and status == SUCCESS:
                fallen_back += 1
                self.check_whole()
        self.expect(fallen_back > 0, "no run fell back")

    def measure(self):
        """The run that nothing disturbs."""
        self.label = "undisturbed"
        status = self.run()
        assert status == SUCCESS, (status, self.words)
        self.files = runs.final_files(self.out)
        self.rows = runs.content(self.out)
        calls = self.calls()
        calls.pop("failed")
        assert min(calls[kind] for kind in ALWAYS) > 0, calls
        return calls


def some(count, all_of_them):
    """Which of so many calls fail: all, or the first, the last and one between."""
    if all_of_them:
        return range(1, count + 1)
    return sorted({1, (count + 1) // 2, count} - {0})


def main():
    all_of_them = os.environ.get("BW_FAULTS") == "all"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(sys.argv[1], sys.argv[2], folder)
        calls = bench.measure()
        print("calls below the run's folder:", calls)
        for kind, count in calls.items():
            for at in some(count, all_of_them):
                bench.try_fault(kind, at, errno.EIO, lasts=False)
                if kind in ("write", "pwrite"):
                    bench.try_fault(kind, at, "short", lasts=False)
                    bench.try_fault(kind, at, errno.EINTR, lasts=False)
                bench.try_fault(kind, at, errno.ENOSPC, lasts=True)
        bench.try_without_nameless(calls["open"])
        print(f"{sum(calls.values())} calls; faults:", dict(bench.counts))
        print("\n".join(bench.faults) or "every run was whole in the end")
    return 1 if bench.faults else 0


sys.exit(main())
