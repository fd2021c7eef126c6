//! Whether a key of the keyring signed a text, and was allowed to.
//!
//! As helm has it: a key that may sign, by a self-signature that holds; neither revoked nor
//! expired; a signing subkey that signed its primary key in turn. And more strictly: a hash
//! function that is not broken. Time is asked for only where something expires, so that other
//! reviews can be remembered.

use pgp::{
    composed::{SignedPublicKey, SignedPublicSubKey},
    crypto::hash::HashAlgorithm,
    packet::{Signature, SignatureType, SubpacketData},
    types::{KeyDetails, Tag, VerifyingKey},
};
use roadstead_plugin_sdk::context;

use super::{Keyring, message::Message, packet::Packet};

/// Signatures on one text that are looked at.
const SIGNATURES_MAX: usize = 8;

/// The fingerprint of the key that signed, or why none did; that reads on after "the provenance".
pub(super) fn signer(message: &Message, keyring: &Keyring) -> Result<String, String> {
    let text = message.signed.signed_text();
    let mut why = "is signed by a key that is not in the keyring";
    for packet in message.packets.iter().take(SIGNATURES_MAX) {
        for key in keyring.keys() {
            match by_key(packet, key, text.as_bytes()) {
                Some(Ok(())) => return Ok(format!("{:X}", key.fingerprint())),
                Some(Err(other)) => why = other,
                None => {}
            }
        }
    }
    Err(why.to_owned())
}

/// None: it was another key.
fn by_key(packet: &Packet, key: &SignedPublicKey, text: &[u8]) -> Option<Result<(), &'static str>> {
    let signature = &packet.signature;
    if is_issuer(signature, &key.primary_key) {
        return Some(by_primary(packet, key, text));
    }
    let subkey = key.public_subkeys.iter().find(|subkey| is_issuer(signature, &subkey.key))?;
    Some(by_subkey(packet, key, subkey, text))
}

fn by_primary(packet: &Packet, key: &SignedPublicKey, text: &[u8]) -> Result<(), &'static str> {
    check_text(packet, &key.primary_key, text)?;
    let own = check_primary(key)?;
    if may_sign(own) == Some(false) {
        return Err("is signed by a key that is not allowed to sign");
    }
    Ok(())
}

fn by_subkey(
    packet: &Packet,
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    text: &[u8],
) -> Result<(), &'static str> {
    check_text(packet, &subkey.key, text)?;
    check_primary(key)?;
    let of_type = |wanted| subkey.signatures.iter().filter(move |s| s.typ() == Some(wanted));
    let holds = |s: &&Signature| s.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok();
    if of_type(SignatureType::SubkeyRevocation).any(|s| holds(&s)) {
        return Err("is signed by a key that was revoked");
    }
    let binding = of_type(SignatureType::SubkeyBinding).filter(holds).max_by_key(|s| created(s));
    let binding = binding.ok_or("is signed by a subkey that does not belong to its key")?;
    let is_mutual = binding
        .embedded_signature()
        .is_some_and(|back| back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok());
    if may_sign(binding) != Some(true) || !is_mutual {
        return Err("is signed by a subkey that is not allowed to sign");
    }
    check_expiry(&subkey.key, binding)
}

fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    signature.issuer_fingerprint().contains(&&key.fingerprint())
        || signature.issuer_key_id().contains(&&key.legacy_key_id())
}

/// The signature itself.
fn check_text(packet: &Packet, key: &impl VerifyingKey, text: &[u8]) -> Result<(), &'static str> {
    let signature = &packet.signature;
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return Err("has a signature that is not for a text or file");
    }
    let broken = [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Ripemd160];
    if signature.hash_alg().is_none_or(|hash| broken.contains(&hash)) {
        return Err("is signed with a broken hash function");
    }
    if has_critical_notation(signature) {
        return Err("has a signature with an unknown critical notation");
    }
    if !packet.fits(key, text) {
        return Err("has a signature that does not match its text");
    }
    if created(signature).is_none() {
        return Err("has a signature that does not say when it was made");
    }
    if is_over(created(signature), signature.signature_expiration_time()) {
        return Err("has an expired signature");
    }
    Ok(())
}

/// The primary key, by the self-signature that counts: the newest one that holds.
fn check_primary(key: &SignedPublicKey) -> Result<&Signature, &'static str> {
    let primary = &key.primary_key;
    let details = &key.details;
    if details.revocation_signatures.iter().any(|s| s.verify_key(primary).is_ok()) {
        return Err("is signed by a key that was revoked");
    }
    let of_users = details.users.iter().filter_map(|user| {
        let own = user.signatures.iter().filter(|s| is_issuer(s, primary));
        let own = own.filter(|s| s.verify_certification(primary, Tag::UserId, &user.id).is_ok());
        own.max_by_key(|s| created(s)).filter(|s| s.typ() != Some(SignatureType::CertRevocation))
    });
    let direct = details.direct_signatures.iter().filter(|s| s.verify_key(primary).is_ok());
    let newest = of_users.max_by_key(|s| (s.is_primary(), created(s)));
    let own = newest.or_else(|| direct.max_by_key(|s| created(s)));
    let own = own.ok_or("is signed by a key without a valid self-signature")?;
    check_expiry(primary, own)?;
    Ok(own)
}

fn check_expiry(key: &impl KeyDetails, own: &Signature) -> Result<(), &'static str> {
    if is_over(Some(key.created_at().as_secs()), own.key_expiration_time())
        || is_over(created(own), own.signature_expiration_time())
    {
        return Err("is signed by an expired key");
    }
    Ok(())
}

/// None: it does not say.
fn may_sign(own: &Signature) -> Option<bool> {
    let says = |data: &SubpacketData| matches!(data, SubpacketData::KeyFlags(_));
    let config = own.config()?;
    config.hashed_subpackets().any(|packet| says(&packet.data)).then(|| own.key_flags().sign())
}

fn has_critical_notation(signature: &Signature) -> bool {
    signature.config().is_none_or(|config| {
        config
            .hashed_subpackets()
            .any(|packet| packet.is_critical && matches!(packet.data, SubpacketData::Notation(_)))
    })
}

/// Seconds since the epoch.
fn created(signature: &Signature) -> Option<u32> {
    signature.created().map(pgp::types::Timestamp::as_secs)
}

fn is_over(start: Option<u32>, lasts: Option<pgp::types::Duration>) -> bool {
    let lasts = lasts.map_or(0, pgp::types::Duration::as_secs);
    lasts > 0 && u64::from(start.unwrap_or_default()) + u64::from(lasts) <= context::now()
}
