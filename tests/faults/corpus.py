"""Corpora of odd and damaged pictures: what each file is to become is known where it can be, the
counts of a run add up to the file, no good picture suffers from bad ones, and memory stays under its cap.

usage: corpus.py PROGRAM ENCODER [--sanitized]

ENCODER is the program of encode.c, whose pictures are damaged here: cut at many places, bits flipped,
bytes overwritten, left out and put in. Pictures that claim to be enormous come in a run of their own.
Pictures that packages installed on this machine ship are a third corpus; BW_PICTURES names
more folders of such, BW_SEED another seed. With --sanitized memory is not looked at, which a sanitizer
multiplies, but its reports are.
"""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
import zlib

import runs

WIDTH, HEIGHT = 61, 45
CUTS, FLIPS, OTHER_DAMAGE = 12, 8, 2
GOOD, BAD, ANY = "annotated", "refused", "either"
MOST_PIXELS = 178956970  # of a picture, bw_limits.image_pixels
# Megabytes that runs may take: over small pictures, with 64 for a chunk that a PNG inflates, and over
# enormous ones: their pixels, and a progressive JPEG's coefficients, of which there may be two a pixel.
SMALL, ENORMOUS = 130, 150 + MOST_PIXELS * (3 + 4) / 2**20
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ico", ".ppm",
            ".pgm", ".pbm", ".jp2", ".avif", ".heic", ".psd", ".tga", ".xbm", ".pcx", ".sgi", ".exr")


# ---- PNG -----------------------------------------------------------------------------------------

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))


def png_file(width, height, depth, colour, data, interlace=0, extra=b"", after=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + runs.chunk(b"IHDR", header) + extra + runs.chunk(b"IDAT", data) +
            after + runs.chunk(b"IEND", b""))


def png_rows(numbers, width, height, bits):
    """Rows of random bytes, each by another filter."""
    return b"".join(bytes([y % 5]) + numbers.randbytes((width * bits + 7) // 8)
                    for y in range(height if width else 0))


def png(numbers, depth, colour, interlace=0, extra=b"", after=b""):
    bits = depth * CHANNELS[colour]
    if colour == 3:
        palette = numbers.randbytes(3 << depth)
        extra = runs.chunk(b"PLTE", palette) + runs.chunk(b"tRNS", bytes(1 << depth)) + extra
    passes = PASSES if interlace else ((0, 0, 1, 1),)
    rows = b"".join(png_rows(numbers, (WIDTH - left + across - 1) // across,
                             (HEIGHT - top + down - 1) // down, bits)
                    for left, top, across, down in passes)
    return png_file(WIDTH, HEIGHT, depth, colour, zlib.compress(rows), interlace, extra, after)


def tiff_orientation(orientation):
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 274, 3, 1, orientation, 0) + bytes(4)


def pngs(numbers):
    found = {}
    for colour, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)),
                           (6, (8, 16))):
        for depth in depths:
            for interlace in (0, 1):
                name = f"colour{colour}-{depth}" + ("-interlaced" if interlace else "") + ".png"
                found[name] = png(numbers, depth, colour, interlace)
    profile = b"profile\0\0" + zlib.compress(numbers.randbytes(3000))
    found["profile.png"] = png(numbers, 8, 2, extra=runs.chunk(b"iCCP", profile))
    animation = runs.chunk(b"acTL", struct.pack(">II", 2, 0))
    frame = struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)
    second = struct.pack(">I", 2) + zlib.compress(png_rows(numbers, WIDTH, HEIGHT, 24))
    found["animated.png"] = png(numbers, 8, 2, extra=animation + runs.chunk(b"fcTL", frame),
                                after=runs.chunk(b"fcTL", b"\0\0\0\1" + frame[4:]) +
                                runs.chunk(b"fdAT", second))
    return found


# ---- BMP -----------------------------------------------------------------------------------------

def bmp_file(width, height, bits, data, palette=b"", compression=0):
    at = 54 + len(palette)
    return (b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) +
            struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0,
                        len(palette) // 4 if bits <= 8 else 0, 0) + palette + data)


