"""Merged shares equal the run over all pictures, to the byte, and killed merges go on.

usage: merge.py PROGRAM
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "faults"))
import runs  # noqa: E402

FORMATS = ("yolo,coco,coco-dataset,voc,kitti,cvat,cvat-video,label-studio,x-anylabeling,darknet,"
           "jsonl,csv")
PICTURES = 170  # more than the contact sheet shows
OPTIONS = ("--format", FORMATS, "--draw")


def make_input(folder):
    """Pictures, some of one stem, one whose name is no UTF-8, one that cannot be read, a zip."""
    photos = os.path.join(folder, "photos")
    os.makedirs(photos)
    runs.make_pictures(photos, PICTURES)
    for name in ("000.png", "000.bmp", "same.jpg", "same.png"):
        shutil.copy(os.path.join(photos, "a", "000.jpg"), os.path.join(photos, "a", name))
    odd = os.path.join(os.fsencode(photos), b"odd\xff.jpg")
    shutil.copy(os.path.join(photos, "a", "000.jpg"), odd)
    archive = os.path.join(folder, "more.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for i in range(5):
            file.write(os.path.join(photos, "b", f"{2 * i + 1:03}.png" if i % 2 == 0 else
                                    f"{2 * i + 1:03}.webp"), f"in/{i}.jpg")
    return [photos, archive]


def annotate(program, inputs, out, *options, model="tiny.cfg"):
    words = runs.command(program, inputs[0], out, *inputs[1:], *OPTIONS, *options)
    status = subprocess.run(words, check=False).returncode
    assert status in (0, 3), f"annotate gave {status}"


def merge(program, out, shares, *options):
    return subprocess.run([program, "merge", out, *shares, *options], check=False,
                          capture_output=True, text=True)


def compare(whole, merged, what):
    expected, got = runs.final_files(whole), runs.final_files(merged)
    assert sorted(expected) == sorted(got), f"{what}: other files: {set(expected) ^ set(got)}"
    for name, content in expected.items():
        assert content == got[name], f"{what}: {name} differs"
    expected, got = runs.content(whole), runs.content(merged)
    assert expected.keys() == got.keys()
    for table, rows in expected.items():
        assert rows == got[table], (f"{what}: table {table} differs: "
                                    f"{set(rows) ^ set(got[table])}"[:1000])
    assert not runs.left_overs(merged), f"{what}: parts are left"
    assert not os.path.exists(os.path.join(merged, "run.lock"))


def test_shares(program, inputs, folder):
    whole = os.path.join(folder, "whole")
    annotate(program, inputs, whole)
    for count in (1, 2, 5):
        shares = [os.path.join(folder, f"share{i}of{count}") for i in range(1, count + 1)]
        for i, share in enumerate(shares, 1):
            annotate(program, inputs, share, "--shard", f"{i}/{count}", "--no-report")
        before = [runs.final_files(share) for share in shares]
        merged = os.path.join(folder, f"merged{count}")
        done = merge(program, merged, shares[::-1])
        assert done.returncode == 3, done
        # Without thumbnails in the shares, those of pictures in archives cannot be made again.
        drop_archived_thumbnails(merged)
        compare(whole_without_archived(program, inputs, folder), merged, f"{count} shares")
        assert before == [runs.final_files(share) for share in shares], "a share was changed"
    return whole, shares


def drop_archived_thumbnails(out):
    query(out, "DELETE FROM thumbnails WHERE item IN (SELECT number FROM items WHERE source"
               " IS NOT NULL)")


def query(out, sql):
    import sqlite3
    base = sqlite3.connect(os.path.join(out, "run.db"))
    rows = base.execute(sql).fetchall()
    base.commit()
    base.close()
    return rows


def whole_without_archived(program, inputs, folder):
    copy = os.path.join(folder, "copy")
    if not os.path.exists(copy):
        shutil.copytree(os.path.join(folder, "whole"), copy)
        drop_archived_thumbnails(copy)
    return copy


def test_reports(program, inputs, folder):
    """Shares that have thumbnails give those of archives too, and the report shows its sheet."""
    few = [inputs[1]]
    whole = os.path.join(folder, "few")
    annotate(program, few, whole)
    shares = [os.path.join(folder, f"few{i}") for i in (1, 2)]
    for i, share in enumerate(shares, 1):
        annotate(program, few, share, "--shard", f"{i}/2")
    merged = os.path.join(folder, "few-merged")
    assert merge(program, merged, shares).returncode == 0
    compare(whole, merged, "an archive")
    with open(os.path.join(merged, "report.html"), encoding="utf-8") as file:
        assert "in/3.jpg" in file.read()


def test_lists(program, inputs, folder):
    """Runs over one list after the other are the run over both."""
    parts = []
    for i, part in enumerate(inputs):
        parts.append(os.path.join(folder, f"list{i}"))
        annotate(program, [part], parts[-1])
    merged = os.path.join(folder, "lists")
    assert merge(program, merged, parts).returncode == 3
    compare(os.path.join(folder, "whole"), merged, "two lists")
    annotate(program, inputs, merged)
    compare(os.path.join(folder, "whole"), merged, "two lists, gone on with")


def test_kill(program, shares, folder):
    """Killed after so many milliseconds, a merge goes on and comes to the same end."""
    merged = os.path.join(folder, "killed")
    killed = 0
    for milliseconds in range(5, 400, 15):
        process = subprocess.Popen([program, "merge", merged, *shares, "--quiet"])
        try:
            process.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            continue
        assert process.returncode in (2, 3), process.returncode
        break
    done = merge(program, merged, shares)
    assert done.returncode == 3 or "holds a run already" in done.stderr, done
    drop_archived_thumbnails(merged)
    compare(os.path.join(folder, "copy"), merged, "after kills")
    print(f"{killed} merges killed")
    test_refusal(program, shares, merged)


def test_refusal(program, shares, merged):
    """A finished merge is kept, and the lock goes that a process killed after its end has left."""
    lock = os.path.join(merged, "run.lock")
    with open(lock, "w", encoding="ascii") as file:
        file.write("1\n")
    before = runs.final_files(merged)
    done = merge(program, merged, shares)
    assert done.returncode == 2 and "holds a run already" in done.stderr, done
    assert not os.path.exists(lock) and before == runs.final_files(merged)


def test_older(program, folder):
    """Shares by a program that had not all of the settings yet fit those that tell their defaults."""
    photos = os.path.join(folder, "photos")
    older, newer, merged = (os.path.join(folder, name) for name in ("older", "newer", "both"))
    for i, share in ((1, older), (2, newer)):
        annotate(program, [photos], share, "--shard", f"{i}/2")
    query(older, "DELETE FROM settings WHERE key IN ('tracks', 'frames', 'nms', 'save_confidence')")
    for shares in ([older, newer], [newer, older]):
        shutil.rmtree(merged, ignore_errors=True)
        assert merge(program, merged, shares).returncode == 3
    annotate(program, [photos], newer, "--shard", "2/2", "--track", "--redo")
    done = merge(program, merged + "-not", [older, newer])
    assert done.returncode == 2 and "tracks is none there" in done.stderr, done


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        inputs = make_input(folder)
        _, shares = test_shares(program, inputs, folder)
        test_reports(program, inputs, folder)
        test_lists(program, inputs, folder)
        test_kill(program, shares, folder)
        test_older(program, folder)


main()
