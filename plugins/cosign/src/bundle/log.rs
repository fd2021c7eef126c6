//! Entries of transparency logs: that they are whole, and that their proofs prove what they say.
//! That a log signed them is for clients to verify: there is no log's key here.

use roadstead_plugin_sdk::oci::json;
use sha2::{Digest, Sha256};

use super::{
    proto::{self, Fields, Placed, Wrong},
    version::Version,
};
use crate::codes;

const ENTRY: [&str; 7] = [
    "logIndex",
    "logId",
    "kindVersion",
    "integratedTime",
    "inclusionPromise",
    "inclusionProof",
    "canonicalizedBody",
];
const PROOF: [&str; 5] = ["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"];
/// What sigstore's libraries take.
const ENTRIES_MAX: usize = 32;
/// A tree can't be higher.
const HASHES_MAX: usize = 64;
/// JSON values of an entry's body.
const VALUES_MAX: usize = 1000;

type Hash = [u8; 32];

/// What an entry is proven by.
#[derive(Debug)]
struct Proofs {
    promise: bool,
    inclusion: bool,
}

/// Checks all entries.
pub(crate) fn check(entries: &[Placed<'_>], version: Version) -> Result<(), Wrong> {
    if entries.len() > ENTRIES_MAX {
        let why = format!("has more than {ENTRIES_MAX} log entries");
        return Err(Wrong::new(&codes::LOG_ENTRY, "/verificationMaterial/tlogEntries", why));
    }
    let mut found = Proofs { promise: false, inclusion: false };
    for entry in entries {
        let proofs = check_entry(&Fields::of(entry.clone(), &ENTRY)?)?;
        found.promise |= proofs.promise;
        found.inclusion |= proofs.inclusion;
    }
    let missing = match version {
        Version::V01 => {
            (!found.promise).then_some("an inclusion promise, which its version requires")
        }
        Version::V02 | Version::V03 => {
            (!found.inclusion).then_some("a proof of inclusion, which its version requires")
        }
    };
    match missing.filter(|_| !entries.is_empty()) {
        Some(what) => {
            let why = format!("has log entries without {what}");
            Err(Wrong::new(&codes::LOG_ENTRY, "/verificationMaterial/tlogEntries", why))
        }
        None => Ok(()),
    }
}

fn check_entry(entry: &Fields<'_>) -> Result<Proofs, Wrong> {
    let wrong = |why: &str| Err(Wrong::new(&codes::LOG_ENTRY, &entry.at, why));
    if entry.int64("logIndex")? < 0 || entry.int64("integratedTime")? < 0 {
        return wrong("has a log entry with a negative number");
    }
    let id = entry.message("logId", &["keyId"])?;
    if id.map_or_else(|| Ok(Vec::new()), |id| id.bytes("keyId"))?.is_empty() {
        return wrong("has a log entry that does not name its log");
    }
    let Some(kind) = entry.message("kindVersion", &["kind", "version"])? else {
        return wrong("has a log entry without a kind");
    };
    let body = entry.bytes("canonicalizedBody")?;
    let Ok(parsed) = json::parse_bounded(&body, VALUES_MAX) else {
        return wrong("has a log entry whose body can't be read as JSON");
    };
    if parsed["kind"].as_str() != Some(kind.text("kind")?)
        || parsed["apiVersion"].as_str() != Some(kind.text("version")?)
    {
        return wrong("has a log entry whose body has a different kind or version");
    }
    let promise = entry.message("inclusionPromise", &["signedEntryTimestamp"])?;
    let promise = match promise {
        Some(promise) => !promise.bytes("signedEntryTimestamp")?.is_empty(),
        None => false,
    };
    let proof = entry.message("inclusionProof", &PROOF)?;
    if let Some(proof) = &proof {
        check_proof(proof, &body)?;
    }
    Ok(Proofs { promise, inclusion: proof.is_some() })
}

fn check_proof(proof: &Fields<'_>, body: &[u8]) -> Result<(), Wrong> {
    let checkpoint = proof.message("checkpoint", &["envelope"])?;
    let envelope = checkpoint.as_ref().map_or(Ok(""), |checkpoint| checkpoint.text("envelope"))?;
    if envelope.is_empty() {
        let why = "has a proof of inclusion without a checkpoint";
        return Err(Wrong::new(&codes::LOG_ENTRY, &proof.at, why));
    }
    let hashes = proof.list("hashes")?;
    let proves = hashes.len() <= HASHES_MAX && {
        let hashes = hashes.into_iter().map(proto::bytes).collect::<Result<Vec<_>, _>>()?;
        let index = u64::try_from(proof.int64("logIndex")?).ok();
        let size = u64::try_from(proof.int64("treeSize")?).ok();
        let root = index.zip(size).and_then(|(index, size)| root(body, index, size, &hashes));
        root.is_some_and(|root| proof.bytes("rootHash").is_ok_and(|claimed| claimed == root))
    };
    if proves {
        return Ok(());
    }
    let why = "has a proof of inclusion that is wrong";
    Err(Wrong::new(&codes::INCLUSION, &proof.at, why))
}

/// The root of a tree of `size` leaves whose leaf `index` is `body` (RFC 9162, 2.1.3.2).
fn root(body: &[u8], index: u64, size: u64, hashes: &[Vec<u8>]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut root: Hash = Sha256::new().chain_update([0]).chain_update(body).finalize().into();
    for hash in hashes {
        let hash = Hash::try_from(hash.as_slice()).ok()?;
        if last == 0 {
            return None;
        }
        if node % 2 == 1 || node == last {
            root = parent(&hash, &root);
            // the levels on which the last node has no sibling
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = parent(&root, &hash);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(index: u64) -> Vec<u8> {
        format!("leaf {index}").into_bytes()
    }

    /// RFC 9162, 2.1.1 and 2.1.3.1, as they are written there.
    fn tree(from: u64, to: u64) -> Hash {
        if to - from == 1 {
            return Sha256::new().chain_update([0]).chain_update(leaf(from)).finalize().into();
        }
        let split = from + ((to - from).next_power_of_two() / 2);
        parent(&tree(from, split), &tree(split, to))
    }

    fn path(index: u64, from: u64, to: u64) -> Vec<Vec<u8>> {
        if to - from == 1 {
            return Vec::new();
        }
        let split = from + ((to - from).next_power_of_two() / 2);
        let (mut path, sibling) = if index < split {
            (path(index, from, split), tree(split, to))
        } else {
            (path(index, split, to), tree(from, split))
        };
        path.push(sibling.to_vec());
        path
    }

    #[test]
    fn each_leaf_of_each_tree_is_proven_and_no_other() {
        for size in 1..=17 {
            let all = tree(0, size);
            for index in 0..size {
                let path = path(index, 0, size);
                let proves = |leaf: &[u8], index, size, path: &[Vec<u8>]| {
                    root(leaf, index, size, path) == Some(all)
                };
                assert!(proves(&leaf(index), index, size, &path), "{index} of {size}");
                assert!(!proves(&leaf(index + 1), index, size, &path));
                assert!(!proves(&leaf(index), index, size + 16, &path));
                assert!(!proves(&leaf(index), size, size, &path));
                let longer = [path.as_slice(), &[vec![0; 32]]].concat();
                assert!(!proves(&leaf(index), index, size, &longer));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!proves(&leaf(index), index, size, shorter));
                }
            }
        }
        assert_eq!(root(b"", u64::MAX - 1, u64::MAX, &vec![vec![0; 32]; 65]), None);
        assert_eq!(root(b"", 0, 2, &[vec![0; 31]]), None);
    }
}
