"""Makes the archives of the case `archives`, in the present folder, of the pictures a.jpg and b.png."""
import gzip
import io
import struct
import tarfile
import zipfile

A = open("a.jpg", "rb").read()
B = open("b.png", "rb").read()


def zip_of(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)


def add(archive, name, content, **fields):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    archive.addfile(member, io.BytesIO(content))


def tar_of(path, mode, fill):
    with tarfile.open(path, mode, format=tarfile.GNU_FORMAT) as archive:
        fill(archive)


def good(archive):
    add(archive, "in/a.jpg", A)
    add(archive, "in/deep/b.png", B)
    add(archive, "in/read.me", b"no picture")


def odd(archive):
    for name in "/etc/a.jpg", "../../up.jpg", "./x/../y//b.png", ".hidden/a.jpg", "._a.jpg":
        add(archive, name, A)
    add(archive, "a.jpg", A)
    add(archive, "link.jpg", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    add(archive, "hard.jpg", b"", type=tarfile.LNKTYPE, linkname="a.jpg")
    add(archive, "pipe.jpg", b"", type=tarfile.FIFOTYPE)
    add(archive, "folder.jpg", b"", type=tarfile.DIRTYPE)
    add(archive, "latin-\udce4.jpg", A)
    add(archive, "text.jpg", b"this is no picture")
    add(archive, "last.jpg", A)


def cut(path, source, keep):
    content = open(source, "rb").read()
    open(path, "wb").write(content[:keep(len(content))])


zip_of("good.zip", [("in/a.jpg", A), ("in/deep/b.png", B), ("in/read.me", b"no picture"),
                    ("__MACOSX/in/._a.jpg", b"junk"), ("in/\u00e4\u6f22.jpg", A)])
zip_of("stored.zip", [("a.jpg", A)], zipfile.ZIP_STORED)
for kind in "gz", "bz2", "xz":
    tar_of("good.tar." + kind, "w:" + kind, good)
tar_of("good.tar", "w", good)
tar_of("odd.tar", "w", odd)
cut("cut.tar", "good.tar", lambda size: 1024 + 512 + 10)
cut("torn.tar", "good.tar", lambda size: 512 + 100)
cut("cut.tar.gz", "good.tar.gz", lambda size: size * 2 // 3)
cut("cut.zip", "good.zip", lambda size: size // 2)

content = bytearray(open("good.zip", "rb").read())
content[content.index(b"in/a.jpg") + 40] ^= 0xFF
open("damaged.zip", "wb").write(content)

content = bytearray(open("stored.zip", "rb").read())
for signature, offset in (b"PK\3\4", 6), (b"PK\1\2", 8):
    content[content.index(signature) + offset] |= 1
open("locked.zip", "wb").write(content)

content = bytearray(open("stored.zip", "rb").read())
for signature, offset in (b"PK\3\4", 18), (b"PK\1\2", 20):
    at = content.index(signature) + offset
    content[at:at + 8] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
open("claim.zip", "wb").write(content)

open("twice.tar.gz", "wb").write(gzip.compress(open("good.tar.gz", "rb").read()))
open("empty.zip", "wb").close()
open("text.tar", "w").write("this is no archive\n")
