"""The disk or its inodes run out at every stage of writing: the failure is told, no final name stands
for a part of a file, and with room again the same command finishes what it would have made.

usage: full.py PROGRAM SHIM

A run, an export with tracks and a selection write to an ext4 file system in a file on which so much
is left, from nothing to just less than what is needed. Then, by the shim, each kind of call fails
for good with EDQUOT, and with ENOSPC and EIO where BW_FAULTS=all. BW_STEPS=N tries N amounts of room (4).

The first half needs root, loop devices and mkfs.ext4.
"""

import errno
import os
import shutil
import sys
import tempfile

import disks
import runs

PICTURES, FRAMES = 60, 30
DISK, INODES = 24 << 20, 1200
CALLS = ("write", "pwrite", "fopen", "fflush", "fclose", "open", "mkdir", "rename", "syncfs", "fsync")
ALL_FORMATS = ("yolo,coco,coco-dataset,voc,kitti,cvat,cvat-video,label-studio,x-anylabeling,"
               "darknet,jsonl,csv")
CODES = [errno.EDQUOT]
if os.environ.get("BW_FAULTS") == "all":
    CODES += [errno.ENOSPC, errno.EIO]
DONE = (0, 3)


class Command:
    def __init__(self, name, words, out, is_run):
        self.name, self.words, self.out, self.is_run = name, words, out, is_run

    def result(self):
        return runs.final_files(self.out), runs.content(self.out) if self.is_run else None

    def clear(self):
        shutil.rmtree(self.out, ignore_errors=True)

    def measure(self):
        self.status, words = runs.finish(self.words)
        assert self.status in DONE, (self.name, words)
        self.whole = self.result()


def room(place):
    """Bytes and inodes that are left."""
    state = os.statvfs(place)
    return state.f_bavail * state.f_frsize, state.f_favail


def used_by(out):
    """Bytes of disk blocks, and inodes, of all below a folder."""
    paths = [os.path.join(folder, name) for folder, folders, names in os.walk(out)
             for name in folders + names] + [out]
    return sum(os.lstat(path).st_blocks * 512 for path in paths), len(paths)


class Bench:
    def __init__(self, program, folder, place):
        self.tally, self.place = runs.Tally(), place
        source, out = os.path.join(folder, "pictures"), os.path.join(place, "out")
        run = os.path.join(folder, "run")
        if not os.path.exists(source):
            runs.make_noise(source, PICTURES)
            film = os.path.join(folder, "film.mp4")
            more = [film] if runs.make_video(film, FRAMES) else []
            status, words = runs.finish(runs.command(program, source, run, *more))
            assert status in DONE, words
        self.commands = [
            Command("annotate", runs.command(program, source, out, "--draw", "--format",
                                             ALL_FORMATS), out, True),
            Command("export", [program, "export", run, "-o", out, "--track", "--format",
                               ALL_FORMATS], out, False),
            Command("select", [program, "select", run, "--out", out, "--budget", "40"], out, False)]
        for command in self.commands:
            command.clear()
            command.measure()
            command.needs = used_by(out)
            command.clear()

    def check_failed(self, command, status, words, reasons, what):
        """After a failure: it is told, and whatever has its name is whole."""
        self.tally.expect(status == 1, f"{what}: status {status}: {words}")
        self.tally.expect(any(reason in words for reason in reasons),
                          f"{what}: it does not say why: {words}")
        self.tally.expect("format" in words or command.out in words or "database" in words,
                          f"{what}: it does not say where: {words}")
        for path, content in runs.final_files(command.out).items():
            self.tally.expect(command.whole[0].get(path) == content, f"{what}: {path} is not whole")
            self.tally.counts["files found whole"] += 1
        self.tally.counts[f"{command.name} failed"] += 1

    def check_finishes(self, command, what):
        status, words = runs.finish(command.words)
        self.tally.expect(status == command.status, f"{what}: with room again: {status}: {words}")
        self.tally.expect(command.result() == command.whole, f"{what}: the results differ")
        self.tally.expect(not runs.left_overs(command.out), f"{what}: temporary files are left")
        self.tally.counts["finished with room again"] += 1

    def fill_bytes(self, left):
        """A file takes all but so many bytes."""
        balloon = os.path.join(self.place, "balloon")
        with open(balloon, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(room(self.place)[0] - left, 4096))
        return [balloon]

    def fill_inodes(self, left):
        """Empty files take all but so many inodes."""
        names = [os.path.join(self.place, f"empty-{i}") for i in range(room(self.place)[1] - left)]
        for name in names:
            os.close(os.open(name, os.O_CREAT))
        return names

    def run_full(self, command, kind, left):
        what = f"{command.name} with {left} {kind} left"
        command.clear()
        fillers = self.fill_bytes(left) if kind == "bytes" else self.fill_inodes(left)
        status, words = runs.finish(command.words)
        if status == command.status:
            self.tally.expect(command.result() == command.whole, f"{what}: done, and it differs")
            self.tally.counts["had room enough"] += 1
        else:
            self.check_failed(command, status, words,
                              (os.strerror(errno.ENOSPC), "is full", "disk I/O error"), what)
        for name in fillers:
            os.remove(name)
        self.check_finishes(command, what)

    def try_full(self, steps):
        for command in self.commands:
            for step in range(steps):
                for kind, need in zip(("bytes", "inodes"), command.needs):
                    self.run_full(command, kind, need * step // steps)

    def try_faults(self, shim):
        """Each kind of call fails for good, from its second on where there are more."""
        for command in self.commands:
            for call in CALLS:
                for code in CODES:
                    self.run_faulty(command, call, code, shim)

    def run_faulty(self, command, call, code, shim):
        what = f"{command.name}, {call} fails with {errno.errorcode[code]}"
        command.clear()
        environment = dict(os.environ, LD_PRELOAD=shim, BW_FAULT_UNDER=command.out,
                           BW_FAULT_CALL=call, BW_FAULT_AT="2", BW_FAULT_HOW=str(code),
                           BW_FAULT_LASTS="1")
        status, words = runs.finish(command.words, env=environment)
        if status == command.status:
            self.tally.expect(command.result() == command.whole, f"{what}: done, and it differs")
            self.tally.counts["had no such call to miss"] += 1
        else:
            self.check_failed(command, status, words,
                              (os.strerror(code), "full", "disk I/O error", "unable to open"), what)
        self.check_finishes(command, what)


def main():
    steps = int(os.environ.get("BW_STEPS", "4"))
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        faulty = Bench(sys.argv[1], folder, folder)
        faulty.try_faults(sys.argv[2])
        print("by the shim:")
        status = faulty.tally.end("every failure was told, every run finished later")
        disk = disks.Disk(folder, DISK, "-N", str(INODES))
        try:
            full = Bench(sys.argv[1], folder, disk.place)
            full.try_full(steps)
        finally:
            disk.leave()
    print("on a file system that is full:")
    return full.tally.end("every failure was told, every run finished later") or status


sys.exit(main())
