"""Runs a command and prints, as JSON, how long it took and the most memory it held.

usage: python3 -I -S fresh.py COMMAND…

The kernel counts what a process was copied from as its own memory, so this one stays small.
"""
import json
import os
import sys
import time

start = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "bytes": 1024 * usage.ru_maxrss}))
sys.exit(os.waitstatus_to_exitcode(status) != 0)
