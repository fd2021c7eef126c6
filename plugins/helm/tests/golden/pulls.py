"""Manifests out of which helm pulls a chart, or does not: with subjects, other configs, indexes."""

import hashlib
import json

import cases

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
IMAGE = "application/vnd.oci.image.config.v1+json"
ROOTFS = "application/vnd.oci.image.layer.v1.tar+gzip"
OCM = "application/vnd.ocm.software.component.config.v1+json"
GOOD = '{"apiVersion":"v2","name":"web","version":"1.2.3"}'
ARCHIVE = cases.package({"Chart.yaml": cases.BASE})


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Scene:
    """What is stored; a manifest by its type, a blob by none."""

    def __init__(self):
        self.stored = {}

    def part(self, media_type, content, store=True, manifest=False):
        content = content if isinstance(content, bytes) else content.encode()
        if store:
            self.stored[digest(content)] = (media_type if manifest else None, content)
        return {"mediaType": media_type, "digest": digest(content), "size": len(content)}

    def manifest(self, config, layers, store=True, media_type=OCI, **more):
        body = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers, **more}
        return self.part(media_type, json.dumps(body), store, manifest=True)

    def index(self, children, **more):
        body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": children, **more}
        return self.part(INDEX, json.dumps(body), manifest=True)

    def chart(self, config=GOOD, config_type=CONFIG, layers=(), **more):
        layers = [self.part(CHART, ARCHIVE), *layers]
        return self.manifest(self.part(config_type, config), layers, **more)


def pulls():
    """Scenes, each with the descriptor that is pulled, by name."""
    found = {}

    def add(name, make):
        scene = Scene()
        found[name] = (scene, make(scene))

    image = lambda s, **more: s.manifest(s.part(IMAGE, "{}"), [s.part(ROOTFS, "x")], **more)
    for config in ["{}", "null", '{"name":"web","version":"1.2.3"}', '{"name":null}', GOOD, "", "[]", "x", '{"name":7}',
                   '{"name":"a","name":"web"}', '{"Name":"web"}', '{"dependencies":[null]}', '{"maintainers":[null]}',
                   '{"keywords":"a"}', '{"deprecated":"x"}', " " * 2000 + "{}", "{} x"]:
        add("config " + repr(config.strip() or config)[:40], lambda s, config=config: s.chart(config))
    add("annotations of another chart", lambda s: s.chart(annotations={
        "org.opencontainers.image.title": "other", "org.opencontainers.image.version": "9.9.9"}))
    add("an artifactType", lambda s: s.chart(artifactType="application/vnd.example"))
    add("an image as the subject", lambda s: s.chart(artifactType="application/vnd.example", subject=image(s)))
    add("a docker image as the subject", lambda s: s.chart(subject=image(s, media_type=DOCKER)))
    add("an index of images as the subject", lambda s: s.chart(subject=s.index([image(s)])))
    add("a subject that is missing", lambda s: s.chart(subject=image(s, store=False)))
    add("an index with a missing image as the subject", lambda s: s.chart(subject=s.index([image(s, store=False)])))
    add("a chart in an index", lambda s: s.index([s.chart()]))
    add("a chart and an image in an index", lambda s: s.index([s.chart(), image(s)]))
    add("a config of another type", lambda s: s.chart("{}", OCM))
    add("a config of the type in capitals", lambda s: s.chart(config_type=CONFIG.upper()))
    add("a config of the type with a parameter", lambda s: s.chart(config_type=CONFIG + "; a=b"))
    add("a component with a chart", lambda s: s.manifest(s.part(OCM, "{}"), [s.part("text/plain", "x"), s.part(CHART, ARCHIVE)]))
    add("a config among the layers", lambda s: s.chart("{}", OCM, [s.part(CONFIG, GOOD)]))
    add("an image as a layer", lambda s: s.chart(layers=[image(s)]))
    add("a component with a chart, beside a chart without one, in an index", lambda s: s.index([
        s.chart("{}", OCM), s.manifest(s.part(CONFIG, GOOD), [s.part("text/plain", "x")])]))
    add("a component with a chart as the subject of a chart without one", lambda s: s.manifest(
        s.part(CONFIG, GOOD), [s.part("text/plain", "x")], subject=s.chart("{}", OCM)))
    return found
