//! Certificates for the TLS tests: an authority, and servers' certificates that are good, expired, or for another host.
//!
//! Made anew in each test, in memory; nothing here is ever a secret worth keeping.
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// PEM of a server's certificate and key.
pub struct Identity {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = key();
        let name = named(name);
        let mut builder = builder(&name, &name, &key, -DAY, 30 * DAY);
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().expect("CA"))
            .expect("CA");
        let usage = KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()
            .expect("usage");
        builder.append_extension(usage).expect("usage");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        Authority {
            certificate: builder.build(),
            key,
        }
    }

    pub fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().expect("PEM")
    }

    /// For 127.0.0.1 and localhost, valid now.
    pub fn good(&self) -> Identity {
        self.issue(|names| names.ip("127.0.0.1").dns("localhost"), 30 * DAY)
    }

    pub fn expired(&self) -> Identity {
        self.issue(|names| names.ip("127.0.0.1").dns("localhost"), -DAY)
    }

    pub fn for_another_host(&self) -> Identity {
        self.issue(
            |names| names.ip("192.0.2.1").dns("elsewhere.example"),
            30 * DAY,
        )
    }

    fn issue(
        &self,
        hosts: impl FnOnce(&mut SubjectAlternativeName) -> &mut SubjectAlternativeName,
        until: i64,
    ) -> Identity {
        let key = key();
        let subject = named("a server of the tests");
        let mut builder = builder(
            &subject,
            self.certificate.subject_name(),
            &key,
            -10 * DAY,
            until,
        );
        let mut names = SubjectAlternativeName::new();
        let names = hosts(&mut names)
            .build(&builder.x509v3_context(Some(&self.certificate), None))
            .expect("hosts");
        builder.append_extension(names).expect("hosts");
        let purpose = ExtendedKeyUsage::new()
            .server_auth()
            .build()
            .expect("purpose");
        builder.append_extension(purpose).expect("purpose");
        builder
            .sign(&self.key, MessageDigest::sha256())
            .expect("signed");
        let key = key.private_key_to_pem_pkcs8().expect("PEM");
        Identity {
            certificate: builder.build().to_pem().expect("PEM"),
            key,
        }
    }
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
}

fn named(name: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().expect("a name");
    builder
        .append_entry_by_nid(Nid::COMMONNAME, name)
        .expect("a name");
    builder.build()
}

fn builder(
    subject: &X509Name,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    from: i64,
    until: i64,
) -> X509Builder {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs() as i64;
    let time = |offset| Asn1Time::from_unix(now + offset).expect("a time");
    let mut serial = BigNum::new().expect("a serial");
    serial
        .rand(120, MsbOption::MAYBE_ZERO, false)
        .expect("a serial");
    let mut builder = X509Builder::new().expect("a certificate");
    builder.set_version(2).expect("version");
    builder
        .set_serial_number(&serial.to_asn1_integer().expect("a serial"))
        .expect("a serial");
    builder.set_subject_name(subject).expect("subject");
    builder.set_issuer_name(issuer).expect("issuer");
    builder.set_pubkey(key).expect("key");
    builder.set_not_before(&time(from)).expect("from");
    builder.set_not_after(&time(until)).expect("until");
    builder
}
