"""The ways to make an image. HOST is the registry, IMAGE a repository of the case's own in it."""

VERSIONS = {
    "buildah": "buildah --version",
    "buildkit": "buildkitd --version",
    "crane": "go version -m $(command -v crane) | awk '$1 == \"mod\" { print $3 }'",
    "docker": "docker version --format 'client {{.Client.Version}}, server {{.Server.Version}}'",
    "jib": "basename $JIB/jib-core-*.jar .jar",
    "ko": "ko version",
    "oras": "oras version | head -n 1",
    "podman": "podman --version",
    "skopeo": "skopeo --version",
    "umoci": "umoci --version",
}

# Run before each script, in an empty folder: two files, a tar of them, and a Dockerfile.
PREPARE = r"""
mkdir ctx
echo hello >ctx/hello
echo world >ctx/world
tar -C ctx -cf rootfs.tar hello world
cat >ctx/Dockerfile <<'END'
FROM scratch
ENV PATH=/bin GREETING=hello
COPY hello /hello
LABEL org.opencontainers.image.source=https://example.com/hello
COPY world /world
EXPOSE 80
VOLUME /data
USER 65532:65532
WORKDIR /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["/hello"]
CMD ["world"]
END
copy() { skopeo --insecure-policy copy -q --dest-tls-verify=false --src-tls-verify=false "$@"; }
layout() {
    umoci init --layout lay
    umoci new --image lay:v1
    umoci insert --image lay:v1 ctx/hello /hello
    umoci insert --image lay:v1 ctx/world /world
    umoci config --image lay:v1 --config.user 1000 --config.entrypoint /hello
}
pod() { tool=$1; shift; "$tool" --storage-driver vfs --root "$PWD/root" --runroot "$PWD/run" "$@"; }
"""

BUILDCTL = """buildctl build --progress plain --frontend dockerfile.v0 --local context=ctx \\
--local dockerfile=ctx """

# where to, and how: what follows is appended
OUTPUT = BUILDCTL + "--output type=image,name=$IMAGE:v1,push=true"
CACHE = BUILDCTL + "--export-cache type=registry,ref=$IMAGE:v1,mode=max"

# jib-core with what it depends on lies in the folder JIB
JIB = r"""cat >Push.java <<'END'
import com.google.cloud.tools.jib.api.*;
import com.google.cloud.tools.jib.api.buildplan.*;
import java.nio.file.Path;
import java.util.*;

public class Push {
    public static void main(String[] args) throws Exception {
        var platforms = new LinkedHashSet<Platform>();
        for (var name : Arrays.copyOfRange(args, 2, args.length)) {
            platforms.add(new Platform(name, "linux"));
        }
        Jib.fromScratch().setFormat(ImageFormat.valueOf(args[1])).setPlatforms(platforms)
            .addLayer(List.of(Path.of("ctx/hello")), "/app")
            .addLayer(List.of(Path.of("ctx/world")), "/app")
            .setEntrypoint("/app/hello").setUser("1000").addLabel("a", "b")
            .containerize(Containerizer.to(RegistryImage.named(args[0]))
                .setAllowInsecureRegistries(true));
    }
}
END
java -cp "$JIB/*" Push.java """

