"""Programs are killed at random moments (SIGKILL): what stands under a final name is whole, and the
same command finishes exactly what it would have made undisturbed.

usage: kills.py PROGRAM

Runs over a folder, a tar archive, a video and all of them are killed, with one thread and with
streams, also while they go on after a kill, and while they replace another; and so are `export`, with tracks, and `select`. In the
end all files, all rows of the database and the report (but for its times) are compared byte for
byte. BW_KILLS=N kills N times (20), BW_SEED=N at other moments.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter

import runs

PICTURES, FRAMES = 600, 600
MOST_IN_A_ROW = 4
ALL_FORMATS = ("yolo,coco,coco-dataset,voc,kitti,cvat,cvat-video,label-studio,x-anylabeling,"
               "darknet,jsonl,csv")
DONE = (0, 3)  # all good, or all but some pictures that cannot be used


class Case:
    """A command that writes into a folder."""

    def __init__(self, name, command, out, is_run, before=None):
        """`before` is a folder that `out` is a copy of at first."""
        self.name, self.command, self.out, self.is_run = name, command, out, is_run
        self.before = before

    def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        if self.before:
            shutil.copytree(self.before, self.out)

    def start(self):
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True)

    def finish(self):
        """Runs it to its end; its exit status and what it said."""
        process = self.start()
        words = process.communicate(timeout=300)[1]
        return process.returncode, words.strip()

    def result(self):
        found = {"files": runs.final_files(self.out)}
        if self.is_run:
            found["rows"] = runs.content(self.out)
            found["report"] = runs.report(self.out)
        return found

    def measure(self):
        self.old = runs.final_files(self.before) if self.before else {}
        self.prepare()
        start = time.monotonic()
        self.status, words = self.finish()
        self.seconds = time.monotonic() - start
        assert self.status in DONE, (self.name, words)
        self.whole = self.result()
        assert len(self.whole["files"]) > 2, (self.name, self.whole["files"])


class Killer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.counts, self.faults = Counter(), []

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"{self.label}: {what}")

    def kill(self, case):
        """Starts the command and kills it at a random moment; False where it ended before."""
        process = case.start()
        try:
            process.communicate(timeout=self.random.uniform(0, case.seconds))
            self.counts["over before"] += 1
            self.expect(process.returncode == case.status, f"status {process.returncode}")
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.counts["kills"] += 1
            self.counts["kills of " + case.name] += 1
            return True

    def look(self, case):
        """What a kill has left is whole, and the database is not ahead of it."""
        found = runs.final_files(case.out) if os.path.isdir(case.out) else {}
        for path, content in found.items():
            if path.startswith("labels/") or not case.is_run or path == "coco_results.json":
                self.expect(content in (case.whole["files"].get(path), case.old.get(path)),
                            f"{path} is not whole")
        self.counts["files found whole"] += len(found)
        if not case.is_run or runs.state(case.out) == "replaced":
            return
        self.counts["locks left"] += os.path.exists(os.path.join(case.out, "run.lock"))
        for label in self.labels(case.out):
            self.expect(f"labels/{label}.txt" in found, f"{label} has a row and no file")
            self.counts["rows with their files"] += 1

    @staticmethod
    def labels(out):
        """The labels of pictures that a database holds; none where it is still empty."""
        path = os.path.join(out, "run.db")
        if not os.path.exists(path):
            return []
        base = sqlite3.connect(path)
        try:
            return [row[0] for row in
                    base.execute("SELECT label FROM items WHERE boxes IS NOT NULL")]
        except sqlite3.OperationalError as problem:
            assert "no such table" in str(problem), problem
            return []
        finally:
            base.close()

    @staticmethod
    def differences(found, content):
        """Which of the files or tables differ, a few of them."""
        if not isinstance(found, dict) or not isinstance(content, dict):
            return ""
        return ", ".join(sorted(name for name in found.keys() | content.keys()
                                if found.get(name) != content.get(name))[:5])

    def disturb(self, case, most):
        """Kills a command up to so many times in a row, then lets it finish."""
        self.label = f"{case.name}, after {self.counts['kills']} kills"
        case.prepare()
        for _ in range(self.random.randint(1, most)):
            if not self.kill(case):
                break
            self.look(case)
        status, words = case.finish()
        self.expect(status == case.status, f"status {status} in the end: {words}")
        found = case.result()
        for kind, content in case.whole.items():
            self.expect(found[kind] == content, f"the {kind} differ: " +
                        self.differences(found[kind], content))
        self.expect(not runs.left_overs(case.out), "temporary files are left")
        self.counts["finished"] += 1


def make_cases(program, folder):
    """The commands to kill, measured. Export and select work on a run of their own."""
    def place(name):
        return os.path.join(folder, name)

    def annotate(name, *arguments):
        return Case(name, runs.command(program, *arguments[:1], place("out"), *arguments[1:]),
                    place("out"), True)

    def reader(name, *arguments):
        return Case(name, [program, *arguments, "--out" if "select" in arguments else "-o",
                           place("out")], place("out"), False)

    runs.make_noise(place("pictures"), PICTURES)
    runs.make_tar(place("pictures.tar"), place("pictures"))
    side_by_side = ("--threads", "2", "--streams", "2", "--batch", "2")
    cases = [annotate("a folder, all formats", place("pictures"), "--draw", "--format",
                      ALL_FORMATS),
             annotate("a folder, streams", place("pictures"), *side_by_side),
             annotate("an archive, by shape", place("pictures.tar"), "--padding", "0",
                      *side_by_side)]
    source = place("pictures")
    if runs.make_video(place("film.mp4"), FRAMES):
        source = place("film.mp4")
        cases += [annotate("a video", source, "--draw"),
                  annotate("a video, then an archive and a folder, streams", source,
                           place("pictures.tar"), place("pictures"), "--every", "2", "--format",
                           ALL_FORMATS, *side_by_side)]
    else:
        print("ffmpeg is not installed: no videos")
    subprocess.run(runs.command(program, source, place("run"), place("pictures")),
                   stderr=subprocess.DEVNULL, check=False)
    cases += [reader("export", "export", place("run"), "--track", "--format", ALL_FORMATS),
              reader("select", "select", place("run"), "--budget", "200")]
    again = runs.command(program, source, place("out"), place("pictures"), "--conf", "0.3", "--redo")
    cases.append(Case("a run made anew", again, place("out"), True, place("run")))
    for case in cases:
        case.measure()
        if case is cases[0]:
            check_export(program, case, place("again"))
    return cases


def check_export(program, case, out):
    """What a run writes as it goes is what export makes of its database."""
    subprocess.run([program, "export", case.out, "-o", out, "--format", ALL_FORMATS], check=True,
                   stdout=subprocess.DEVNULL)
    for path, content in runs.final_files(out).items():
        assert case.whole["files"][path] == content, path


def main():
    number, seed = int(os.environ.get("BW_KILLS", "20")), int(os.environ.get("BW_SEED", "1"))
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        cases = make_cases(sys.argv[1], folder)
        killer = Killer(seed)
        turn = 0
        while killer.counts["kills"] < number:
            killer.disturb(cases[turn % len(cases)],
                           min(MOST_IN_A_ROW, number - killer.counts["kills"]))
            turn += 1
    print(f"seed {seed}:")
    for what, count in sorted(killer.counts.items()):
        print(f"{count:9} {what}")
    print("\n".join(killer.faults) or "all was the same in the end")
    return 1 if killer.faults else 0


sys.exit(main())
