"""Two runs on one folder: the second is refused and changes nothing; what a killed run left as its
lock keeps nobody out.

usage: locks.py PROGRAM

A run that waits for more of its list holds the folder while others try, one after the other and
many at once; then it is killed and another goes on. BW_ROUNDS=N repeats that (2).
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import runs

PICTURES, AT_ONCE = 24, 6
REFUSED, DONE = 2, 3


class Holder:
    """A run that has done half of its list and waits for the rest."""

    def __init__(self, command, paths, out):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        half = len(paths) // 2
        self.process.stdin.write("".join(path + "\n" for path in paths[:half]).encode())
        self.process.stdin.flush()
        while len(runs.final_files(out)) < half:
            assert self.process.poll() is None
            time.sleep(0.02)


def lock_text(out):
    with open(os.path.join(out, "run.lock"), encoding="utf-8") as file:
        return file.read().strip()


def try_others(tally, command, out, holder):
    before = runs.final_files(out)
    for _ in range(2):
        status, words = runs.finish(command)
        tally.expect(status == REFUSED, f"a second run ends with {status}: {words}")
        tally.expect(f"process {holder.pid}" in words, f"it does not tell who: {words}")
        tally.counts["refused"] += status == REFUSED
    crowd = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(AT_ONCE)]
    for process in crowd:
        tally.expect(process.wait() == REFUSED, "one of many is not refused")
        tally.counts["refused"] += process.returncode == REFUSED
    tally.expect(holder.poll() is None, "the first has ended")
    tally.expect(runs.final_files(out) == before, "a refused run has changed files")
    tally.expect(lock_text(out) == str(holder.pid), "a refused run has changed the lock")


def race(tally, command, out):
    """Many begin in one moment on a fresh folder: one works at a time, nothing is done twice."""
    crowd = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(AT_ONCE)]
    words = [process.communicate()[1] for process in crowd]
    ends = [process.returncode for process in crowd]
    tally.expect(set(ends) <= {REFUSED, DONE} and DONE in ends,
                 f"runs at once end with {ends}: {words}")
    tally.counts["begun at once, refused"] += ends.count(REFUSED)
    tally.counts["begun at once, done"] += ends.count(DONE)


def check_same(tally, out, whole, what):
    tally.expect((runs.final_files(out), runs.content(out)) == whole, f"{what}: the results differ")
    tally.expect(not os.path.exists(os.path.join(out, "run.lock")), f"{what}: a lock is left")


def write_lock(out, content):
    with open(os.path.join(out, "run.lock"), "wb") as file:
        file.write(content)


def main():
    tally = runs.Tally()
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        pictures, out = os.path.join(folder, "pictures"), os.path.join(folder, "out")
        runs.make_noise(pictures, PICTURES)
        paths = sorted(os.path.join(place, name) for place, _, names in os.walk(pictures)
                       for name in names)
        paths = [path for path in paths if "bad" not in path] + [
            path for path in paths if "bad" in path]
        listed = os.path.join(folder, "list")
        with open(listed, "w", encoding="utf-8") as file:
            file.write("".join(path + "\n" for path in paths))
        command = runs.command(sys.argv[1], "--list=" + listed, out)
        # The same words with a list that waits: what standard input names are the same pictures.
        waiting = runs.command(sys.argv[1], "-", out)
        assert runs.finish(command)[0] == DONE
        whole = runs.final_files(out), runs.content(out)
        for _ in range(int(os.environ.get("BW_ROUNDS", "2"))):
            shutil.rmtree(out)
            holder = Holder(waiting, paths, out).process
            try_others(tally, command, out, holder)
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            holder.stdin.close()
            tally.expect(os.path.exists(os.path.join(out, "run.lock")), "no lock was left")
            tally.counts["locks of killed runs taken over"] += 1
            status, words = runs.finish(command)
            tally.expect(status == DONE, f"a stale lock keeps out: {words}")
            check_same(tally, out, whole, "after a kill")
            shutil.rmtree(out)
            race(tally, command, out)
            check_same(tally, out, whole, "after a race")
            for content in (b"", b"1\n", b"no number", bytes(100)):
                write_lock(out, content)
                status, words = runs.finish(command)
                tally.expect(status == DONE, f"a lock file of {content} keeps out: {words}")
                tally.counts["odd lock files taken over"] += 1
            check_same(tally, out, whole, "after odd locks")
    return tally.end("one run at a time worked, and no lock outlived its run")


sys.exit(main())
