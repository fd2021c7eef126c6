"""Charts as real programs pack them, by the program and how it was called."""

import gzip
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

CHART = "apiVersion: v2\nname: web\nversion: 1.2.3\n"
LONG = "x" * 90
FILES = {
    "Chart.yaml": CHART,
    "values.yaml": "a: b\n",
    "empty": "",
    "templates/NOTES.txt": "notes\n",
    "templates/_helpers.tpl": "{{/* none */}}\n",
    "files/\u00e4\u4e2d.txt": "UTF-8\n",
    "files/with space.txt": "space\n",
    f"files/{LONG}{LONG}.txt": "a long name\n",
    f"files/{LONG}/{LONG}/{LONG}.txt": "a long path\n",
    "files/block.bin": "b" * 512,
    "run.sh": "#!/bin/sh\n",
}


def make(folder, names):
    """Writes a chart to a folder: with odd modes and a time with a fraction."""
    root = pathlib.Path(folder) / "web"
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name])
        os.utime(path, ns=(1_700_000_000_123_456_789,) * 2)
    if "run.sh" in names:
        (root / "run.sh").chmod(0o4755)


PLAIN = [name for name in FILES if name.isascii() and len(name) < 80]
SHORT = [name for name in FILES if len(name) < 200 and name.isascii()]
ALL = list(FILES)

# What each takes: old forms have no room for long names, or for large owners.
COMMANDS = {
    **{
        f"GNU tar, {form}": (["tar", f"--format={form}", "-czf", "OUT", "web"], names)
        for form, names in
        {"v7": PLAIN, "ustar": PLAIN, "oldgnu": ALL, "gnu": ALL, "posix": ALL}.items()
    },
    **{
        f"GNU tar, {form}, {what}": (["tar", f"--format={form}", *options, "-czf", "OUT", "web"], ALL)
        for form in ("gnu", "posix")
        for what, options in {
            "large owner": ["--owner=big:3000000", "--group=big:4000000"],
            "owners as numbers": ["--numeric-owner"],
            "far time": ["--mtime=@20000000000"],
            "early time": ["--mtime=@-100"],
            "sorted, no owners": ["--sort=name", "--owner=0", "--group=0", "--mtime=@0"],
            "xattrs": ["--xattrs", "--acls", "--selinux"],
            "blocking": ["-b", "1"],
        }.items()
    },
    "GNU tar, posix, no times": (
        ["tar", "--format=posix", "--pax-option=delete=atime,delete=ctime", "-czf", "OUT", "web"], ALL),
    "GNU tar, posix, header names": (
        ["tar", "--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f", "-czf", "OUT", "web"], ALL),
    **{
        f"bsdtar, {form}": (["bsdtar", f"--format={form}", "-czf", "OUT", "web"], names)
        for form, names in
        {"ustar": PLAIN, "gnutar": ALL, "pax": ALL, "paxr": ALL, "v7": PLAIN}.items()
    },
    "bsdtar, large owner": (["bsdtar", "--uid=3000000", "--gid=4000000", "-czf", "OUT", "web"], ALL),
    "busybox": (["busybox", "tar", "-czf", "OUT", "web"], ALL),
    "git archive": (None, ALL),
    "GNU tar and gzip -1": (["tar", "-I", "gzip -1", "-cf", "OUT", "web"], ALL),
}


def by_git(folder, output):
    git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "web"], ["commit", "-qm", "a"],
                    ["archive", "--format=tar.gz", "-o", output, "HEAD"]):
        subprocess.run([*git, *command], check=True, capture_output=True)


def by_python(folder, form, **fields):
    def changed(info):
        for field, value in fields.items():
            setattr(info, field, value)
        return info

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        archive.add(folder / "web", "web", filter=changed)
    return gzip.compress(out.getvalue(), mtime=0)


NODE = """
const [file, options] = process.argv.slice(1);
require("tar").create({ gzip: true, file, sync: true, ...JSON.parse(options) }, ["web"]);
"""


def by_node(folder, modules):
    """node-tar, which npm and others pack with."""
    calls = {"node-tar": {}, "node-tar, portable": {"portable": True}, "node-tar, no PAX": {"noPax": True}}
    for what, options in calls.items():
        output = folder / "out.tgz"
        names = [name for name in ALL if not options.get("noPax") or name in PLAIN]
        work = folder / "node"
        shutil.rmtree(work, ignore_errors=True)
        make(work, names)
        subprocess.run(["node", "-e", NODE, "--", output, json.dumps(options)],
                       cwd=work, env={**os.environ, "NODE_PATH": str(modules)}, check=True)
        yield what, output.read_bytes()


def charts(folder, modules):
    for what, (command, names) in COMMANDS.items():
        work = folder / what.replace(" ", "-")
        make(work, names)
        output = work / "out.tgz"
        if command is None:
            by_git(work, output)
        else:
            command = [str(output) if word == "OUT" else word for word in command]
            subprocess.run(command, cwd=work, check=True, capture_output=True)
        yield what, output.read_bytes()
    forms = {"ustar": (tarfile.USTAR_FORMAT, PLAIN), "gnu": (tarfile.GNU_FORMAT, ALL), "pax": (tarfile.PAX_FORMAT, ALL)}
    for form, (number, names) in forms.items():
        work = folder / f"python-{form}"
        make(work, names)
        yield f"Python, {form}", by_python(work, number, **({"mtime": 1_700_000_000} if form != "pax" else {}))
        if form != "ustar":
            yield f"Python, {form}, large owner", by_python(work, number, uid=3_000_000, gid=4_000_000)
            yield f"Python, {form}, early time", by_python(work, number, mtime=-5)
    yield from by_node(folder, modules)
