//! Signature packets, with the bytes that they came in: what was hashed is what stands there, and
//! not what a library would write in its place.

use std::io::Read;

use pgp::{
    armor::Dearmor,
    packet::{PacketHeader, Signature, SignatureVersionSpecific, SubpacketType},
    types::{PacketLength, Tag, VerifyingKey},
};

/// A signature, and the packet that it was read from.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) signature: Signature,
    /// of the packet, all that is hashed: from the version to the end of the hashed subpackets
    hashed: Vec<u8>,
}

const START: &str = "-----BEGIN PGP SIGNATURE-----";

/// The packets behind a clear-signed text. None: there is something else among them, or nothing.
pub(super) fn packets(message: &str) -> Option<Vec<Packet>> {
    let (start, _) = message.match_indices(START).find(|(at, _)| message[..*at].ends_with('\n'))?;
    let mut bytes = Vec::new();
    Dearmor::new(&message.as_bytes()[start..]).read_to_end(&mut bytes).ok()?;
    let (mut packets, mut rest) = (Vec::new(), &bytes[..]);
    while !rest.is_empty() {
        let header = PacketHeader::try_from_reader(&mut rest).ok()?;
        let PacketLength::Fixed(len) = header.packet_length() else { return None };
        let (body, behind) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        rest = behind;
        match header.tag() {
            // which say nothing
            Tag::Marker | Tag::Padding => continue,
            Tag::Signature => {}
            _ => return None,
        }
        let signature = Signature::try_from_reader(header, body).ok()?;
        let hashed = hashed(body)?.to_vec();
        packets.push(Packet { signature, hashed });
    }
    (!packets.is_empty()).then_some(packets)
}

/// Version, type, two algorithms, and subpackets behind their length, which has two bytes or four.
fn hashed(body: &[u8]) -> Option<&[u8]> {
    let len = match body {
        [4, _, _, _, high, low, ..] => 6 + usize::from(u16::from_be_bytes([*high, *low])),
        [6, _, _, _, a, b, c, d, ..] => {
            8 + usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok()?
        }
        // no others are made any more, and helm reads none
        _ => return None,
    };
    body.get(..len)
}

impl Packet {
    /// Whether a key made it over a text, whose lines end as they did when it was signed.
    pub(super) fn fits(&self, key: &impl VerifyingKey, text: &[u8]) -> bool {
        self.verify(key, text).is_some()
    }

    fn verify(&self, key: &impl VerifyingKey, text: &[u8]) -> Option<()> {
        let config = self.signature.config()?;
        let of_key = u8::from(key.version());
        let is_unknown = |found: SubpacketType| {
            matches!(found, SubpacketType::Other(_) | SubpacketType::Experimental(_))
        };
        let mut subpackets = config.hashed_subpackets();
        if of_key != self.hashed[0]
            || subpackets.any(|found| found.is_critical && is_unknown(found.typ()))
        {
            return None;
        }
        let mut hasher = config.hash_alg.new_hasher().ok()?;
        if let SignatureVersionSpecific::V6 { salt } = &config.version_specific {
            if config.hash_alg.salt_len() != Some(salt.len()) {
                return None;
            }
            hasher.update(salt);
        }
        hasher.update(text);
        hasher.update(&self.hashed);
        hasher.update(&config.trailer(self.hashed.len()).ok()?);
        let hash = hasher.finalize();
        if self.signature.signed_hash_value()?[..] != hash[..2] {
            return None;
        }
        key.verify(config.hash_alg, &hash, self.signature.signature()?).ok()
    }
}
