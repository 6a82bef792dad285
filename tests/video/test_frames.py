"""Frames, time stamps, colours and rotation of videos, against ffmpeg's own decoding; damaged ones.

usage: test_frames.py DUMP-PROGRAM
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

DUMP = sys.argv[1]
SIZE = "160x120"
SCALE = "scale=flags=bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"
failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def ffmpeg(*words):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *words], check=True,
                          capture_output=True).stdout


def dump(path):
    run = subprocess.run([DUMP, path], capture_output=True, timeout=60)
    told = run.stderr.decode()
    check(run.returncode == 0 or (run.returncode == 1 and told.startswith("refused: ")),
          f"{path}: the program ends with {run.returncode}: {told[-2000:]}")
    check("Sanitizer" not in told and "runtime error" not in told, f"{path}: {told[-2000:]}")
    return run.stdout, told.splitlines()


def good_and_bad(lines):
    bad = [line for line in lines if " failed: " in line]
    return [line.split() for line in lines if line not in bad], bad


def probe_times(path):
    """Nanoseconds of each frame from the stream's start, as ffprobe tells its time stamps."""
    text = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
         "stream=time_base,start_pts:frame=best_effort_timestamp", "-of", "json", path],
        check=True, capture_output=True).stdout
    answer = json.loads(text)
    stream = answer["streams"][0]
    numerator, denominator = map(int, stream["time_base"].split("/"))
    stamps = [frame["best_effort_timestamp"] - stream["start_pts"] for frame in answer["frames"]]
    return [(2 * stamp * numerator * 10**9 + denominator) // (2 * denominator) for stamp in stamps]


def compare(path, matrix, scale_range="tv"):
    """All frames and times of a video against ffmpeg's, whose conversion is told the matrix."""
    pixels, lines = dump(path)
    good, bad = good_and_bad(lines)
    check(not bad, f"{path}: {bad}")
    check([int(line[1]) for line in good] == probe_times(path), f"{path}: times differ")
    check([int(line[0]) for line in good] == list(range(len(good))), f"{path}: numbers")
    theirs = ffmpeg("-i", path, "-vf", f"{SCALE}:in_color_matrix={matrix}:in_range={scale_range}",
                    "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    check(len(pixels) == len(theirs) and pixels, f"{path}: {len(pixels)} bytes, {len(theirs)} theirs")
    worst = max((abs(a - b) for a, b in zip(pixels, theirs)), default=255)
    check(worst <= 1, f"{path}: pixels differ by up to {worst}")
    print(f"{path}: {len(good)} frames, differ by at most {worst}")


def forms():
    source = ["-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate=25:duration=0.6"]
    h264 = ["-c:v", "libx264", "-threads", "1", "-bf", "2"]
    for name, matrix, more in (("bt601", "bt601", ["-colorspace", "smpte170m"]),
                               ("bt709", "bt709", ["-colorspace", "bt709"]),
                               ("bt2020", "bt2020", ["-colorspace", "bt2020nc"]),
                               ("untold", "bt601", [])):
        ffmpeg(*source, *h264, "-pix_fmt", "yuv420p", *more, f"{name}.mp4")
        compare(f"{name}.mp4", matrix)
    ffmpeg(*source, *h264, "-pix_fmt", "yuvj420p", "full.mp4")
    compare("full.mp4", "bt601", "pc")
    ffmpeg(*source, *h264, "-pix_fmt", "yuv444p10le", "deep.mkv")
    compare("deep.mkv", "bt601")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=0.08", *h264, "-pix_fmt",
           "yuv420p", "high.mp4")
    compare("high.mp4", "bt709")
    ffmpeg(*source, "-c:v", "mpeg4", "odd.avi", "-vf", "crop=157:119")
    compare("odd.avi", "bt601")
    ffmpeg(*source, *h264, "-vf", "setpts=PTS*(1+0.1*mod(N\\,3)),setpts=PTS+3/TB", "-vsync", "vfr",
           "uneven.mkv")
    compare("uneven.mkv", "bt601")
    ffmpeg("-i", "bt601.mp4", "-c", "copy", "bt601.ts")
    compare("bt601.ts", "bt601")
    ffmpeg(*source, *h264, "-pix_fmt", "yuv444p", "sharp.mp4")
    for angle in "90", "180", "270":
        ffmpeg("-i", "sharp.mp4", "-c", "copy", "-metadata:s:v", "rotate=" + angle, angle + ".mp4")
        compare(angle + ".mp4", "bt601")


def colours():
    """Plain colours come out as they went in, whatever the matrix: no comparison with ffmpeg's."""
    for matrix, tag in ("bt601", "smpte170m"), ("bt709", "bt709"):
        for colour, rgb in ("0xFF0000", (255, 0, 0)), ("0x00FF00", (0, 255, 0)), \
                           ("0x2040C0", (32, 64, 192)):
            ffmpeg("-f", "lavfi", "-i", f"color={colour}:size=64x64:duration=0.04", "-vf",
                   f"scale=out_color_matrix={matrix}:out_range=tv", "-c:v", "libx264", "-qp", "0",
                   "-pix_fmt", "yuv420p", "-colorspace", tag, "plain.mp4")
            pixels, _ = dump("plain.mp4")
            got = pixels[(32 * 64 + 32) * 3:][:3]
            check(len(got) == 3 and all(abs(a - b) <= 3 for a, b in zip(got, rgb)),
                  f"{matrix} {colour}: {tuple(got)}")


def damaged():
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate=25:duration=2", "-c:v", "libx264", "-g",
           "10", "-bf", "0", "-threads", "1", "whole.mkv")
    ffmpeg("-i", "whole.mkv", "-c", "copy", "-movflags", "faststart", "fast.mp4")
    ffmpeg("-i", "whole.mkv", "-c", "copy", "late.mp4")
    whole = {name: open(name, "rb").read() for name in ("whole.mkv", "fast.mp4", "late.mp4")}
    for name in "whole.mkv", "fast.mp4":
        reference, _ = dump(name)
        size = len(whole[name])
        frame = 160 * 120 * 3
        for keep in size * 3 // 4, size // 2 + 7:
            cut = "cut-" + name
            open(cut, "wb").write(whole[name][:keep])
            pixels, lines = dump(cut)
            good, bad = good_and_bad(lines)
            count = len(good)
            print(f"{cut} of {keep}: {count} frames, {bad}")
            check(0 < count < 50, f"{cut}: {count} frames")
            check(pixels == reference[:count * frame], f"{cut}: good frames differ")
            check(len(bad) >= 1, f"{cut}: the cut is not told")
    open("cut-late.mp4", "wb").write(whole["late.mp4"][:-400])
    _, lines = dump("cut-late.mp4")
    check(len(lines) == 1 and not lines[0][0].isdigit() or "no frame" in lines[0], f"cut-late.mp4: {lines[:1]}")
    overwritten(whole["fast.mp4"])
    noise("fast.mp4", whole["fast.mp4"])
    ffmpeg("-i", "whole.mkv", "-c:v", "mjpeg", "-q:v", "3", "pictures.avi")
    noise("pictures.avi", open("pictures.avi", "rb").read())


