"""Pictures for tests, good and bad, made from nothing but the standard library.

    pictures.py good FILE...   a small valid picture of the kind that the suffix names
    pictures.py bad FOLDER     a folder of files that cannot be decoded, one a kind of damage
"""
import base64
import os
import struct
import sys
import zlib

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywt"
    "QFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09PT09PT09PT09PT09PT09PT0//wgARCAAQABgDASIAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAQFA//E"
    "ABUBAQEAAAAAAAAAAAAAAAAAAAMF/9oADAMBAAIQAxAAAAGTu8wgoFYCp//EABYQAAMAAAAAAAAAAAAAAAAAAAABA//a"
    "AAgBAQABBQJTFMUxTFMUz//EABgRAAIDAAAAAAAAAAAAAAAAAAAEAgMh/9oACAEDAQE/AaWCDGH/xAAXEQADAQAAAAAA"
    "AAAAAAAAAAAAAQMC/9oACAECAQE/AdWHY//EABQQAQAAAAAAAAAAAAAAAAAAACD/2gAIAQEABj8CX//EABYQAQEBAAAA"
    "AAAAAAAAAAAAAABhEP/aAAgBAQABPyFSSSSy/9oADAMBAAIAAwAAABAnL//EABcRAQADAAAAAAAAAAAAAAAAAAAhMVH/"
    "2gAIAQMBAT8Qqlof/8QAFhEBAQEAAAAAAAAAAAAAAAAAACEx/9oACAECAQE/EDXX/8QAFhABAQEAAAAAAAAAAAAAAAAA"
    "YQAg/9oACAEBAAE/EAyAAF//2Q==")
WEBP = base64.b64decode(
    "UklGRi4AAABXRUJQVlA4TCIAAAAvF8ADALkyRPQ/dhHR/wCRtk0d3L/jwcNRGMCYAKoeqP8E")


def chunk(kind, body, crc=None):
    crc = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png(width=24, height=16, claim=None, depth=8, colour=2, data=None, crc=None):
    rows = b"".join(b"\0" + bytes((x * 10 + y * 5 + c * 80) % 256 for x in range(width)
                                  for c in range(3)) for y in range(height))
    header = struct.pack(">IIBBBBB", *(claim or (width, height)), depth, colour, 0, 0, 0)
    data = zlib.compress(rows) if data is None else data
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header, crc) + chunk(b"IDAT", data) +
            chunk(b"IEND", b""))


def bmp(width=24, height=16, bits=24, header=40, compression=0, offset=54):
    row = (24 * 3 + 3) // 4 * 4
    return (b"BM" + struct.pack("<IHHI", 54 + row * 16, 0, 0, offset) +
            struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, row * 16, 0, 0,
                        0, 0) + bytes(range(256)) * 5)[:54 + row * 16]


def jpeg_of_size(width, height):
    at = JPEG.index(b"\xff\xc2") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4:]


def bad_files():
    """Name and content of a file of each kind of damage."""
    scan = JPEG.index(b"\xff\xda")
    return {
        "01-empty.jpg": b"",
        "02-one-byte.jpg": b"\xff",
        "03-text.jpg": b"this is no picture\n",
        "04-zeros.png": bytes(4096),
        "05-html.jpg": b"<!doctype html><html><body>404 Not Found</body></html>",
        "06-jpeg-soi-only.jpg": JPEG[:2],
        "07-jpeg-no-scan.jpg": JPEG[:scan],
        "08-jpeg-cut-in-tables.jpg": JPEG[:120],
        "09-jpeg-no-width.jpg": jpeg_of_size(0, 16),
        "10-jpeg-huge.jpg": jpeg_of_size(65500, 65500),
        "11-jpeg-no-tables.jpg": JPEG[:2] + JPEG[JPEG.index(b"\xff\xc2"):],
        "12-jpeg-noise.jpg": JPEG[:4] + bytes((i * 73) % 256 for i in range(500)),
        "13-png-signature-only.png": png()[:8],
        "14-png-cut-header.png": png()[:20],
        "15-png-cut-data.png": png()[:60],
        "16-png-bad-crc.png": png(crc=0),
        "17-png-no-width.png": png(claim=(0, 16)),
        "18-png-huge.png": png(claim=(2000000, 2000000)),
        "19-png-bad-depth.png": png(depth=7),
        "20-png-bad-colour.png": png(colour=5),
        "21-png-bad-data.png": png(data=b"not zlib"),
        "22-png-too-little-data.png": png(data=zlib.compress(bytes(10))),
        "23-webp-cut.webp": WEBP[:20],
        "24-webp-riff-only.webp": b"RIFF\x04\0\0\0WEBP",
        "25-webp-noise.webp": WEBP[:21] + bytes((i * 91 + 7) % 256 for i in range(33)),
        "26-bmp-cut.bmp": bmp()[:40],
        "27-bmp-no-pixels.bmp": bmp()[:54],
        "28-bmp-no-width.bmp": bmp(width=0),
        "29-bmp-bad-depth.bmp": bmp(bits=5),
        "30-bmp-huge.bmp": bmp(width=2**30, height=2**30),
        "31-bmp-bad-header.bmp": bmp(header=7),
        "32-gif.gif": b"GIF89a\x01\0\x01\0\0\0\0;",
        "33-tiff.tif": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        "34-pdf.jpg": b"%PDF-1.4\n%%EOF\n",
        "35-zip.png": b"PK\x05\x06" + bytes(18),
        "36-elf.jpg": b"\x7fELF" + bytes(60),
    }


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def main():
    if sys.argv[1] == "good":
        makers = {b".png": png(), b".bmp": bmp(), b".webp": WEBP}
        for path in map(os.fsencode, sys.argv[2:]):
            write(path, makers.get(os.path.splitext(path)[1], JPEG))
        return
    folder = sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    for name, content in bad_files().items():
        write(os.path.join(folder, name), content)
    os.mkfifo(os.path.join(folder, "37-fifo.jpg"))
    os.symlink("nowhere", os.path.join(folder, "38-dangling.jpg"))
    os.symlink("39-loop.jpg", os.path.join(folder, "39-loop.jpg"))


main()
