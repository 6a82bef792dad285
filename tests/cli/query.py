"""query.py DIR SQL: prints the rows that a run's database yields, values parted by '|'.

Bytes that are not printable ASCII are shown as escapes, so that the output is plain text.
"""
import sqlite3
import sys


def show(value):
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return "".join(chr(b) if 32 <= b < 127 else "\\x%02x" % b for b in value)
    return "NULL" if value is None else str(value)


database = sqlite3.connect(sys.argv[1] + "/run.db")
for row in database.execute(sys.argv[2]):
    print("|".join(show(value) for value in row))
