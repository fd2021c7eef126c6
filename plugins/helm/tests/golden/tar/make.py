#!/usr/bin/env python3
"""Asks every reader of tar what it unpacks, and writes tar.json.gz beside this folder.

    make.py HELM3 HELM4     the versions of helm whose loaders are asked, such as v3.22.0 v4.3.1

It needs Go, node, git, GNU tar, bsdtar and busybox. Each case is a chart's archive: one that a
real program packed, or one with a change. The table holds it with a word for each reader, in the
order of `readers`: `same` (it unpacks what helm loads), `fails` (it unpacks less, and says so) or
`other`; or `none` alone, where helm loads nothing. tests/suite/tar.rs compares the plugin with it.
"""

import base64
import datetime
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import members
import mutations
import readers
import written

OUTPUT = pathlib.Path(__file__).parent.parent / "tar.json.gz"


def generated():
    found = {}
    sources = (
        mutations.numbers, mutations.types, mutations.magics, mutations.texts, mutations.links, mutations.pax_keys,
        mutations.pax_forms, mutations.gnu_names, mutations.ends, members.members,
    )
    for source in sources:
        for name, archive in source():
            assert name not in found, name
            found[name] = archive
    return found


def node_tar(folder):
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, "tar@7"], check=True)
    return folder / "node_modules"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "loader").mkdir()
        (folder / "node").mkdir()
        program = readers.loader(folder / "loader", *sys.argv[1:])
        packed = {f"by {what}": archive for what, archive in written.charts(folder, node_tar(folder))}
        rows = readers.ask(program, packed | generated())
    write(packed | generated(), rows, sys.argv[1:])


def stored(name, archive):
    """Its form and its bytes. A tar goes in as it is, since the table is compressed as a whole."""
    is_plain = not name.startswith(("by ", "gzip"))
    content = gzip.decompress(archive) if is_plain else archive
    return ["tar" if is_plain else "gzip", base64.b64encode(content).decode()]


def write(archives, rows, helms):
    table = {
        "made": datetime.date.today().isoformat(),
        "by": "plugins/helm/tests/golden/tar/make.py",
        "helms": helms,
        "readers": readers.READERS,
        "cases": {name: [*stored(name, archives[name]), words] for name, words in rows.items()},
    }
    OUTPUT.write_bytes(gzip.compress(json.dumps(table).encode(), 9, mtime=0))
    print(f"{OUTPUT.name}: {len(rows)} cases, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