def overwritten(content):
    """All bytes of one frame that is no key frame: it alone is lost, and its place is told."""
    lost = 25
    answer = json.loads(subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size",
         "-of", "json", "fast.mp4"], check=True, capture_output=True).stdout)
    packet = answer["packets"][lost]
    start, size = int(packet["pos"]), int(packet["size"])
    open("overwritten.mp4", "wb").write(content[:start] + b"\xff" * size + content[start + size:])
    good, bad = good_and_bad(dump("overwritten.mp4")[1])
    check(len(good) == 49 and len(bad) == 1 and bad[0].startswith(f"{lost} failed: "),
          f"overwritten.mp4: {len(good)} good, {bad}")


def noise(name, content):
    """Noise in many places. Now and then it happens to spell a valid frame, which no decoder can
    tell; where depends on the encoder. So most of the places must be told, not each."""
    places, told = 16, 0
    for place in range(places):
        noisy = bytearray(content)
        start = len(noisy) * (place + 2) // (places + 4)
        for at in range(start, start + 60):
            noisy[at] ^= 0xA5
        open("noise-" + name, "wb").write(noisy)
        told += bool(good_and_bad(dump("noise-" + name)[1])[1])
    print(f"{name}: noise is told in {told} of {places} places")
    check(2 * told > places, f"{name}: noise is told in {told} of {places} places only")


def hostile():
    open("list.mp4", "w").write("#EXTM3U\n#EXTINF:1,\nwhole.mkv\n#EXT-X-ENDLIST\n")
    open("concat.mkv", "w").write("ffconcat version 1.0\nfile whole.mkv\n")
    open("empty.mp4", "w").close()
    open("text.avi", "w").write("this is no video\n" * 100)
    os.mkfifo("fifo.mp4")
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.1", "sound.mp4")
    for path in "list.mp4", "concat.mkv", "empty.mp4", "text.avi", "fifo.mp4", "sound.mp4", "none.mp4":
        pixels, lines = dump(path)
        check(not pixels and len(lines) == 1 and lines[0].startswith("refused: "), f"{path}: {lines}")


def flips():
    """Bytes flipped here and there: no crash, no hang; sanitizers watch where they are built in."""
    rounds = int(os.environ.get("BW_VIDEO_ROUNDS", "12"))
    state = 12345
    for name in "fast.mp4", "whole.mkv", "odd.avi", "bt601.ts":
        content = open(name, "rb").read()
        for _ in range(rounds):
            changed = bytearray(content)
            for _ in range(20):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                changed[(state >> 33) % len(changed)] ^= 1 << (state >> 61)
            open("flip-" + name, "wb").write(changed)
            dump("flip-" + name)


if not shutil.which("ffmpeg"):
    print("skipped: ffmpeg is not installed")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for part in forms, colours, damaged, hostile, flips:
        part()
    os.chdir("/")
sys.exit(1 if failures else 0)
