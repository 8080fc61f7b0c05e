"""Writes the file lists of the two CMakeLists.txt from the disk; with --check, fails where they differ.

Slicer's build copies only listed files: one that is not listed works in the source tree and is missing once installed.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The folder of each CMakeLists.txt, and what its variables are called
FOLDERS = {"LiverTumorSeg": "MODULE_PYTHON", "LiverTumorSegLib": "LIBRARY_PYTHON"}


def on_disk(folder: Path) -> dict[str, list[str]]:
    """The files that an installation needs, by the ending of the variable that lists them: SCRIPTS and RESOURCES."""
    paths = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    # Caches, and what desktops and editors leave behind (.DS_Store, .x.swp), are nobody's resources.
    files = sorted(
        path.as_posix()
        for path in paths
        if path.name != "CMakeLists.txt" and not any(part.startswith((".", "__pycache__")) for part in path.parts)
    )
    return {
        "SCRIPTS": [name for name in files if name.endswith(".py")],
        "RESOURCES": [name for name in files if not name.endswith((".py", ".pyc"))],
    }


def find_list(cmake_text: str, variable: str) -> re.Match[str]:
    """`set(VARIABLE` with its names, one a line, up to the closing parenthesis; ends the program where it is absent."""
    found = re.search(rf"^set\({variable}\n(?P<names>(?:  [^\s)]+\n)*)  \)$", cmake_text, re.MULTILINE)
    if found is None:
        sys.exit(f"Found no list set({variable} ...) with one file a line. Restore it in CMakeLists.txt.")
    return found


def differences(root: Path) -> list[str]:
    """One line for every file that is listed but absent or present but not listed, and for every unsorted list."""
    told = []
    for folder, prefix in FOLDERS.items():
        text = (root / folder / "CMakeLists.txt").read_text(encoding="utf-8")
        for kind, present in on_disk(root / folder).items():
            names = find_list(text, f"{prefix}_{kind}")["names"].split()
            told += [f"{folder}/{name} is listed but absent" for name in sorted(set(names) - set(present))]
            told += [f"{folder}/{name} is present but not listed" for name in sorted(set(present) - set(names))]
            if set(names) == set(present) and names != present:
                told.append(f"{folder}/CMakeLists.txt: {prefix}_{kind} is not sorted or names a file twice")
    return told


def write(root: Path) -> None:
    """Rewrites the lists, and nothing else, in both CMakeLists.txt."""
    for folder, prefix in FOLDERS.items():
        file = root / folder / "CMakeLists.txt"
        text = file.read_text(encoding="utf-8")
        for kind, present in on_disk(root / folder).items():
            found = find_list(text, f"{prefix}_{kind}")
            start, end = found.span("names")
            text = text[:start] + "".join(f"  {name}\n" for name in present) + text[end:]
        file.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a list differs from the disk")
    parser.add_argument("--root", type=Path, default=ROOT, help="the source tree (default: this one)")
    options = parser.parse_args()
    if not options.check:
        write(options.root)
    elif told := differences(options.root):
        sys.exit("\n  ".join(["Run python tools/cmake_lists.py:", *told]))


if __name__ == "__main__":
    main()
