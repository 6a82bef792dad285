"""Checks every #include of src/ and apps/ against the table in layers.txt.

usage: includes.py SOURCE-FOLDER
"""

import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_table(path):
    """The table as dicts by kind of line: its name → what follows the colon."""
    tables = {"layer": {}, "library": {}, "generated": {}}
    with open(path) as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                kind, rest = line.split(maxsplit=1)
                name, allowed = rest.split(":")
                tables[kind][name] = allowed.split()
    return tables


def layer_of(path):
    return "/".join(path.split("/")[:2])


def within(path, prefixes):
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


def sources(root):
    for top in ("src", "apps"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".def", ".inc")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def resolve(root, path, name):
    """The included file's path from the root, or None when it is not ours."""
    for base in ("src", "include", os.path.dirname(path), layer_of(path)):
        candidate = os.path.normpath(os.path.join(base, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_library(path, name, libraries):
    for header, folders in libraries.items():
        if within(name, [header]) and not within(path, folders):
            return f"{path} includes {name}, which only {' '.join(folders)} may know"
    return None


def check_include(root, path, quote, name, tables):
    """One sentence about what is wrong with an include, or None."""
    if within(path, tables["generated"].get(name, [])):
        return None
    target = resolve(root, path, name) if quote == '"' or name.startswith("boxwright/") else None
    if target is None:
        if quote == '"':
            return f'{path} includes "{name}", which is no file of ours'
        return check_library(path, name, tables["library"])
    allowed = tables["layer"].get(layer_of(path))
    if allowed is None:
        return f"{path} stands in a folder that layers.txt does not know"
    if within(target, ["include", layer_of(path), *allowed]):
        return None
    return f"{path} includes {target}, which its layer may not"


def main(root):
    tables = read_table(os.path.join(os.path.dirname(__file__), "layers.txt"))
    faults, count = [], 0
    for path in sources(root):
        with open(os.path.join(root, path)) as file:
            for quote, name in INCLUDE.findall(file.read()):
                count += 1
                fault = check_include(root, path, quote, name, tables)
                if fault:
                    faults.append(fault)
    print("\n".join(faults) or f"{count} includes follow the layers")
    return 1 if faults or count == 0 else 0


sys.exit(main(sys.argv[1]))
