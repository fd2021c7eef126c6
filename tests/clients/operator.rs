//! The first policy of `policies/README.md`, as an operator lives it: checked and tried on files,
//! turned on in a running server by saving it, and told by helm and cosign.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    client::Client,
    cosign::{self, sign},
    harness::{ROADSTEAD, Server, said},
    helm::pack_with_link,
};

const PLAIN: &str = "--plain-http";
const CHARTS: &str = "oci://HOST/charts";
/// Longest wait for a saved policy, on a busy machine: cosign is compiled first.
const PATIENCE: Duration = Duration::from_mins(1);

/// The policy that stands under the first heading.
fn policy() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let chapter = readme.split("## Example: only charts and signatures").nth(1).unwrap();
    let block = chapter.split("```yaml\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// Packages two charts: a sound one, and one with a link in it.
fn charts(helm: &Client<'_>) {
    let metadata = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
    helm.file("web/Chart.yaml", metadata);
    helm.file("web/templates/one.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    helm.ok(&["package", "web"]);
    helm.file("web/Chart.yaml", metadata.replace("0.1.0", "0.2.0"));
    pack_with_link(helm, "web-0.2.0.tgz");
}

#[test]
fn only_valid_charts_and_signatures_by_one_key_land() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, "version: 1\n").unwrap();
    let path = path.to_str().unwrap();
    let server = Server::start(&[("POLICY__PATH", path)]);
    let helm = Client::new(&server, "helm-4.3.1", "helm");
    charts(&helm);
    let cosign = cosign::cosign(&server);
    let other = cosign::cosign(&server);
    fs::write(folder.path().join("cosign.pub"), cosign.bytes("cosign.pub")).unwrap();
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    oras.file("hello.txt", "hello\n");
    let push = ["push", PLAIN, "HOST/charts/hello:1", "hello.txt:text/plain"];
    oras.ok(&push);

    // checked, and tried without a server
    let new = folder.path().join("new.yaml");
    fs::write(&new, policy()).unwrap();
    let new = new.to_str().unwrap();
    let checked = Command::new(ROADSTEAD).args(["policy", "check", new]).output().unwrap();
    assert!(said(&checked).contains("3 rules, 2 plugins"), "{checked:?}");
    for (archive, code) in [("web-0.1.0.tgz", 0), ("web-0.2.0.tgz", 1)] {
        let file = helm.path(archive);
        let tried = ["policy", "eval", "--policy", new, "--as", "charts/web"];
        let tried = server.command(&[&tried[..], &[file.to_str().unwrap()]].concat());
        assert_eq!(tried.status.code(), Some(code), "{archive}: {}", said(&tried));
    }

    // in force some moments after it is saved
    fs::rename(new, path).unwrap();
    let saved = Instant::now();
    while oras.run(&push).status.success() {
        assert!(saved.elapsed() < PATIENCE, "{:#?}", server.log());
    }
    let text = oras.refused(&push);
    assert!(text.contains("rule only-charts-and-signatures: charts/hello accepts only"), "{text}");
    let pushed = helm.ok(&["push", "web-0.1.0.tgz", CHARTS, PLAIN]);
    let text = helm.refused(&["push", "web-0.2.0.tgz", CHARTS, PLAIN]);
    assert!(text.contains("rule charts-are-valid: ") && text.contains("[RSH025 "), "{text}");
    let digest = pushed.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap();
    let thing = format!("HOST/charts/web@{digest}");
    for (form, flag) in
        [(&cosign::ALONE[..], "--new-bundle-format"), (&cosign::OLD_ALONE, cosign::OLD)]
    {
        let verify = [&["verify", flag], &cosign::CHECK[..], &[&thing]].concat();
        let text = other.refused(&sign(&thing, form));
        assert!(text.contains("rule signatures-are-ours: "), "{text}");
        assert!(text.contains("[RSC060 verdict "), "{text}");
        cosign.refused(&verify);
        cosign.ok(&sign(&thing, form));
        cosign.ok(&verify);
        other.refused(&verify);
    }
    server.is_sound();
}
