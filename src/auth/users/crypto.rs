//! [`install`]: the signatures of JWTs, verified by OpenSSL for the crate `jsonwebtoken`, which has no such backend.
//!
//! `users` and `identity_provider` install it before the first token is read. It verifies the three algorithms of the settings,
//! and RS256 of identity providers; it signs nothing.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use sha2::Sha256;

/// A signature of ES256: two numbers of 32 bytes (RFC 7518, 3.4).
const ES256_HALF: usize = 32;
/// A shorter key of RSA can be factored, a longer one is slow (RFC 7518, 3.3).
const RSA_BITS: RangeInclusive<i32> = 2048..=8192;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// The curve of ES256. Made once: it costs as much as a tenth of a verification.
static P256: LazyLock<std::result::Result<EcGroup, ErrorStack>> =
    LazyLock::new(|| EcGroup::from_curve_name(Nid::X9_62_PRIME256V1));

/// Makes `jsonwebtoken` verify with OpenSSL. A second call changes nothing.
pub(in crate::auth) fn install() {
    PROVIDER.install_default().ok();
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    if let (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) =
        (algorithm, key.kind())
    {
        return Ok(Box::new(Rs256(
            rsa(n, e).ok_or(ErrorKind::InvalidKeyFormat)?,
        )));
    }
    let bytes = key.try_get_as_bytes()?;
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(Hs256(
            Hmac::new_from_slice(bytes).map_err(|_length| ErrorKind::InvalidKeyFormat)?,
        )),
        Algorithm::EdDSA => Box::new(EdDsa(
            PKey::public_key_from_raw_bytes(bytes, Id::ED25519)
                .map_err(|_malformed| ErrorKind::InvalidEddsaKey)?,
        )),
        Algorithm::ES256 => Box::new(Es256(
            point(bytes).map_err(|_malformed| ErrorKind::InvalidEcdsaKey)?,
        )),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

/// The public key of an uncompressed point; fails if the point is not on the curve.
fn point(bytes: &[u8]) -> std::result::Result<EcKey<Public>, ErrorStack> {
    let group = P256.as_ref().map_err(Clone::clone)?;
    let point = EcPoint::from_bytes(group, bytes, &mut *BigNumContext::new()?)?;
    EcKey::from_public_key(group, &point)
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PKey<Public>> {
    let modulus = BigNum::from_slice(modulus).ok()?;
    if !RSA_BITS.contains(&modulus.num_bits()) {
        return None;
    }
    let exponent = BigNum::from_slice(exponent).ok()?;
    PKey::from_rsa(Rsa::from_public_components(modulus, exponent).ok()?).ok()
}

fn check(is_valid: bool) -> std::result::Result<(), signature::Error> {
    is_valid.then_some(()).ok_or_else(signature::Error::new)
}

struct Hs256(Hmac<Sha256>);

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        // In constant time.
        let mac = self.0.clone().chain_update(message);
        check(mac.verify_slice(signature).is_ok())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct EdDsa(PKey<Public>);

impl Verifier<Vec<u8>> for EdDsa {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let valid = openssl::sign::Verifier::new_without_digest(&self.0)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message));
        check(valid.unwrap_or(false))
    }
}

impl JwtVerifier for EdDsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Es256(EcKey<Public>);

impl Es256 {
    fn is_valid(
        &self,
        message: &[u8],
        r: &[u8],
        s: &[u8],
    ) -> std::result::Result<bool, ErrorStack> {
        let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
        EcdsaSig::from_private_components(r, s)?.verify(&sha256(message), &self.0)
    }
}

impl Verifier<Vec<u8>> for Es256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let valid = match signature.split_first_chunk::<ES256_HALF>() {
            Some((r, s)) if s.len() == ES256_HALF => self.is_valid(message, r, s),
            _ => Ok(false),
        };
        check(valid.unwrap_or(false))
    }
}

impl JwtVerifier for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Rs256(PKey<Public>);

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let valid = openssl::sign::Verifier::new(MessageDigest::sha256(), &self.0)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message));
        check(valid.unwrap_or(false))
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
