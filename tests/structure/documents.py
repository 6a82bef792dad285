"""Checks the Markdown files: every link into the tree leads somewhere, and every folder of src/
has its page.

usage: documents.py SOURCE-FOLDER
"""

import os
import re
import sys

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SKIPPED = {".git", "build", "assets", "out"}


def documents(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED]
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)


def dead_links(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for target in LINK.findall(file.read()):
            if ":" not in target and not os.path.exists(
                    os.path.join(root, os.path.dirname(path), target)):
                yield f"{path} links to {target}, which does not exist"


def missing_pages(root):
    for name in sorted(os.listdir(os.path.join(root, "src"))):
        if os.path.isdir(os.path.join(root, "src", name)):
            page = f"docs/source/{name}.md"
            if not os.path.exists(os.path.join(root, page)):
                yield f"src/{name} has no page {page}"


def main(root):
    paths = list(documents(root))
    faults = [fault for path in paths for fault in dead_links(root, path)]
    faults.extend(missing_pages(root))
    print("\n".join(faults) or f"{len(paths)} documents, every link leads somewhere")
    return 1 if faults else 0


sys.exit(main(sys.argv[1]))
