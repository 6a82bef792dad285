"""Annotating many pictures takes no more memory than annotating few, from folders and from archives.

usage: many.py PROGRAM [FEW MANY]

A tiny network over tiny files: a folder has one picture under very many names, an archive it as often.
The memory of a process counts as the largest resident set that it had. Going on with a run that is done
may take more, for it knows the pictures that it has.
"""

import io
import os
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "faults"))
import runs  # noqa: E402 (its folder is known only now)

# Megabytes: for any number of pictures; more for many than for few; for 100,000 to go on with.
CAP, GROWTH, GOING_ON = 60, 4, 20
A_FOLDER, MOST_LINKS = 1000, 30000


def make_folder(root, count):
    for i in range(count):
        place = os.path.join(root, f"{i // A_FOLDER:05}")
        source = os.path.join(root, f"source-{i // MOST_LINKS}")
        if i % MOST_LINKS == 0:
            os.makedirs(root, exist_ok=True)
            with open(source, "wb") as file:
                file.write(runs.noise_png(1))
        if i % A_FOLDER == 0:
            os.mkdir(place)
        os.link(source, os.path.join(place, f"{i:07}.png"))


def make_archive(path, count):
    content = runs.noise_png(1)
    with tarfile.open(path, "w") as archive:
        for i in range(count):
            member = tarfile.TarInfo(f"{i:07}.png")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            archive.members.clear()


def annotate(program, pictures, out):
    """The pictures of the run, and the most memory that it took, in megabytes."""
    status, words, memory = runs.finish_measured(
        runs.command(program, pictures, out, "--threads", "2", "--no-report"))
    assert status == 0, words
    rows = runs.query(out, "SELECT count(*) FROM items WHERE boxes IS NOT NULL")
    return rows[0][0], memory


def main():
    few, many = (int(word) for word in sys.argv[2:4]) if len(sys.argv) > 3 else (20000, 100000)
    tally = runs.Tally()
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as root:
        os.environ["XDG_CACHE_HOME"] = os.path.join(root, "cache")
        for kind, make, suffix in (("folder", make_folder, ""), ("archive", make_archive, ".tar")):
            took = {}
            for count in (few, many):
                source = os.path.join(root, f"pictures-{count}{suffix}")
                out = os.path.join(root, f"out-{kind}-{count}")
                make(source, count)
                found, took[count] = annotate(sys.argv[1], source, out)
                tally.expect(found == count, f"{kind}: {found} of {count} are annotated")
                print(f"{kind} of {count}: {took[count]:.0f} MB")
            again = annotate(sys.argv[1], source, out)[1]
            print(f"{kind} of {many}, going on where all is done: {again:.0f} MB")
            tally.expect(max(took.values()) <= CAP, f"{kind}: over {CAP} MB")
            tally.expect(took[many] - took[few] <= GROWTH, f"{kind}: memory grows: {took}")
            tally.expect(again <= took[many] + GOING_ON * many / 1e5, f"{kind}: going on takes {again}")
    return tally.end("memory does not grow with the number of pictures")


sys.exit(main())
