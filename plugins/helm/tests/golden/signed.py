"""Charts that helm packages itself: with dependencies, and with provenance."""

import base64
import json
import os
import pathlib
import shutil
import subprocess

import cases
import packets

BASE = cases.BASE


def run(command, home, **options):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "GNUPGHOME": str(home / "gnupg"),
        "HELM_CACHE_HOME": str(home), "HELM_CONFIG_HOME": str(home), "HELM_DATA_HOME": str(home),
    }
    done = subprocess.run([str(part) for part in command], capture_output=True, env=environment, timeout=60, check=False,
                          **options)
    return done.returncode == 0, done.stdout, done.stderr.decode(errors="replace")


def must(command, home, **options):
    good, out, error = run(command, home, **options)
    assert good, (command, error)
    return out


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


# ---- dependencies ----

V2 = BASE + "dependencies:\n"
V1 = {"Chart.yaml": "apiVersion: v1\nname: web\nversion: 1.2.3\n"}


def dependencies():
    """Charts before `helm dependency update`, beside the charts a and b."""
    entry = "- {name: a, version: 1.x.x, repository: 'file://../a'%s}\n"
    return {
        "one dependency": {"Chart.yaml": V2 + entry % ""},
        "two dependencies": {"Chart.yaml": V2 + entry % "" + "- {name: b, version: '>=2 <3 || 4', repository: file://../b}\n"},
        "an alias": {"Chart.yaml": V2 + entry % ", alias: one" + entry % ", alias: two"},
        "everything": {"Chart.yaml": V2 + entry % ", condition: a.enabled&<b>, tags: [x, 7, 1.10], enabled: true, "
                       "import-values: [data, {parent: p, child: c}, '\u2028<>', true, ~]"},
        "a number in import-values": {"Chart.yaml": V2 + entry % ", import-values: [1.10]"},
        "a number for a version": {"Chart.yaml": V2 + "- {name: b, version: 2, repository: file://../b}\n"},
        "a name to clean": {"Chart.yaml": V2 + entry % ", condition: \"a\\u200bb\\tc\""},
        "no repository": {"Chart.yaml": V2 + "- {name: c, version: 1.x.x}\n", "charts/c/Chart.yaml":
                          "apiVersion: v2\nname: c\nversion: 1.0.0\n"},
        "an old chart": {**V1, "requirements.yaml": "dependencies:\n" + entry % ""},
    }


def lock_cases(helms, home):
    """What `helm dependency update` and `helm package` make of them, and of those changed later."""
    rows = {}
    for helm, program in helms.items():
        for name, files in dependencies().items():
            work = home / "dependencies"
            shutil.rmtree(work, ignore_errors=True)
            for other, version in [("a", "1.4.0"), ("b", "2.0.1")]:
                write(work / other, {"Chart.yaml": f"apiVersion: v2\nname: {other}\nversion: {version}\n"})
            write(work / "web", files)
            must([program, "dependency", "update", work / "web"], home)
            must([program, "package", work / "web", "-d", work], home)
            rows.setdefault(name, {})[helm] = base64.b64encode((work / "web-1.2.3.tgz").read_bytes()).decode()
            # somebody asks for another version later: helm's own word for it
            changed = next(file for file in files if "dependencies:\n" in files[file])
            text = (work / "web" / changed).read_text()
            write(work / "web", {changed: text.replace("version: 1.x.x", "version: 1.4.x").replace("version: 2,", "version: 2.x,")})
            good, _, error = run([program, "dependency", "build", work / "web"], home)
            assert good or "out of sync" in error, error
            must([program, "package", work / "web", "-d", work], home)
            key = f"{name}, changed"
            rows.setdefault(key, {})[helm] = base64.b64encode((work / "web-1.2.3.tgz").read_bytes()).decode()
            if not good:
                rows[key]["outdated"] = True
    return rows


# ---- provenance ----

KEYS = {
    "rsa": ["rsa3072", "cert,sign", "never"],
    "ed25519": ["ed25519", "cert,sign", "never"],
    "p256": ["nistp256", "cert,sign", "never"],
    "other": ["rsa2048", "cert,sign", "never"],
    "expired": ["rsa2048", "cert,sign", "1y"],
    "revoked": ["rsa2048", "cert,sign", "never"],
    "subkey": ["rsa2048", "cert", "never"],
    "certifier": ["rsa2048", "cert", "never"],
}
LONG_AGO = ["--faked-system-time", "20200101T000000"]


