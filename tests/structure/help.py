"""Checks that the manual page and the completions name every verb and option of the program.

usage: help.py PROGRAM PACKAGING-FOLDER
"""

import os
import re
import subprocess
import sys


def help_of(program, *verb):
    return subprocess.run([program, *verb, "--help"], check=True, capture_output=True,
                          text=True).stdout


def verbs_of(program):
    section = help_of(program).split("\nVerbs\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in section.splitlines()]


def options_of(text):
    return re.findall(r"^  (?:-[a-z], )?--([a-z0-9-]+)", text, re.MULTILINE)


def section(text, start, end):
    """The text from the first match of `start` up to the next of `end`."""
    begin = re.search(start, text, re.MULTILINE)
    if not begin:
        return ""
    rest = text[begin.end():]
    stop = re.search(end, rest, re.MULTILINE)
    return rest[:stop.start()] if stop else rest


def manual_words(text):
    """The manual page's text with its escapes undone."""
    return text.replace("\\-", "-")


def complete(folder, *words):
    """What the bash completion offers after these words."""
    script = ('source "$0"; COMP_WORDS=(boxwright "$@"); COMP_CWORD=$#; '
              '_boxwright 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script, os.path.join(folder, "boxwright.bash"), *words],
                          check=True, capture_output=True, text=True).stdout.split()


def read(folder, name):
    with open(os.path.join(folder, name)) as file:
        return file.read()


def check_verb(folder, verb, options):
    manual = manual_words(read(folder, "boxwright.1"))
    told = (section(manual, rf"^\.SS {verb}\b", r"^\.S[SH] ")
            + section(manual, r"^\.SS Options of the network", r"^\.SH ")
            + section(manual, r"^\.SH DESCRIPTION", r"^\.S[SH] "))
    zsh = read(folder, "_boxwright")
    groups = "".join(section(zsh, rf"^{group}=\($", r"^\)$")
                     for group in ("network", "precision", "machine"))
    function = section(zsh, rf"^_boxwright_{verb}\(\) ", r"^}$")
    offered = complete(folder, verb, "--")
    for option in options:
        if not re.search(rf"--{option}\b(?!-)", told):
            yield f"boxwright.1 does not tell about {verb} --{option}"
        if f"--{option}" not in offered:
            yield f"boxwright.bash does not offer {verb} --{option}"
        if not re.search(rf"'--{option}[=\[]", function + groups):
            yield f"_boxwright does not offer {verb} --{option}"
    for name in offered:
        if name[2:] not in options:
            yield f"boxwright.bash offers {verb} {name}, which the program does not have"


def main(program, folder):
    faults = []
    verbs = verbs_of(program)
    count = 0
    for verb in verbs:
        if verb not in complete(folder, ""):
            faults.append(f"boxwright.bash does not offer the verb {verb}")
        options = options_of(help_of(program, verb))
        count += len(options)
        faults.extend(check_verb(folder, verb, options))
    if not verbs or not count:
        faults.append("the program's help lists no verbs or no options")
    print("\n".join(faults) or f"{count} options of {len(verbs)} verbs are told and offered")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:]))
