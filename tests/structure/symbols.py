"""Checks what the two libraries show to a linker.

The shared library exports exactly the functions that the public header declares with BW_API; every
global symbol of the static one begins with bw_; and neither holds writable data but for the names
in STATE, each with its excuse.

usage: symbols.py HEADER SHARED STATIC
"""

import re
import subprocess
import sys

# Writable data of the library: found out once, the same for everyone, guarded where it is set.
STATE = {
    "probed": "guards the two below",
    "probed_features": "the processor's features",
    "probed_name": "the processor's name",
}
WRITABLE_SECTION = re.compile(r"(\.(t?data|t?bss)(?!\.rel\.ro)|\*COM\*)")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def global_symbols(*options):
    """The defined global symbols that nm prints, without ELF's version suffixes."""
    lines = run("nm", "--defined-only", "--extern-only", "--format=posix", *options).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 2}


def declared_functions(header):
    with open(header) as file:
        text = re.sub(r"/\*.*?\*/|^#[^\n]*", "", file.read(), flags=re.DOTALL | re.MULTILINE)
    declarations = re.findall(r"BW_API\b([^;{]*);", text)
    return {re.search(r"(\w+)\s*\(", declaration).group(1) for declaration in declarations}


def writable_data(static):
    """Names of the objects in writable sections; constants that need relocation are not among."""
    names = set()
    for line in run("objdump", "--syms", static).splitlines():
        match = re.search(r" O (\S+)\s+\S+ (?:\.hidden )?(\S+)$", line)
        if match and WRITABLE_SECTION.match(match.group(1)):
            names.add(re.sub(r"\.\d+$", "", match.group(2)))
    return names


def main(header, shared, static):
    faults = []
    declared = declared_functions(header)
    exported = global_symbols("--dynamic", shared)
    for name in sorted(exported - declared):
        faults.append(f"the shared library exports {name}, which the public header does not declare")
    for name in sorted(declared - exported):
        faults.append(f"the public header declares {name}, which the shared library lacks")
    for name in sorted(n for n in global_symbols(static) if not n.startswith("bw_")):
        faults.append(f"the static library's {name} does not begin with bw_")
    for name in sorted(writable_data(static) - STATE.keys()):
        faults.append(f"{name} is writable data: the library keeps no global state")
    print("\n".join(faults) or f"{len(exported)} functions exported, all declared")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:]))
