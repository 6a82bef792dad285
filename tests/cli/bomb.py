"""Writes a small tar.gz with a member that unpacks to 2 GiB of zeros: bomb.py FILE"""
import sys
import tarfile
import zlib

PART = 1 << 22

member = tarfile.TarInfo("a.bin")
member.size = 2 << 30
deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
with open(sys.argv[1], "wb") as file:
    file.write(deflate.compress(member.tobuf()) + deflate.flush(zlib.Z_FULL_FLUSH))
    zeros = deflate.compress(bytes(PART)) + deflate.flush(zlib.Z_FULL_FLUSH)
    for _ in range(member.size // PART // 8):
        file.write(zeros * 8)
