"""A run goes on with other settings: what decides results is refused by name and changes nothing,
with --redo all is made anew; what decides nothing may differ. Never is anything mixed.

usage: settings.py PROGRAM
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import runs

PICTURES = 16
REFUSED, DONE = 2, 3
# An option that decides results, and what the refusal calls it.
DECIDING = [
    (("--conf", "0.3"), "confidence"), (("--iou", "0.5"), "iou"),
    (("--max-det", "4"), "max_detections"), (("--agnostic",), "class_agnostic"),
    (("--nms", "diou"), "nms"), (("--resize", "stretch"), "resize"),
    (("--padding", "0"), "padding"),
    (("--classes", "0"), "classes"), (("--exif", "ignore"), "exif"),
    (("--fast-decode",), "fast_decode"),
    (("--format", "yolo"), "formats"), (("--save-conf",), "save_confidence"),
    (("--draw",), "draw"), (("--every", "2"), "frames"), (("--fps", "2"), "frames"),
    (("--start", "1"), "frames"), (("--end", "9"), "frames"), (("--shard", "1/2"), "shard"),
    (("--size", "96"), "input"), (("--weights", "random:2"), "fingerprint"),
    (("--precision", "int8", "--calib", "noise", "--no-gate"), "precision"),
]
# Settings that programs of old did not have, an option that makes another of each, and what it was.
LATER = [("tracks", ("--track",), "none"), ("frames", ("--every", "2"), "every 0"),
         ("exif", ("--exif", "ignore"), "apply"), ("shard", ("--shard", "1/2"), "all"),
         ("save_confidence", ("--save-conf",), "0"), ("draw", ("--draw",), "0"),
         ("classes", ("--classes", "0"), "all"), ("nms", ("--nms", "diou"), "auto"),
         ("class_agnostic", ("--agnostic",), "0"), ("fast_decode", ("--fast-decode",), "0"),
         ("padding", ("--padding", "0"), "all")]
# What may be another every time.
FREE = [("--threads", "2"), ("--threads", "2", "--streams", "2"), ("--log", "json"),
        ("--metrics", "METRICS"), ("--no-cache",)]


class Bench:
    def __init__(self, program, folder):
        self.tally = runs.Tally()
        self.program, self.folder = program, folder
        self.pictures = os.path.join(folder, "pictures")
        self.kept, self.out = os.path.join(folder, "kept"), os.path.join(folder, "out")
        runs.make_noise(self.pictures, PICTURES)
        self.paths = sorted(os.path.join(place, name) for place, _, names in os.walk(self.pictures)
                            for name in names)
        self.list = os.path.join(folder, "list")
        with open(self.list, "w", encoding="utf-8") as file:
            file.write("".join(path + "\n" for path in self.paths))

    def command(self, *options, out=None):
        """With options given twice the last one counts."""
        options = [os.path.join(self.folder, "metrics") if word == "METRICS" else word
                   for word in options]
        return runs.command(self.program, "--list=" + self.list, out or self.out, *options)

    def result(self, out=None):
        return runs.final_files(out or self.out), runs.content(out or self.out)

    def begin(self):
        """A run that was killed in its middle, kept for all that follows."""
        first = self.paths[:PICTURES // 2]
        command = runs.command(self.program, "-", self.kept)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdin.write("".join(path + "\n" for path in first).encode())
        process.stdin.flush()
        while len(runs.final_files(self.kept)) < len(first) - 1:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        assert runs.state(self.kept) == "running"

    def take_up(self):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.kept, self.out)

    def fresh(self, *options):
        out = os.path.join(self.folder, "fresh")
        shutil.rmtree(out, ignore_errors=True)
        status, words = runs.finish(self.command(*options, out=out))
        assert status in (0, DONE), words
        return status, self.result(out)

    def refuse(self, options, name):
        self.take_up()
        before = self.result()
        status, words = runs.finish(self.command(*options))
        self.tally.expect(status == REFUSED, f"{options}: status {status}: {words}")
        self.tally.expect(f"{name} is " in words, f"{options}: it does not name {name}: {words}")
        self.tally.expect(self.result() == before, f"{options}: the refused run has changed")
        self.tally.counts["refused"] += 1
        status, words = runs.finish(self.command(*options, "--redo"))
        expected, whole = self.fresh(*options)
        self.tally.expect(status == expected, f"{options} --redo: status {status}: {words}")
        self.tally.expect(self.result() == whole, f"{options} --redo: the results differ")
        self.tally.counts["redone"] += 1

    def go_on(self, options, whole):
        self.take_up()
        status, words = runs.finish(self.command(*options))
        self.tally.expect(status == DONE, f"{options}: status {status}: {words}")
        found = self.result()
        self.tally.expect(found[0] == whole[0], f"{options}: the files differ")
        for table in ("items", "detections", "errors", "classes", "thumbnails"):
            self.tally.expect(found[1][table] == whole[1][table], f"{options}: {table} differ")
        self.tally.counts["gone on"] += 1

    def forget(self):
        """The run as a program of old left it, without the settings that came later."""
        self.take_up()
        base = sqlite3.connect(os.path.join(self.out, "run.db"))
        base.executemany("DELETE FROM settings WHERE key = ?", [(key,) for key, *_ in LATER])
        base.commit()
        base.close()

    def go_on_from_old(self, whole):
        """What an older program did not record it did as the defaults tell."""
        for key, options, was in LATER:
            self.forget()
            status, words = runs.finish(self.command(*options))
            self.tally.expect(status == REFUSED and f"{key} is {was}" in words,
                              f"{options} on an old run: status {status}: {words}")
            self.tally.counts["refused"] += 1
        self.forget()
        status, words = runs.finish(self.command())
        self.tally.expect(status == DONE, f"an old run: status {status}: {words}")
        self.tally.expect(self.result() == whole, "an old run: another result")
        self.tally.counts["gone on"] += 1

    def other_files(self):
        """A network or names of the same name and other content."""
        model, names = (os.path.join(self.folder, name) for name in ("net.cfg", "net.names"))
        shutil.copy(os.path.join(runs.DATA, "tiny.cfg"), model)
        shutil.copy(os.path.join(runs.DATA, "tiny.names"), names)
        options = ("--model", model, "--names", names)
        shutil.rmtree(self.kept)
        status, words = runs.finish(self.command(*options, out=self.kept))
        assert status == DONE, words
        with open(names, "w", encoding="utf-8") as file:
            file.write("fish\nbird\n")
        self.refuse(options, "names")
        shutil.copy(os.path.join(runs.DATA, "tiny.names"), names)
        with open(model, encoding="utf-8") as file:
            text = file.read()
        with open(model, "w", encoding="utf-8") as file:
            file.write(text.replace("activation=leaky", "activation=relu", 1))
        self.refuse(options, "fingerprint")


def main():
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        bench = Bench(sys.argv[1], folder)
        bench.begin()
        whole = bench.fresh()[1]
        for options in FREE:
            bench.go_on(options, whole)
        bench.go_on_from_old(whole)
        for options, name in DECIDING:
            bench.refuse(options, name)
        bench.other_files()
    return bench.tally.end("results were never mixed")


sys.exit(main())