def make_keys(home):
    """One keyring a key: armoured and binary, public and secret."""
    (home / "gnupg").mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    for name, (kind, usage, expires) in KEYS.items():
        when = LONG_AGO if name == "expired" else []
        must(gpg + when + ["--quick-generate-key", f"{name} <{name}@example.com>", kind, usage, expires], home)
        if name == "subkey":
            listed = must(gpg + ["--with-colons", "--list-keys", f"={name} <{name}@example.com>"], home).decode()
            fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
            must(gpg + ["--quick-add-key", fingerprint, "ed25519", "sign", "never"], home)
        write(home, {f"{name}.sec": must(gpg + ["--export-secret-keys", f"<{name}@example.com>"], home)})
        if name == "revoked":
            certificate = next((home / "gnupg" / "openpgp-revocs.d").glob(f"{fingerprint_of(gpg, name, home)}.rev")).read_text()
            must(gpg + ["--import"], home, input=certificate.replace(":-----BEGIN", "-----BEGIN").encode())
        write(home, {f"{name}.pub": must(gpg + ["--export", f"<{name}@example.com>"], home),
                     f"{name}.asc": must(gpg + ["--armor", "--export", f"<{name}@example.com>"], home)})
    return gpg


def fingerprint_of(gpg, name, home):
    listed = must(gpg + ["--with-colons", "--list-keys", f"<{name}@example.com>"], home).decode()
    return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))


CHART = BASE + """\
appVersion: 1.10
description: "a: b \u00e4  "
keywords: [-a, "- b", yes]
annotations: {a: "x\\ny", b: "-----"}
dependencies: [{name: a, version: 1.x.x, repository: ""}]
"""


