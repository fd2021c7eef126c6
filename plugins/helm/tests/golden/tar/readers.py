"""Runs every reader of tar over an archive, and says in a word how each compares with helm."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).parent

# What helm is compared with. Owners are left out: no case is about them.
PROGRAMS = {
    "gnu": ["tar", "-xzof"],
    "bsd": ["bsdtar", "-xzof"],
    "busybox": ["busybox", "tar", "-xzof"],
}
READERS = [*PROGRAMS, "python"]


def loader(folder, helm3, helm4):
    """Builds the Go program that loads charts as helm does."""
    shutil.copy(HERE / "loader.go", folder / "main.go")
    for command in (
        ["go", "mod", "init", "loader"],
        ["go", "get", f"helm.sh/helm/v3@{helm3}", f"helm.sh/helm/v4@{helm4}"],
        ["go", "mod", "tidy"],
        ["go", "build", "-o", "loader"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "loader"


def digest(content):
    return hashlib.sha256(content).hexdigest()[:12]


def helm(program, paths):
    """What helm 3 and helm 4 load of each, which is the same."""
    asked = "\n".join(map(str, paths)) + "\n"
    run = subprocess.run([program], input=asked, capture_output=True, text=True, check=True)
    answers = []
    for path, line in zip(paths, run.stdout.splitlines(), strict=True):
        helm3, helm4 = (json.loads(line)[name] for name in ("helm3", "helm4"))
        if ("error" in helm3, helm3["files"]) != ("error" in helm4, helm4["files"]):
            sys.exit(f"{path}: helm 3 and helm 4 load it differently: {line}")
        if "error" in helm3:
            answers.append(None)
            continue
        files = helm3["files"] or []
        answers.append([(os.fsdecode(bytes.fromhex(name)), content) for name, content in files])
    return answers


def clean(path):
    """A path as a file system has it."""
    return os.path.normpath(path)


def unpacked(folder):
    """What lies in a folder: files with their digests, and all else with its kind."""
    found = {}
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in folders + files:
            path = os.path.join(parent, name)
            shown = os.path.relpath(path, os.fsencode(folder)).decode("utf-8", "surrogateescape")
            if os.path.islink(path):
                found[shown] = "link"
            elif os.path.isfile(path):
                size = os.path.getsize(path)
                with open(path, "rb") as opened:
                    found[shown] = digest(opened.read()) if size <= 1 << 20 else f"{size} bytes"
                if os.stat(path).st_nlink > 1:
                    found[shown] = "hard link"
            elif not os.path.isdir(path):
                found[shown] = "special"
    return found


def by_program(command, archive):
    """What a program unpacks, and whether it is content with the archive."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["timeout", "60", *command, archive, "-C", folder],
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )
        return unpacked(folder), run.returncode == 0


def by_python(archive):
    """What Python's tarfile would unpack."""
    found = {}
    try:
        with tarfile.open(archive, "r:gz", encoding="utf-8", errors="surrogateescape") as opened:
            for member in opened:
                if member.isreg():
                    found[clean(member.name)] = digest(opened.extractfile(member).read())
                elif not member.isdir():
                    found[clean(member.name)] = "special"
    except Exception:  # whatever it stumbles over
        return found, False
    return found, True


def compared(loaded, read):
    """Same files; fewer of them and an error; or others than helm."""
    found, is_content = read
    wanted = {clean(path): content for path, content in loaded}
    if found == wanted and len(wanted) == len(loaded):
        return "same"
    if not is_content and found.items() <= wanted.items():
        return "fails"
    return "other"


def ask(program, archives):
    """How the readers take each archive, by its name: `none` where helm loads nothing."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, content in enumerate(archives.values()):
            paths.append(pathlib.Path(folder) / f"{number}.tgz")
            paths[-1].write_bytes(content)
        loaded = helm(program, paths)

        def row(path, files):
            if files is None:
                return "none"
            words = [compared(files, by_program(PROGRAMS[name], path)) for name in PROGRAMS]
            return " ".join([*words, compared(files, by_python(path))])

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, answer in zip(archives, pool.map(row, paths, loaded)):
                rows[name] = answer
    return rows
