"""File systems that the fault tests make for themselves. They need root, loop devices and mkfs.ext4."""

import errno
import fcntl
import os
import shutil
import struct
import subprocess
import sys

SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2
SKIPPED = 77


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


class Disk:
    """An ext4 file system in a file."""

    def __init__(self, folder, size, *options):
        """Of so many bytes, made with more options of mkfs.ext4. Ends the test where that cannot be."""
        self.image = os.path.join(folder, "disk")
        self.place = os.path.join(folder, "mounted")
        os.mkdir(self.place)
        if os.geteuid() != 0:
            skip("only root can mount")
        for tool in ("mkfs.ext4", "mount", "umount"):
            if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                skip(f"{tool} is missing")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        with open(self.image, "wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", *options, self.image], check=True)
        tried = subprocess.run(["mount", "-o", "loop", self.image, self.place],
                               capture_output=True, text=True)
        if tried.returncode != 0:
            skip("no loop device can be mounted: " + tried.stderr.strip())

    def cut(self):
        """Takes the power away and gives it back."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
        except OSError as problem:
            if problem.errno in (errno.ENOTTY, errno.EOPNOTSUPP):
                skip("this kernel cannot shut a file system down")
            raise
        finally:
            os.close(folder)
        self.leave()
        subprocess.run(["mount", "-o", "loop", self.image, self.place], check=True)

    def leave(self):
        subprocess.run(["umount", self.place], check=True)