def provenance_cases(helms, home):
    """Charts with provenance, and what `helm verify` says with a key's keyring."""
    gpg = make_keys(home)
    rows = {}
    work = home / "signed"
    write(work / "web", {"Chart.yaml": CHART, "values.yaml": "a: b\n", "charts/a/Chart.yaml":
                         "apiVersion: v2\nname: a\nversion: 1.0.0\n"})
    for helm, program in helms.items():
        for name in ["rsa", "ed25519", "p256", "expired", "revoked"]:
            must([program, "package", "--sign", "--key", name, "--keyring", home / f"{name}.sec", work / "web", "-d", work], home)
            add(rows, f"by {helm} with {name}", work, name)
    # the last one's archive serves the others
    archive = (work / "web-1.2.3.tgz").read_bytes()
    must([program, "package", "--sign", "--key", "rsa", "--keyring", home / "rsa.sec", work / "web", "-d", work], home)
    archive = (work / "web-1.2.3.tgz").read_bytes()
    text = (work / "web-1.2.3.tgz.prov").read_text()
    body = "\n".join(line.removeprefix("- ") for line in
                     text.split("\n\n", 1)[1].split("\n-----BEGIN PGP SIGNATURE")[0].split("\n"))

    def sign(name, body, *options):
        return must(gpg + [*options, "--local-user", f"<{name}@example.com>", "--clearsign"], home,
                    input=body.encode()).decode()

    sums = body.split("\n...\n")[1]
    variants = {
        "by gpg": ("rsa", sign("rsa", body)),
        "by gpg with a subkey": ("subkey", sign("subkey", body)),
        "by gpg with SHA-1": ("rsa", sign("rsa", body, "--digest-algo", "SHA1")),
        "by gpg with SHA-256": ("rsa", sign("rsa", body, "--digest-algo", "SHA256")),
        "by two keys": ("rsa", sign("other", body, "--local-user", "<rsa@example.com>")),
        "another keyring": ("other", text),
        "the keyring of another kind": ("ed25519", text),
        "a changed text": ("rsa", text.replace("version: 1.2.3", "version: 9.9.9")),
        "a changed hash": ("rsa", text.replace("sha256:", "sha256:0")),
        "a space at the end of a line": ("rsa", text.replace("version: 1.2.3\n", "version: 1.2.3  \n")),
        "CRLF": ("rsa", text.replace("\n", "\r\n")),
        "text before": ("rsa", "text\n" + text),
        "text behind": ("rsa", text + "\ntext\n"),
        "another signed text behind": ("rsa", text + "\n" + sign("rsa", "other: text\n...\nfiles: {}\n")),
        "a line end behind": ("rsa", text + "\n\n"),
        "a signature cut short": ("rsa", text[:-200]),
        "no signature": ("rsa", body),
        "no clear-signed text": ("rsa", must(gpg + ["--armor", "-u", "<rsa@example.com>", "--sign"], home, input=body.encode()).decode()),
        "nothing": ("rsa", ""),
        "no dots": ("rsa", sign("rsa", body.replace("\n...\n", "\n"))),
        "dots twice": ("rsa", sign("rsa", body + "\n...\nfiles: {}\n")),
        "another file": ("rsa", sign("rsa", body.replace("web-1.2.3.tgz", "other-1.2.3.tgz"))),
        "two files": ("rsa", sign("rsa", body + "\n  other.tgz: sha256:00\n")),
        "another archive": ("rsa", sign("rsa", body.replace(sums, sums.replace("sha256:", "sha256:00")))),
        "no files": ("rsa", sign("rsa", body.replace(sums, "images: {}\n"))),
        "files that are no map": ("rsa", sign("rsa", body.replace(sums, "files: [a]\n"))),
        "sums that are no YAML": ("rsa", sign("rsa", body.replace(sums, "files: {\n"))),
        "another name": ("rsa", sign("rsa", body.replace("name: web", "name: other"))),
        "another version": ("rsa", sign("rsa", body.replace("version: 1.2.3", "version: 9.9.9"))),
        "another description": ("rsa", sign("rsa", body.replace("keywords:", "home: https://example.com\nkeywords:"))),
        "a chart that is no YAML": ("rsa", sign("rsa", "a: [\n...\n" + sums)),
        "a chart that is empty": ("rsa", sign("rsa", "\n...\n" + sums)),
        "a header of another kind": ("rsa", text.replace("Hash: SHA512", "Hash: SHA512\nComment: x")),
        "another hash header": ("rsa", text.replace("Hash: SHA512", "Hash: SHA256")),
        "no hash header": ("rsa", text.replace("Hash: SHA512\n", "")),
    }
    note = sign("rsa", body, "--sig-notation", "a@example.com=b")
    flag, changed = packets.notation(packets.READABLE), packets.notation(b"\x80\0\0\1")
    variants["by gpg with a note"] = ("rsa", note)
    variants["by gpg with a note, and changed"] = (
        "rsa", packets.armoured(note, lambda packet: packet.replace(flag, changed)))
    key = packets.RsaKey((home / "rsa.sec").read_bytes())
    signed_text = text.split("-----BEGIN PGP SIGNATURE-----")[0]
    for name, packet in packets.made_by_hand(key, body).items():
        variants[name] = ("rsa", signed_text + packets.armour(packet))
    for name, (key, provenance) in variants.items():
        (work / "web-1.2.3.tgz").write_bytes(archive)
        (work / "web-1.2.3.tgz.prov").write_text(provenance, newline="")
        add(rows, name, work, key)
    for row in rows.values():
        for helm, program in helms.items():
            write(work, {"web-1.2.3.tgz": base64.b64decode(row["archive"]), "web-1.2.3.tgz.prov": row["provenance"]})
            good, _, error = run([program, "verify", work / "web-1.2.3.tgz", "--keyring", home / f"{row['key']}.pub"], home)
            row[helm] = None if good else error.strip().removeprefix("Error: ").replace(str(work), "")[:200]
    keys = {name: (home / f"{name}.asc").read_text() for name in KEYS}
    fingerprints = {name: fingerprint_of(gpg, name, home) for name in KEYS}
    private = must(gpg + ["--armor", "--export-secret-keys", "<other@example.com>"], home).decode()
    run(["gpgconf", "--kill", "all"], home)
    return rows, {"armoured": keys, "fingerprints": fingerprints, "private": private}


def add(rows, name, work, key):
    rows[name] = {"key": key, "archive": base64.b64encode((work / "web-1.2.3.tgz").read_bytes()).decode(),
                  "provenance": (work / "web-1.2.3.tgz.prov").read_bytes().decode()}
