use roadstead::kind;
use roadstead_oci::{Content, Digest, Manifest, Role, json, media_type};

/// Manifests: two parsers agree about what is let in, it is the same when it is written otherwise,
/// and every descriptor is a whole one. The first byte chooses the Content-Type.
pub fn manifest(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let types = [None, Some(media_type::OCI_MANIFEST), Some(media_type::OCI_INDEX)];
    let content_type = types[usize::from(*first) % types.len()];
    let Ok(read) = Manifest::parse(body, content_type) else { return };
    let ours = json::parse(body).unwrap();
    let theirs: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(ours, theirs, "a lenient parser reads something else");
    let written = serde_json::to_vec(&ours).unwrap();
    assert_eq!(Manifest::parse(&written, content_type).as_ref(), Ok(&read));
    // what one of header and body says is what both say
    assert_eq!(Manifest::parse(body, Some(&read.media_type)).as_ref(), Ok(&read));
    let is_index = matches!(read.content, Content::Index { .. });
    for (role, _, descriptor) in read.descriptors() {
        assert_eq!(role == Role::Manifest, is_index && role != Role::Subject, "{role:?}");
        let digest = descriptor.digest.to_string();
        assert_eq!(Digest::parse(&digest).as_ref(), Ok(&descriptor.digest));
        if let Some(data) = &descriptor.data {
            assert!(descriptor.digest.verifies(data) && descriptor.size == data.len() as u64);
        }
    }
    let kinds = kind::classify(&read, &[]);
    assert!(!kinds.is_empty());
    for kind in kinds {
        assert_eq!(kind::Kind::of(kind.name()), Some(kind));
    }
    let digest = Digest::of(roadstead_oci::Algorithm::Sha256, body);
    let listed = read.referrer_descriptor(&digest, body.len() as u64);
    assert_eq!(listed["size"], body.len());
    let parsed = roadstead_oci::Descriptor::parse(listed.to_string().as_bytes());
    assert_eq!(parsed, Some(read.listed(&digest, body.len() as u64)));
}
