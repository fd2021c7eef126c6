#!/usr/bin/env python3
"""Asks real helms what they read, and writes the golden tables beside this file.

    make.py NAME=PATH [NAME=PATH...]     such as helm-3.22.0=/usr/bin/helm3 helm-4.3.1=/usr/bin/helm

Each case is a chart archive, pushed by `helm push` to a registry in this process that keeps what
it gets. The tables hold what every helm made of it: the config blob and the annotations, or null
where it refused. They are the truth that tests/suite/golden.rs compares the plugin with.
"""

import base64
import concurrent.futures
import datetime
import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import cases
import files
import pulls
import signed

HERE = pathlib.Path(__file__).parent


class Registry(http.server.BaseHTTPRequestHandler):
    """Takes everything, and remembers it by digest."""

    protocol_version = "HTTP/1.1"
    blobs = {}
    manifests = {}
    # what is there to be pulled, with its type
    typed = {}

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if self.path.rstrip("/") == "/v2":
            self.answer(200)
            return
        kind = "application/vnd.oci.image.manifest.v1+json"
        found = self.manifests.get(self.path) or self.blobs.get(self.path.rsplit("/", 1)[1])
        if self.path in self.typed:
            kind, found = self.typed[self.path]
        if found is None:
            self.answer(404)
        else:
            headers = [("Docker-Content-Digest", digest(found)), ("Content-Type", kind)]
            self.answer(200, headers, found)

    def do_POST(self):
        self.body()
        self.answer(202, [("Location", self.path.rstrip("/") + "/session")])

    def do_PUT(self):
        content = self.body()
        if "/manifests/" in self.path:
            folder = self.path.rsplit("/", 1)[0]
            self.manifests[self.path] = self.manifests[f"{folder}/{digest(content)}"] = content
            # each case pushes to a repository of its own
            self.manifests[self.path.split("/")[2]] = content
        else:
            self.blobs[digest(content)] = content
        self.answer(201, [("Docker-Content-Digest", digest(content))])


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def push(helm, archive, port, home, repository):
    """What helm pushes: config and annotations, or none and what it says."""
    path = pathlib.Path(home) / (repository + ".tgz")
    path.write_bytes(archive)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "HELM_CACHE_HOME": home,
        "HELM_CONFIG_HOME": home,
        "HELM_DATA_HOME": home,
    }
    run = subprocess.run(
        [helm, "push", str(path), f"oci://127.0.0.1:{port}/{repository}", "--plain-http"],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )
    path.unlink()
    if run.returncode != 0:
        why = next(line for line in run.stderr.splitlines() if line.startswith("Error: "))
        if "failed to perform" in why:
            sys.exit(f"{repository}: it is the registry that fails: {why}")
        return None, why.removeprefix("Error: ").replace(str(path), "x.tgz").replace(repository, "r")[:200]
    manifest = json.loads(Registry.manifests[repository])
    config = json.loads(Registry.blobs[manifest["config"]["digest"]])
    annotations = manifest["annotations"]
    annotations.pop("org.opencontainers.image.created", None)
    return {"config": config, "annotations": annotations}, None


def table(archives, helms, port):
    """One row for each case."""
    jobs = [(name, helm) for name in archives for helm in helms]
    with tempfile.TemporaryDirectory() as home, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def run(job):
            name, helm = job
            repository = "r" + hashlib.sha256(f"{name} {helm}".encode()).hexdigest()[:20]
            return push(helms[helm], archives[name], port, home, repository)
        answers = dict(zip(jobs, pool.map(run, jobs)))
    rows = {}
    for name in archives:
        rows[name] = {helm: answers[name, helm][0] for helm in helms}
        refusals = {helm: answers[name, helm][1] for helm in helms if answers[name, helm][1]}
        if refusals:
            rows[name]["refusals"] = refusals
    return rows


def templates(helm, archive, home, name):
    """What stops `helm template`, if anything."""
    path = pathlib.Path(home) / (name + ".tgz")
    path.write_bytes(archive)
    good, _, error = signed.run([helm, "template", "x", path], pathlib.Path(home))
    why = next((line for line in error.splitlines() if line.startswith("Error: ")), error)
    return None if good else why.removeprefix("Error: ").replace(str(path), "x.tgz")[:200]


