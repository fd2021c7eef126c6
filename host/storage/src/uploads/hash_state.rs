//! The state of a hash, kept between the parts of an upload.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{
    Sha256, Sha512,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use roadstead_oci::{Algorithm, Hasher};

pub(crate) fn save(hasher: &Hasher) -> String {
    match hasher {
        Hasher::Sha256(hasher) => STANDARD.encode(hasher.serialize()),
        Hasher::Sha512(hasher) => STANDARD.encode(hasher.serialize()),
    }
}

pub(crate) fn restore(algorithm: Algorithm, text: &str) -> Option<Hasher> {
    let bytes = STANDARD.decode(text).ok()?;
    match algorithm {
        Algorithm::Sha256 => {
            let state = SerializedState::<Sha256>::try_from(bytes.as_slice()).ok()?;
            Sha256::deserialize(&state).ok().map(Hasher::Sha256)
        }
        Algorithm::Sha512 => {
            let state = SerializedState::<Sha512>::try_from(bytes.as_slice()).ok()?;
            Sha512::deserialize(&state).ok().map(Hasher::Sha512)
        }
    }
}