CASES = {
    "umoci: no layer": """
umoci init --layout lay
umoci new --image lay:v1
copy oci:lay:v1 docker://$IMAGE:v1
""",
    "umoci: two layers": "layout; copy oci:lay:v1 docker://$IMAGE:v1",
    "skopeo: docker's format": "layout; copy --format v2s2 oci:lay:v1 docker://$IMAGE:v1",
    "skopeo: zstd": "layout; copy --dest-compress-format zstd oci:lay:v1 docker://$IMAGE:v1",
    "skopeo: zstd:chunked":
        "layout; copy --dest-compress-format zstd:chunked oci:lay:v1 docker://$IMAGE:v1",
    "skopeo: encrypted": """
layout
openssl genrsa -out key.pem 2048 && openssl rsa -in key.pem -pubout -out pub.pem
copy --encryption-key jwe:pub.pem oci:lay:v1 docker://$IMAGE:v1
""",
    "skopeo: not compressed": """
layout
copy --dest-decompress oci:lay:v1 dir:plain
copy dir:plain oci:plain-oci:v1
copy --dest-decompress oci:lay:v1 oci:flat:v1
(cd flat && for blob in blobs/sha256/*; do
    curl -sf -X POST http://$HOST/v2/${IMAGE#*/}/blobs/uploads/ -o /dev/null -D headers
    at=$(tr -d '\\r' <headers | awk 'tolower($1) == "location:" { print $2 }')
    curl -sf -X PUT --data-binary @$blob "http://$HOST$at?digest=sha256:${blob##*/}"
done
manifest=$(sed 's/.*"manifests":\\[{[^}]*"digest":"sha256:\\([0-9a-f]*\\)".*/\\1/' index.json)
curl -sf -X PUT --data-binary @blobs/sha256/$manifest \
    -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
    http://$HOST/v2/${IMAGE#*/}/manifests/v1)
""",
    "buildah: OCI": """
pod buildah bud -q --isolation chroot -t $IMAGE:v1 ctx
pod buildah push -q --tls-verify=false $IMAGE:v1
""",
    "buildah: docker's format": """
pod buildah bud -q --isolation chroot --format docker -t $IMAGE:v1 ctx
pod buildah push -q --tls-verify=false --format v2s2 $IMAGE:v1
""",
    "buildah: a layer for each step": """
pod buildah bud -q --isolation chroot --layers -t $IMAGE:v1 ctx
pod buildah push -q --tls-verify=false $IMAGE:v1
""",
    "buildah: by hand": """
name=$(pod buildah from scratch)
pod buildah add -q $name ctx/hello /hello
pod buildah config --user 1000 --label a=b --cmd /hello $name
pod buildah commit -q $name $IMAGE:v1
pod buildah push -q --tls-verify=false $IMAGE:v1
""",
    "buildah: nothing in it": """
name=$(pod buildah from scratch)
pod buildah commit -q $name $IMAGE:v1
pod buildah push -q --tls-verify=false $IMAGE:v1
""",
    "buildah: two platforms": """
pod buildah bud -q --isolation chroot --platform linux/amd64,linux/arm64 --manifest $IMAGE:v1 ctx
pod buildah manifest push -q --all --tls-verify=false $IMAGE:v1 docker://$IMAGE:v1
""",
    "buildah: two platforms, docker's format": """
pod buildah bud -q --isolation chroot --format docker --platform linux/amd64,linux/arm64 \
    --manifest $IMAGE:v1 ctx
pod buildah manifest push -q --all --tls-verify=false --format v2s2 $IMAGE:v1 docker://$IMAGE:v1
""",
    "podman: build": """
pod podman build -q --isolation chroot -t $IMAGE:v1 ctx
pod podman push -q --tls-verify=false $IMAGE:v1
""",
    "podman: squashed": """
pod podman build -q --isolation chroot --squash-all -t $IMAGE:v1 ctx
pod podman push -q --tls-verify=false $IMAGE:v1
""",
    "podman: zstd": """
pod podman build -q --isolation chroot -t $IMAGE:v1 ctx
pod podman push -q --tls-verify=false --compression-format zstd $IMAGE:v1
""",
    "podman: import": """
pod podman import -q rootfs.tar $IMAGE:v1
pod podman push -q --tls-verify=false $IMAGE:v1
""",
    "docker: build": """
DOCKER_BUILDKIT=0 docker build -q -t $IMAGE:v1 ctx
docker push -q $IMAGE:v1
""",
    "docker: nothing in it": """
printf 'FROM scratch\\nLABEL a=b\\n' >ctx/Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t $IMAGE:v1 ctx
docker push -q $IMAGE:v1
""",
    "docker: import": "docker import rootfs.tar $IMAGE:v1; docker push -q $IMAGE:v1",
    "docker: commit": """
docker import rootfs.tar $IMAGE:v0
name=$(docker create $IMAGE:v0 /hello)
docker cp ctx/world $name:/again
docker commit $name $IMAGE:v1
docker rm $name
docker push -q $IMAGE:v1
""",
    "docker, then skopeo: an archive": """
docker import rootfs.tar $IMAGE:v1
docker save -o saved.tar $IMAGE:v1
copy docker-archive:saved.tar docker://$IMAGE:v1
""",
    "docker, then crane: an archive": """
docker import rootfs.tar $IMAGE:v1
docker save -o saved.tar $IMAGE:v1
crane push --insecure saved.tar $IMAGE:v1
""",
    "docker, then podman: to OCI": """
docker import rootfs.tar $IMAGE:v1
docker save -o saved.tar $IMAGE:v1
pod podman load -q -i saved.tar
pod podman push -q --tls-verify=false --format oci $IMAGE:v1
""",
    "crane: append to nothing": "crane append --insecure -f rootfs.tar -t $IMAGE:v1",
    "crane: append to nothing, OCI":
        "crane append --insecure --oci-empty-base -f rootfs.tar -t $IMAGE:v1",
    "crane: append, mutate, flatten": """
layout
copy oci:lay:v1 docker://$HOST/base:v1
crane append --insecure -b $HOST/base:v1 -f rootfs.tar -t $IMAGE:v1
crane mutate --insecure --user 1000 --env A=b --label c=d $IMAGE:v1
crane flatten --insecure $IMAGE:v1
""",
    "crane: append to docker's format": """
layout
copy --format v2s2 oci:lay:v1 docker://$HOST/base-docker:v1
crane append --insecure -b $HOST/base-docker:v1 -f rootfs.tar -t $IMAGE:v1
""",
    "crane: append gzip": "gzip rootfs.tar; crane append --insecure -f rootfs.tar.gz -t $IMAGE:v1",
    "crane: append zstd": """
zstd -q rootfs.tar
layout
copy oci:lay:v1 docker://$HOST/base:v1
crane append --insecure -b $HOST/base:v1 -f rootfs.tar.zst -t $IMAGE:v1
""",
    "crane: index": """
layout
copy oci:lay:v1 docker://$IMAGE:a
umoci config --image lay:v1 --architecture arm64
copy oci:lay:v1 docker://$IMAGE:b
crane index append --insecure -m $IMAGE:a -m $IMAGE:b -t $IMAGE:v1
""",
    "jib: docker's format": JIB + "$IMAGE:v1 Docker amd64",
    "jib: OCI": JIB + "$IMAGE:v1 OCI amd64",
    "jib: two platforms": JIB + "$IMAGE:v1 Docker amd64 arm64",
    "ko": """
layout
copy oci:lay:v1 docker://$HOST/base:v1
mkdir app && cd app
printf 'module example.com/app\\n' >go.mod
printf 'package main\\nfunc main() {}\\n' >main.go
GOFLAGS=-mod=mod KO_DOCKER_REPO=$IMAGE KO_DEFAULTBASEIMAGE=$HOST/base:v1 \
    ko build --bare --insecure-registry --sbom none ./
""",
    "ko: two platforms": """
layout
copy oci:lay:v1 docker://$HOST/base:a
umoci config --image lay:v1 --architecture arm64
copy oci:lay:v1 docker://$HOST/base:b
crane index append --insecure -m $HOST/base:a -m $HOST/base:b -t $HOST/base:two
mkdir app && cd app
printf 'module example.com/app\\n' >go.mod
printf 'package main\\nfunc main() {}\\n' >main.go
GOFLAGS=-mod=mod KO_DOCKER_REPO=$IMAGE KO_DEFAULTBASEIMAGE=$HOST/base:two \
    ko build --bare --insecure-registry --platform all --sbom spdx ./
""",
    "oras: layers and a config": """
gzip rootfs.tar
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    $(zcat rootfs.tar.gz | sha256sum | cut -c 1-64) >config.json
oras push --plain-http $IMAGE:v1 --config config.json:application/vnd.oci.image.config.v1+json \
    rootfs.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip
""",
    "buildkit: OCI":
        OUTPUT + ",oci-mediatypes=true --opt attest:provenance=disabled=true",
    "buildkit: docker's format": OUTPUT + ",oci-mediatypes=false",
    "buildkit: zstd": OUTPUT + ",compression=zstd,force-compression=true",
    "buildkit: docker's format, zstd":
        OUTPUT + ",compression=zstd,force-compression=true,oci-mediatypes=false",
    "buildkit: eStargz":
        OUTPUT + ",compression=estargz,force-compression=true,oci-mediatypes=true",
    "buildkit: not compressed": OUTPUT + ",compression=uncompressed,force-compression=true",
    "buildkit: two platforms, attested":
        OUTPUT + " --opt platform=linux/amd64,linux/arm64 --opt attest:provenance=mode=max",
    "buildkit: cache as an index": CACHE + ",image-manifest=false",
    "buildkit: cache as a manifest": CACHE + ",image-manifest=true",
    "buildkit: cache inside": OUTPUT + " --export-cache type=inline",
    "buildkit: nothing in it": """
printf 'FROM scratch\\nLABEL a=b\\n' >ctx/Dockerfile
""" + OUTPUT,
}
