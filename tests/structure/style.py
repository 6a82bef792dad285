"""Checks the measurable rules of CONTRIBUTING.md: lengths, left-overs, forbidden calls.

usage: style.py SOURCE-FOLDER
"""

import os
import re
import sys

TREES = ("include", "src", "apps", "tests", "bench", "scripts", "cmake", "docs", "packaging")
CODE = (".c", ".h", ".def", ".inc")
TEXT = CODE + (".py", ".sh", ".txt", ".cmake", ".md", ".bash")
FILE_LINES, HEADER_LINES, COLUMNS = 800, 800, 100
MEDIAN, NINTH_DECILE, LONGEST = 15, 50, 70
# Assembled, so that this file passes its own check.
LEFT_OVERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
FORBIDDEN_CALLS = re.compile(r"\b(system|alloca|sprintf|gets)\s*\(")
ENDS_PROCESS = re.compile(r"\b(exit|_exit|abort|quick_exit)\s*\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)


def files(root, suffixes):
    for tree in TREES:
        for folder, folders, names in os.walk(os.path.join(root, tree)):
            folders[:] = [f for f in folders if f not in ("__pycache__", "corpus")]
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def is_kernel(path):
    return path.startswith("src/kernels/")


def function_lengths(text):
    """(first line, lines) of each function: from the brace in the first column to its end."""
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start - 1
            start = None


def bare_code(text):
    """The text without comments and strings, line breaks kept."""
    return COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def check_text(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end of the line"
        if LEFT_OVERS.search(line):
            yield f"{path}:{number}: a left-over mark"
        if path.endswith(CODE) and "\t" in line:
            yield f"{path}:{number}: a tab"
        if path.endswith(CODE) and len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, allowed are {COLUMNS}"
    if text and not text.endswith("\n"):
        yield f"{path}: the last line does not end"


def check_code(path, text):
    lines = text.count("\n")
    limit = HEADER_LINES if path.startswith("include/") else FILE_LINES
    if lines > limit and not is_kernel(path):
        yield f"{path}: {lines} lines, allowed are {limit}"
    code = bare_code(text)
    for match in FORBIDDEN_CALLS.finditer(code):
        yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: calls {match.group(1)}"
    if path.startswith("src/"):
        for match in ENDS_PROCESS.finditer(code):
            yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: ends the process"


def check_functions(root, paths, table):
    """The lengths of all functions outside the kernels and the tests, as a whole and singly."""
    lengths = []
    for path in paths:
        if not path.startswith(("src/", "apps/")) or is_kernel(path):
            continue
        for line, length in function_lengths(read(root, path)):
            lengths.append(length)
            if length > LONGEST:
                yield f"{path}:{line}: a function of {length} lines, allowed are {LONGEST}"
    lengths.sort()
    if not lengths:
        yield "no functions found"
        return
    median, decile = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
    table.append(f"{len(lengths)} functions: median {median} lines, 90th percentile {decile}, "
                 f"longest {lengths[-1]}")
    if median > MEDIAN or decile > NINTH_DECILE:
        yield f"{table[-1]}; allowed are {MEDIAN} and {NINTH_DECILE}"


def main(root):
    faults, table = [], []
    for path in files(root, TEXT):
        faults.extend(check_text(path, read(root, path)))
    code = list(files(root, CODE))
    for path in code:
        faults.extend(check_code(path, read(root, path)))
    faults.extend(check_functions(root, code, table))
    print("\n".join(faults + table))
    return 1 if faults else 0


sys.exit(main(sys.argv[1]))