def add_templates(rows, archives, helms):
    """Adds what `helm template` says: null where it renders the chart."""
    jobs = [(name, helm) for name in archives for helm in helms]
    with tempfile.TemporaryDirectory() as home, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def run(job):
            name, helm = job
            file = "t" + hashlib.sha256(f"{name} {helm}".encode()).hexdigest()[:20]
            return templates(helms[helm], archives[name], home, file)
        for (name, helm), why in zip(jobs, pool.map(run, jobs)):
            rows[name].setdefault("template", {})[helm] = why


def add_configs(rows, archive_of, helm, port):
    """Adds what `helm push` makes of each archive's Chart.yaml."""
    with tempfile.TemporaryDirectory() as home:
        for number, row in enumerate(rows.values()):
            pushed, why = push(helm, base64.b64decode(archive_of(row)), port, home, f"c{number}")
            row["config"] = pushed["config"] if pushed else sys.exit(why)


def pulled(helms, port):
    """Whether `helm pull` pulls a chart out of each scene: null, or why not."""
    rows = {}
    for number, (name, (scene, root)) in enumerate(pulls.pulls().items()):
        repository = f"/v2/p{number}/web"
        for key, (media_type, content) in scene.stored.items():
            kind = "blobs" if media_type is None else "manifests"
            Registry.typed[f"{repository}/{kind}/{key}"] = (media_type, content)
        Registry.typed[f"{repository}/manifests/1.2.3"] = scene.stored[root["digest"]]
        stored = {key: base64.b64encode(content).decode() for key, (_, content) in scene.stored.items()}
        rows[name] = {"root": root, "stored": stored}
        for helm, program in helms.items():
            with tempfile.TemporaryDirectory() as home:
                good, _, error = signed.run(
                    [program, "pull", f"oci://127.0.0.1:{port}/p{number}/web", "--version", "1.2.3", "--plain-http",
                     "-d", home], pathlib.Path(home))
                why = next((line for line in error.splitlines() if line.startswith("Error: ")), error)
                rows[name][helm] = None if good else why.removeprefix("Error: ")[:200]
    return rows


def write(name, rows, helms, **more):
    made = {
        "made": datetime.date.today().isoformat(),
        "by": "plugins/helm/tests/golden/make.py",
        "helms": sorted(helms),
        **more,
        "cases": rows,
    }
    text = json.dumps(made, indent=1, ensure_ascii=True) + "\n"
    (HERE / name).write_text(text)
    print(f"{name}: {len(rows)} cases")


def main():
    helms = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if not helms:
        sys.exit(__doc__)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]

    metadata = cases.metadata()
    archives = {name: cases.package(files) for name, files in metadata.items()}
    rows = table(archives, helms, port)
    add_templates(rows, archives, helms)
    for name, row in rows.items():
        if not any(row["template"].values()):
            del row["template"]
        rows[name] = {"files": metadata[name], **row}
    write("metadata.json", rows, helms)

    archives = {name: cases.package(chart) for name, chart in files.charts().items()}
    rows = table(archives, helms, port)
    add_templates(rows, archives, helms)
    for name, archive in archives.items():
        rows[name] = {"archive": base64.b64encode(archive).decode(), **rows[name]}
    write("files.json", rows, helms)

    with tempfile.TemporaryDirectory() as home:
        rows = signed.lock_cases(helms, pathlib.Path(home))
        first, helm = next(iter(helms.items()))
        add_configs(rows, lambda row: row[first], helm, port)
        write("locks.json", rows, helms)
        rows, keys = signed.provenance_cases(helms, pathlib.Path(home))
        add_configs(rows, lambda row: row["archive"], helm, port)
        write("provenance.json", rows, helms, keys=keys, now=int(time.time()))

    write("pulls.json", pulled(helms, port), helms)

    archives = cases.archives()
    rows = table(archives, helms, port)
    for name, archive in archives.items():
        rows[name] = {"archive": base64.b64encode(archive).decode(), **rows[name]}
    write("archives.json", rows, helms)


if __name__ == "__main__":
    main()
