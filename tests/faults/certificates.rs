//! Certificates for the TLS tests: an authority of the test's own, and good and bad server certificates.
//!
//! Called by `tls`. They must never be trusted by anything outside the test.
use crate::harness::process::Scratch;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 24 * 3600;

pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
    folder: Scratch,
}

/// A server's certificate and key, as PEM and as files.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub certificate_pem: Vec<u8>,
    pub key_pem: Vec<u8>,
}

/// What is wrong with a certificate, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    WrongHost,
    Expired,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = new_key();
        let mut builder = draft(name, &key, -1, 10);
        let subject = builder_name(name);
        builder.set_issuer_name(&subject).expect("issuer");
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().expect("ca"))
            .expect("ca");
        builder
            .append_extension(
                KeyUsage::new()
                    .critical()
                    .key_cert_sign()
                    .crl_sign()
                    .build()
                    .expect("usage"),
            )
            .expect("usage");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        let authority = Authority {
            certificate: builder.build(),
            key,
            folder: Scratch::new("certificates"),
        };
        let pem = authority.certificate.to_pem().expect("pem");
        std::fs::write(authority.file(), pem).expect("the authority's file");
        authority
    }

    /// The authority's own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for 127.0.0.1, with that flaw.
    pub fn issue(&self, flaw: Flaw) -> Issued {
        let key = new_key();
        let (from, to) = if flaw == Flaw::Expired {
            (-3, -1)
        } else {
            (-1, 10)
        };
        let mut builder = draft("server", &key, from, to);
        builder
            .set_issuer_name(self.certificate.subject_name())
            .expect("issuer");
        let mut names = SubjectAlternativeName::new();
        if flaw == Flaw::WrongHost {
            names.dns("elsewhere.example").ip("192.0.2.1");
        } else {
            names.dns("localhost").ip("127.0.0.1");
        }
        let names = names
            .build(&builder.x509v3_context(Some(&self.certificate), None))
            .expect("names");
        builder.append_extension(names).expect("names");
        builder
            .sign(&self.key, MessageDigest::sha256())
            .expect("signed");
        let certificate_pem = builder.build().to_pem().expect("pem");
        let key_pem = key.private_key_to_pem_pkcs8().expect("pem");
        let at = |kind: &str| self.folder.path().join(format!("{flaw:?}-{kind}.pem"));
        let (certificate, key) = (at("certificate"), at("key"));
        std::fs::write(&certificate, &certificate_pem).expect("a file");
        std::fs::write(&key, &key_pem).expect("a file");
        Issued {
            certificate,
            key,
            certificate_pem,
            key_pem,
        }
    }
}

fn new_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key")
}

fn builder_name(name: &str) -> openssl::x509::X509Name {
    let mut subject = X509NameBuilder::new().expect("name");
    subject.append_entry_by_text("CN", name).expect("name");
    subject.build()
}

/// An unsigned certificate, valid between two days counted from now.
fn draft(name: &str, key: &PKey<Private>, from: i64, to: i64) -> X509Builder {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let now = i64::try_from(now).expect("a time");
    let at = |days: i64| Asn1Time::from_unix(now + days * DAY).expect("a time");
    let mut builder = X509Builder::new().expect("builder");
    builder.set_version(2).expect("version");
    let serial = BigNum::from_u32(u32::try_from(now % 1_000_000).expect("small")).expect("serial");
    builder
        .set_serial_number(&Asn1Integer::from_bn(&serial).expect("serial"))
        .expect("serial");
    builder
        .set_subject_name(&builder_name(name))
        .expect("subject");
    builder.set_pubkey(key).expect("key");
    builder.set_not_before(&at(from)).expect("from");
    builder.set_not_after(&at(to)).expect("to");
    builder
}