def bmps(numbers):
    found = {}
    for bits in (1, 4, 8, 16, 24, 32):
        data = numbers.randbytes((WIDTH * bits + 31) // 32 * 4 * HEIGHT)
        palette = numbers.randbytes(4 << bits) if bits <= 8 else b""
        found[f"{bits}.bmp"] = bmp_file(WIDTH, HEIGHT, bits, data, palette)
        found[f"{bits}-from-top.bmp"] = bmp_file(WIDTH, -HEIGHT, bits, data, palette)
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x1F)
    data = numbers.randbytes((WIDTH * 16 + 31) // 32 * 4 * HEIGHT)
    found["masks.bmp"] = bmp_file(WIDTH, HEIGHT, 16, data, masks, compression=3)
    for bits, compression in ((8, 1), (4, 2)):
        row = b"".join(bytes((20, numbers.randrange(256))) for _ in range(3)) + b"\x01\x07\0\0"
        found[f"runs{bits}.bmp"] = bmp_file(WIDTH, HEIGHT, bits, row * HEIGHT + b"\0\1",
                                            numbers.randbytes(4 << bits), compression)
    core = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
    data = numbers.randbytes((WIDTH * 3 + 3) // 4 * 4 * HEIGHT)
    found["os2.bmp"] = b"BM" + struct.pack("<IHHI", 26 + len(data), 0, 0, 26) + core + data
    return found


# ---- JPEG and WebP -------------------------------------------------------------------------------

def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def riff(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
                              for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(flags, width=WIDTH, height=HEIGHT):
    return b"VP8X", struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + \
        struct.pack("<I", height - 1)[:3]


def jpeg_of_size(jpeg, width, height):
    """The same with another size in its frame header."""
    at = next(i for i in range(len(jpeg)) if jpeg[i] == 255 and
              jpeg[i + 1] in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) and jpeg[i + 2:i + 4] < b"\0\x20")
    return jpeg[:at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9:]


def flat_progressive(side, sampling):
    """A whole progressive JPEG of one grey, three bits for three blocks of 64 pixels."""
    parts = bytes((1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0))
    unit = 8 * (sampling >> 4)
    blocks = ((side + unit - 1) // unit) ** 2 * ((sampling >> 4) * (sampling & 15) + 2)
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) +
            segment(0xC2, b"\x08" + struct.pack(">HHB", side, side, 3) + parts) +
            segment(0xC4, b"\0\1" + bytes(15) + b"\0") +
            segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 0, 0))) + bytes((blocks + 7) // 8) +
            b"\xff\xd9")


def encoded(encoder, folder):
    os.mkdir(folder)
    subprocess.run([encoder, folder], check=True)
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def decorated(base, numbers):
    """JPEG and WebP with what stands beside the pixels."""
    jpeg, webp = base["420.jpg"], base["lossy.webp"][12:]
    found = {}
    for orientation in range(10):
        exif = segment(0xE1, b"Exif\0\0" + tiff_orientation(orientation))
        found[f"turned{orientation}.jpg"] = jpeg[:2] + exif + jpeg[2:]
    profile = numbers.randbytes(90000)
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes((i + 1, 2)) + profile[i * 45000:][:45000])
             for i in range(2)]
    found["profile.jpg"] = jpeg[:2] + b"".join(parts) + jpeg[2:]
    found["comments.jpg"] = jpeg[:2] + segment(0xFE, bytes(65533)) * 100 + jpeg[2:]
    found["fill.jpg"] = jpeg[:2] + b"\xff" * 100000 + jpeg[2:]
    found["tail.jpg"] = jpeg + numbers.randbytes(5000)
    found["two.jpg"] = jpeg + jpeg
    frame = webp[:4], webp[8:8 + struct.unpack("<I", webp[4:8])[0]]
    found["turned.webp"] = riff(canvas(8), frame, (b"EXIF", tiff_orientation(6)))
    found["profile.webp"] = riff(canvas(32), (b"ICCP", numbers.randbytes(999)), frame)
    return found


# ---- What is bad ---------------------------------------------------------------------------------

def animated_webp(base):
    webp = base["lossy.webp"][12:]
    head = bytes(6) + struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3] + b"d\0\0\0"
    return riff(canvas(2), (b"ANIM", bytes(6)), (b"ANMF", head + webp), (b"ANMF", head + webp))


