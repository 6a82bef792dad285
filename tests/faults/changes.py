"""Inputs that change while a run reads them: what became of each is recorded, the others are not
touched.

usage: changes.py PROGRAM SHIM

The preloaded shim stops the program before it opens or reads a certain file; then the file is
deleted, replaced, grown, cut or written over, and the program goes on. Archives and videos are cut
at each of many lengths: what comes before the cut is as in the whole.
"""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import runs

PICTURES, FRAMES, CUTS = 12, 40, 5
# Frames at a video's end, a quarter of a second, that some containers do not miss.
UNNOTICED = 6
DONE = 3


def delete(path):
    os.remove(path)


def replace(path):
    with open(path + ".new", "wb") as file:
        file.write(runs.noise_png(99))
    os.rename(path + ".new", path)


def grow(path):
    with open(path, "ab") as file:
        file.write(bytes(1000))


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def empty(path):
    os.truncate(path, 0)


def write_over(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(bytes(size))


def to_folder(path):
    os.remove(path)
    os.mkdir(path)


def to_fifo(path):
    os.remove(path)
    os.mkfifo(path)


# What happens to a picture, and what its record says: when it is opened, and when it is read. What is
# deleted while it is open is read as it was.
CHANGES = [(delete, "No such file", None), (replace, "changed while", "changed while"),
           (grow, "changed while", "changed while"), (cut, "", ""), (empty, "", ""),
           (write_over, "", ""), (to_folder, "", "changed while"), (to_fifo, "", "changed while")]


class Bench:
    def __init__(self, program, shim, folder):
        self.tally, self.program, self.shim = runs.Tally(), program, shim
        self.out, self.pictures = os.path.join(folder, "out"), os.path.join(folder, "pictures")
        self.kept = os.path.join(folder, "kept")
        runs.make_noise(self.kept, PICTURES)

    def start(self, source, under, call):
        environment = dict(os.environ, LD_PRELOAD=self.shim, BW_FAULT_UNDER=under, BW_FAULT_AT="1",
                           BW_FAULT_CALL=call, BW_FAULT_HOW="stop")
        return subprocess.Popen(runs.command(self.program, source, self.out), env=environment,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def wait_stopped(process):
        while True:
            done, status = os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)
            if done:
                assert os.WIFSTOPPED(status), "it was not stopped"
                return
            time.sleep(0.005)

    def change_during(self, source, victim, call, change):
        """Runs with the change in its middle; the end's status, and what it said."""
        shutil.rmtree(self.out, ignore_errors=True)
        process = self.start(source, victim, call)
        self.wait_stopped(process)
        change(victim)
        process.send_signal(signal.SIGCONT)
        words = process.communicate(timeout=60)[1]
        return process.returncode, words

    def records(self):
        """Each item's boxes, and why it failed, by name."""
        return dict(runs.query(self.out, "SELECT name, message FROM items LEFT JOIN errors"
                                         " ON item = number"))

    def try_picture(self, call, change, expected):
        shutil.rmtree(self.pictures, ignore_errors=True)
        shutil.copytree(self.kept, self.pictures)
        name = "b/00005.png"
        victim = os.path.join(self.pictures, name)
        status, words = self.change_during(self.pictures, victim, call, change)
        what = f"{change.__name__} before {call}"
        self.tally.expect(status == DONE, f"{what}: status {status}: {words}")
        records = self.records()
        self.tally.expect(set(records) == set(self.whole[0]), f"{what}: not all are recorded")
        fails = expected is not None
        self.tally.expect((expected in (records[name] or "")) if fails else not records[name],
                          f"{what}: recorded as {records[name]}")
        bad = sum(message is not None for message in records.values())
        self.tally.expect(bad == 1 + fails, f"{what}: {bad} failed")
        files = runs.final_files(self.out)
        labels = {path: content for path, content in self.whole[1].items()
                  if path.startswith("labels/") and not (fails and path.endswith("b/00005.txt"))}
        self.tally.expect({path: content for path, content in files.items()
                           if path.startswith("labels/")} == labels, f"{what}: other labels differ")
        self.tally.counts["pictures changed"] += 1

    def annotated(self):
        """What a run has of each name: its label and its boxes, or why it has none."""
        rows = runs.query(self.out, "SELECT name, label, message, boxes FROM items LEFT JOIN errors"
                                    " ON item = number ORDER BY number")
        files = runs.final_files(self.out)
        return {name: message or (boxes, files[f"labels/{label}.txt"])
                for name, label, message, boxes in rows}

    def undisturbed(self, victim):
        shutil.rmtree(self.out, ignore_errors=True)
        status, words = runs.finish(runs.command(self.program, victim, self.out))
        assert status in (0, DONE), words
        return self.annotated()

    def try_container(self, source, call, change):
        """An archive or video that changes while it is read: its pictures are those of the undisturbed
        run, or are missing, which is told under its own name."""
        victim = os.path.join(os.path.dirname(source), "changing-" + os.path.basename(source))
        shutil.copy(source, victim)
        whole = self.undisturbed(victim)
        status, words = self.change_during(victim, victim, call, change)
        what = f"{change.__name__} of {os.path.basename(source)} before {call}"
        found = self.annotated()
        problem = found.pop(os.path.basename(victim), None)
        good = [name for name in found if found[name] == whole[name]]
        bad = any(isinstance(outcome, str) for outcome in (*found.values(), problem))
        self.tally.expect(status == (DONE if bad else 0), f"{what}: status {status}: {words}")
        self.tally.expect(list(found) == list(whole)[:len(found)], f"{what}: names or order differ")
        if change is grow or (change in (delete, replace) and call == "read"):
            self.tally.expect(good == list(whole) and not problem, f"{what}: {problem}: not the whole")
        else:  # cut, and perhaps within a picture, or nothing is left
            self.tally.expect(isinstance(problem, str), f"{what}: not told: {problem}")
            kept = len(found) if change is cut else 0
            half = len(found) > len(good) and isinstance(found[list(found)[-1]], str)
            self.tally.expect(len(found) == kept and good == list(found)[:kept - half],
                              f"{what}: of {len(found)} {len(good)} are as in the whole")
        self.tally.counts["of archives and videos changed, pictures as in the whole"] += len(good)
        self.tally.counts["archives and videos changed"] += 1

    def labels(self):
        return {path.split("/", 2)[-1]: content for path, content in
                runs.final_files(self.out).items() if path.startswith("labels/")}

    def cut_at_many(self, source):
        """All that is before the cut is as in the whole; the cut is recorded where it loses."""
        shutil.rmtree(self.out, ignore_errors=True)
        status, words = runs.finish(runs.command(self.program, source, self.out))
        assert status in (0, DONE), words
        whole = self.labels()
        size = os.path.getsize(source)
        suffix = os.path.basename(source).split(".", 1)[1]
        part = os.path.join(os.path.dirname(source), "part." + suffix)
        for length in [size * i // CUTS for i in range(1, CUTS)] + [size - 1]:
            shutil.copy(source, part)
            os.truncate(part, length)
            shutil.rmtree(self.out)
            status, words = runs.finish(runs.command(self.program, part, self.out))
            what = f"{os.path.basename(source)} cut at {length}"
            self.tally.expect(status in (0, DONE), f"{what}: status {status}: {words}")
            found = self.labels()
            same = sum(whole.get(path) == content for path, content in found.items())
            self.tally.expect(same == len(found), f"{what}: {len(found) - same} labels differ")
            least = len(whole) - (UNNOTICED if "film" in source else 0)
            self.tally.expect(len(found) >= least or status == DONE,
                              f"{what}: {len(whole) - len(found)} are lost without a word")
            self.tally.counts["cut, labels kept of ." + suffix] += len(found)
            self.tally.counts["cuts"] += 1

    def measure(self):
        shutil.copytree(self.kept, self.pictures)
        status, words = runs.finish(runs.command(self.program, self.pictures, self.out))
        assert status == DONE, words
        self.whole = self.records(), runs.final_files(self.out)


def main():
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        bench = Bench(sys.argv[1], sys.argv[2], folder)
        bench.measure()
        for change, when_opened, when_read in CHANGES:
            bench.try_picture("look", change, when_opened)
            bench.try_picture("read", change, when_read)
        containers = [os.path.join(folder, name) for name in ("all.tar", "all.tar.gz", "all.zip")]
        for path, mode in zip(containers, ("w", "w:gz")):
            with tarfile.open(path, mode) as tar:
                tar.add(bench.kept, "")
        shutil.make_archive(containers[2][:-4], "zip", bench.kept)
        for suffix in ("mp4", "avi", "mkv"):
            if runs.make_video(os.path.join(folder, "film." + suffix), FRAMES):
                containers.append(os.path.join(folder, "film." + suffix))
        for path in containers:
            for change in (delete, replace, grow, cut, empty, write_over):
                bench.try_container(path, "look", change)
                bench.try_container(path, "read", change)
            bench.cut_at_many(path)
    return bench.tally.end("every change was recorded, and touched nothing else")


sys.exit(main())
