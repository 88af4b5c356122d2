//! Certificates, as an authority of a test's own signs them.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// Who signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(crate) pem: String,
}

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Signed {
    /// Writes both into a folder, as `NAME.pem` and `NAME.key`.
    pub(crate) fn write(&self, folder: &Path, name: &str) {
        let write = |end: &str, text: &str| {
            // in one step: who looks sees the one or the other
            let (new, at) = (format!("{name}.{end}.new"), format!("{name}.{end}"));
            std::fs::write(folder.join(&new), text).expect("a folder that can be written");
            std::fs::rename(folder.join(new), folder.join(at)).expect("the same folder");
        };
        write("key", &self.key);
        write("pem", &self.certificate);
    }
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Servers,
    Clients,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        Self {
            pem: own.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// For 127.0.0.1 too, for a year and a half.
    pub(crate) fn sign(&self, name: &str, what: For) -> Signed {
        self.sign_until(name, what, 500)
    }

    /// Until so many days from now; already past where negative.
    pub(crate) fn sign_until(&self, name: &str, what: For, days: i64) -> Signed {
        let names = vec![name.to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![match what {
            For::Servers => ExtendedKeyUsagePurpose::ServerAuth,
            For::Clients => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        params.not_before = date_time_ymd(2020, 1, 1);
        let end = Timestamp::now() + SignedDuration::from_hours(24 * days);
        let end = end.to_zoned_datetime(TimeZone::UTC);
        let day = |part: i8| u8::try_from(part).expect("a day or a month");
        params.not_after = date_time_ymd(end.year().into(), day(end.month()), day(end.day()));
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed {
            certificate: signed.pem(),
            key: key.serialize_pem(),
        }
    }
}