def foreign(numbers):
    """Files that are no pictures, or none that are decoded."""
    gif = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x02\x02\x4c\x01\0"
    return {"plain.gif": gif + image + b";", "animated.gif": gif + image * 3 + b";",
            "cut.gif": gif[:9], "one.tif": b"II*\0" + bytes(200), "big.tiff": b"MM\0+" + bytes(99),
            "empty.jpg": b"", "empty.png": b"", "empty.webp": b"", "empty.bmp": b"",
            "zeros.jpg": bytes(5000), "ones.jpg": b"\xff" * 5000, "noise.jpg": numbers.randbytes(5000),
            "text.png": b"no picture\n" * 50, "page.jpg": b"<!DOCTYPE html><html></html>",
            "gone.avif": b"\0\0\0\x1cftypavif" + bytes(99), "phone.heic": b"\0\0\0\x18ftypheic",
            "soi.jpg": b"\xff\xd8\xff", "pair.jpg": b"\xff\xd8\xff\xd9"}


def claims(base, numbers):
    """Sizes that are none, or beyond the limit of pixels, or of which only a header is there."""
    progressive, found = base["progressive.jpg"], {}
    sizes = ((0, 0), (0, HEIGHT), (65500, 65500), (65535, 65535), (13000, 14000))
    for width, height in sizes:
        name = f"{width}x{height}"
        found["jpeg-" + name + ".jpg"] = jpeg_of_size(base["444.jpg"], width, height)
        found["progressive-" + name + ".jpg"] = jpeg_of_size(progressive, width, height)
        found["png-" + name + ".png"] = png_file(width, height, 8, 2, zlib.compress(b"\0"))
        found["png16-" + name + ".png"] = png_file(width, height, 16, 6, zlib.compress(b"\0"), 1)
        found["bmp-" + name + ".bmp"] = bmp_file(width, height, 24, bytes(300))
        found["runs-" + name + ".bmp"] = bmp_file(width, height, 8, b"\1\2", bytes(1024), 1)
    for width, height in ((2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1), (2**32 - 1, 1)):
        found[f"png-{width}x{height}.png"] = png_file(width, height, 8, 2, zlib.compress(b"\0"))
    for width, height in ((2**31 - 1, 2**31 - 1), (2**31 - 1, -2**31), (-1, 5), (2**30, 4)):
        found[f"bmp-{width}x{height}.bmp"] = bmp_file(width, height, 24, bytes(300))
    lossless = b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + numbers.randbytes(60)
    found["webp-16384.webp"] = riff((b"VP8L", lossless))
    lossy = base["lossy.webp"]
    found["webp-16383.webp"] = lossy[:26] + struct.pack("<HH", 16383, 16383) + lossy[30:]
    found["webp-0.webp"] = lossy[:26] + bytes(4) + lossy[30:]
    found["webp-canvas.webp"] = riff(canvas(0, 2**24, 2**24), (b"VP8 ", lossy[20:]))
    return found


