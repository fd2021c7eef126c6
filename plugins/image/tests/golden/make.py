#!/usr/bin/env python3
"""Lets real tools build and push images, and writes what they pushed beside this file.

    make.py [CASE...]       all cases of cases.py, or those whose names begin so

The tools are found in PATH; docker needs a daemon (DOCKER_HOST), and so does buildctl
(BUILDKIT_HOST), whose configuration says `[registry."127.0.0.1:PORT"] http = true` for the PORT
that is given here; jib-core lies in JIB.
Each case is a shell script that pushes to a registry in this process, which keeps what it gets.
images.json then holds for each case the manifests that it pushed, in their order, with the configs
and the first 512 bytes of each layer: what the plugin looks at, and what tests/suite/golden.rs
gives to it. Layers of at most 512 bytes are whole.
"""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import cases

HERE = pathlib.Path(__file__).parent
HEAD_BYTES = 512


class Registry(http.server.BaseHTTPRequestHandler):
    """Takes everything, and remembers it by digest."""

    protocol_version = "HTTP/1.1"
    blobs = {}
    # by path: media type and content
    manifests = {}
    # by repository: digests in their order
    pushed = {}
    uploads = {}

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
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.rstrip("/") == "/v2":
            self.answer(200)
        elif path in self.manifests:
            media_type, content = self.manifests[path]
            headers = [("Docker-Content-Digest", digest(content)), ("Content-Type", media_type)]
            self.answer(200, headers, content)
        elif (blob := self.blobs.get(path.rsplit("/", 1)[1])) is not None:
            self.answer(200, [("Docker-Content-Digest", digest(blob))], blob)
        else:
            self.answer(404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    def do_POST(self):
        self.body()
        session = str(len(self.uploads))
        self.uploads[session] = b""
        path = self.path.split("?")[0].rstrip("/")
        self.answer(202, [("Location", f"{path}/{session}"), ("Range", "0-0")])

    def do_PATCH(self):
        session = self.path.split("?")[0].rsplit("/", 1)[1]
        self.uploads[session] += self.body()
        end = max(len(self.uploads[session]) - 1, 0)
        self.answer(202, [("Location", self.path), ("Range", f"0-{end}")])

    def do_DELETE(self):
        self.answer(204)

    def do_PUT(self):
        content = self.body()
        if "/manifests/" in self.path:
            folder = self.path.rsplit("/", 1)[0]
            found = (self.headers["Content-Type"], content)
            self.manifests[self.path] = self.manifests[f"{folder}/{digest(content)}"] = found
            pushed = self.pushed.setdefault(self.path.split("/")[2], [])
            if found not in pushed:
                pushed.append(found)
        else:
            content = self.uploads.get(self.path.split("?")[0].rsplit("/", 1)[1], b"") + content
            self.blobs[digest(content)] = content
        headers = [("Docker-Content-Digest", digest(content)), ("Location", self.path)]
        self.answer(201, headers)


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def run(name, script, port, folder):
    """What one case pushes."""
    repository = hashlib.sha256(name.encode()).hexdigest()[:12]
    environment = {
        **os.environ,
        "HOST": f"127.0.0.1:{port}",
        "IMAGE": f"127.0.0.1:{port}/{repository}",
        "HOME": folder,
    }
    done = subprocess.run(
        ["bash", "-euc", cases.PREPARE + script], cwd=folder, env=environment, text=True,
        capture_output=True, timeout=300, check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{name}:\n{done.stdout}{done.stderr}")
    if repository not in Registry.pushed:
        sys.exit(f"{name}: nothing was pushed\n{done.stdout}{done.stderr}")
    return Registry.pushed[repository]


def row(media_type, content):
    """A manifest, with what the plugin may read of it."""
    manifest = json.loads(content)
    blobs = {}
    for part in [manifest.get("config"), *(manifest.get("layers") or [])]:
        blob = Registry.blobs.get(part["digest"]) if part else None
        if blob is not None:
            is_config = part is manifest["config"]
            kept = blob if is_config else blob[:HEAD_BYTES]
            blobs[part["digest"]] = base64.b64encode(kept).decode()
    return {"mediaType": media_type, "manifest": content.decode(), "blobs": blobs}


def main():
    port = int(os.environ.get("PORT", "0"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = HERE / "images.json"
    rows = json.loads(path.read_text())["cases"] if path.exists() else {}
    for name, script in cases.CASES.items():
        if sys.argv[1:] and not any(name.startswith(start) for start in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows[name] = [row(*found) for found in run(name, script, server.server_port, folder)]
        print(name, len(rows[name]))
    rows = {name: rows[name] for name in cases.CASES if name in rows}
    tools = {
        name: subprocess.run(command, shell=True, text=True, capture_output=True, check=False)
        .stdout.strip()
        for name, command in cases.VERSIONS.items()
    }
    table = {"tools": tools, "cases": rows}
    path.write_text(json.dumps(table, indent=1, sort_keys=False) + "\n")
    server.shutdown()


main()