def wrong(base, numbers):
    """Whole files that are refused all the same."""
    progressive = base["progressive.jpg"]
    scan = progressive.rindex(b"\xff\xda")
    found = {"animated.webp": animated_webp(base),
             "scans.jpg": progressive[:scan] + progressive[scan:-2] * 150 + b"\xff\xd9",
             "twelve-bit.jpg": base["444.jpg"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"),
             "inflates.png": png(numbers, 8, 2, extra=runs.chunk(
                 b"iCCP", b"p\0\0" + zlib.compress(bytes(100 << 20)))),
             "no-palette.png": png_file(1, 1, 8, 3, zlib.compress(b"\0\0")),
             "no-end.png": png(numbers, 8, 2)[:-12]}
    for depth, colour in ((3, 0), (16, 3), (1, 2), (8, 1), (8, 5), (8, 7), (0, 0), (255, 255)):
        found[f"depth{depth}-colour{colour}.png"] = png_file(9, 9, depth, colour, zlib.compress(b""))
    for bits, compression in ((2, 0), (5, 0), (0, 0), (8, 2), (4, 1), (24, 4), (24, 5), (32, 99)):
        found[f"bits{bits}-{compression}.bmp"] = bmp_file(WIDTH, HEIGHT, bits, bytes(9000),
                                                          bytes(1024), compression)
    return found


def damaged(name, content, numbers):
    """(name, content, what it becomes): copies with damage of each kind."""
    stem, suffix = os.path.splitext(name)
    # Checksums guard all of a PNG; the others may look like another picture.
    noticed = BAD if suffix == ".png" else ANY
    for i in range(1, CUTS + 1):
        yield f"{stem}-cut{i:02}{suffix}", content[:len(content) * i // (CUTS + 1)], BAD
    yield f"{stem}-short{suffix}", content[:-1], ANY
    for i in range(FLIPS):
        changed = bytearray(content)
        changed[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)
        yield f"{stem}-flip{i:02}{suffix}", bytes(changed), noticed
    for i in range(OTHER_DAMAGE):
        at = numbers.randrange(len(content) - 16)
        kinds = {"zeros": bytes(16), "ones": b"\xff" * 16, "noise": numbers.randbytes(16), "gap": b"",
                 "more": content[at:at + 16] * 2}
        for kind, bytes_there in kinds.items():
            yield (f"{stem}-{kind}{i:02}{suffix}", content[:at] + bytes_there + content[at + 16:],
                   ANY)


# ---- Runs ----------------------------------------------------------------------------------------

class Corpus:
    """A folder of files, and what each is to become."""

    def __init__(self, folder):
        self.folder, self.fates = folder, {}
        os.mkdir(folder)

    def add(self, place, name, content, fate):
        path = os.path.join(place, name)
        os.makedirs(os.path.join(self.folder, place), exist_ok=True)
        with open(os.path.join(self.folder, path), "wb") as file:
            file.write(content)
        self.fates[path] = fate


def usual(folder, encoder, numbers):
    corpus = Corpus(os.path.join(folder, "usual"))
    base = encoded(encoder, os.path.join(folder, "encoded"))
    whole = {**base, **pngs(numbers), **bmps(numbers)}
    for name, content in {**whole, **decorated(base, numbers)}.items():
        corpus.add("good", name, content, GOOD)
    for name, content in whole.items():
        for copy in damaged(name, content, numbers):
            corpus.add("damaged", *copy)
    for name, content in {**foreign(numbers), **claims(base, numbers), **wrong(base, numbers)}.items():
        corpus.add("bad", name, content, BAD)
    suffixes = (".jpg", ".png", ".webp", ".bmp", ".gif", ".JPEG")
    for name in ("444.jpg", "colour2-8.png", "lossy.webp", "24.bmp"):
        for suffix in suffixes:
            corpus.add("renamed", name + suffix, whole[name], GOOD)
    return corpus


def enormous(folder, encoder):
    """A few bytes that become as many pixels as are allowed, and such as fail only then."""
    corpus = Corpus(os.path.join(folder, "enormous"))
    base = encoded(encoder, os.path.join(folder, "encoded-2"))
    side = int(MOST_PIXELS ** 0.5)
    corpus.add("", "runs.bmp", bmp_file(side, side, 8, b"\0\1", bytes(1024), 1), GOOD)
    rows = zlib.compress(bytes(side * (1 + (side + 7) // 8)), 9)
    corpus.add("", "one-bit.png", png_file(side, side, 1, 0, rows), GOOD)
    corpus.add("", "flat-420.jpg", flat_progressive(side, 0x22), GOOD)
    corpus.add("", "flat-444.jpg", flat_progressive(side, 0x11), BAD)
    corpus.add("", "cut.png", png_file(side, side, 8, 6, zlib.compress(bytes(9))), BAD)
    for kind in ("444", "progressive", "arithmetic-progressive", "progressive-cmyk"):
        if kind + ".jpg" in base:
            corpus.add("", kind + ".jpg", jpeg_of_size(base[kind + ".jpg"], side, side), BAD)
    return corpus


def shipped(folder):
    """What packages of this machine ship; None where there is nothing."""
    places = os.environ.get("BW_PICTURES", "").split(":") + [
        os.path.join(sysconfig.get_path("stdlib"), "test"), sysconfig.get_path("purelib"),
        os.path.join(os.environ.get("BW_SOURCE_DIR", "."), "build", "test-venv"), "/usr/share"]
    found = sorted({os.path.realpath(os.path.join(where, name)) for place in places if place
                    for where, _, names in os.walk(place) for name in names
                    if name.lower().endswith(SUFFIXES)})
    if not found:
        return None
    corpus = Corpus(os.path.join(folder, "shipped"))
    for i, path in enumerate(found):
        name = f"{i:05}.jpg"  # which folders' readers take up; content tells the kind
        os.symlink(path, os.path.join(corpus.folder, name))
        corpus.fates[name] = ANY
    return corpus


class Bench:
    def __init__(self, program, folder, sanitized):
        self.program, self.folder, self.sanitized = program, folder, sanitized
        self.tally, self.peaks = runs.Tally(), {}

    def annotate(self, what, paths, out, cap, *options):
        """A run; each name's (boxes, size, why not)."""
        command = runs.command(self.program, paths, out, "--conf", "0", *options)
        status, words, memory = runs.finish_measured(command)
        self.tally.expect(status in (0, 3), f"{what}: status {status}: {words[-3000:]}")
        self.tally.expect("Sanitizer" not in words and "runtime error" not in words,
                          f"{what}: {words[-3000:]}")
        if not self.sanitized:
            self.tally.expect(memory <= cap, f"{what}: {memory:.0f} MB, allowed are {cap:.0f}")
            self.peaks[what] = max(memory, self.peaks.get(what, 0))
        rows = runs.query(out, "SELECT name, boxes, width, height, message FROM items LEFT JOIN"
                               " errors ON item = number")
        self.tally.expect((status == 3) == any(row[4] for row in rows), f"{what}: status {status}")
        return {row[0]: row[1:] for row in rows}

    def check(self, what, corpus, found):
        """Every file is there once, annotated or refused with its reason, and as is known of it."""
        self.tally.expect(set(found) == set(corpus.fates), f"{what}: not all files are recorded")
        for name, fate in corpus.fates.items():
            boxes, _, _, message = found[name]
            self.tally.expect((boxes is None) == bool(message), f"{what}: {name}: {found[name]}")
            became = BAD if boxes is None else GOOD
            self.tally.expect(fate in (ANY, became), f"{what}: {name} is {became}: {found[name]}")
            self.tally.counts[f"{what}, of which {fate} was due: {became}"] += 1

    def counted(self, what, out, found):
        """What the run tells of itself is what its database holds."""
        with open(os.path.join(out, "progress.json"), encoding="utf-8") as file:
            told = json.load(file)
        bad = sum(1 for row in found.values() if row[0] is None)
        numbers = told["pictures"], told["failed"]
        self.tally.expect(numbers == (len(found) - bad, bad), f"{what}: it tells {numbers}")

    def sizes(self, found):
        for name, (_, width, height, _) in found.items():
            place, file = os.path.split(name)
            turned = file in ("turned.webp",) or (file[:6] == "turned" and file[6] in "5678")
            if place in ("good", "renamed"):
                right = (HEIGHT, WIDTH) if turned else (WIDTH, HEIGHT)
                self.tally.expect((width, height) == right, f"{name}: {width} x {height}")

    def labels(self, out):
        return {path: digest for path, digest in runs.final_files(out).items()
                if path.startswith("labels/")}

    def try_usual(self, corpus):
        out, again, alone = (os.path.join(self.folder, name) for name in ("out", "again", "alone"))
        found = self.annotate("small pictures", corpus.folder, out, SMALL)
        self.check("small pictures", corpus, found)
        self.counted("small pictures", out, found)
        self.sizes(found)
        other = self.annotate("small pictures", corpus.folder, again, SMALL, "--threads", "3",
                              "--batch", "4")
        self.tally.expect(other == found, "other threads find something else")
        self.tally.expect(self.labels(out) == self.labels(again), "other threads label otherwise")
        self.annotate("good pictures", os.path.join(corpus.folder, "good"), alone, SMALL)
        beside = {path: digest for path, digest in self.labels(out).items() if "/good/" in path}
        without = {path.replace("labels/", "labels/good/", 1): digest
                   for path, digest in self.labels(alone).items()}
        self.tally.expect(beside == without and len(without) == sum(
            path.startswith("good") for path in corpus.fates), "good labels differ beside bad files")

    def try_enormous(self, corpus):
        out = os.path.join(self.folder, "out-enormous")
        found = self.annotate("enormous pictures", corpus.folder, out, ENORMOUS,
                              "--no-report")
        self.check("enormous pictures", corpus, found)

    def try_shipped(self, corpus):
        if not corpus:
            print("no package of this machine ships pictures")
            return
        out = os.path.join(self.folder, "out-shipped")
        found = self.annotate("pictures of packages", corpus.folder, out, ENORMOUS)
        self.check("pictures of packages", corpus, found)
        self.counted("pictures of packages", out, found)


def main():
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        numbers = random.Random(int(os.environ.get("BW_SEED", "7")))
        bench = Bench(sys.argv[1], folder, "--sanitized" in sys.argv[3:])
        bench.try_usual(usual(folder, sys.argv[2], numbers))
        bench.try_enormous(enormous(folder, sys.argv[2]))
        bench.try_shipped(shipped(folder))
        for what, memory in bench.peaks.items():
            print(f"{memory:9.0f} MB at most: {what}")
    return bench.tally.end("every file was annotated or refused as it is")


sys.exit(main())
