//! Which certificates are trusted: those of the system, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and
//! those that `NODE_EXTRA_CA_CERTS` adds.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, RootCertStore};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

/// Where root certificates come from. Variables that are empty count as unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootCertificateSources {
    /// `SSL_CERT_FILE`: instead of the system's.
    pub file: Option<PathBuf>,
    /// `SSL_CERT_DIR`: instead of the system's.
    pub folders: Vec<PathBuf>,
    /// `NODE_EXTRA_CA_CERTS`: besides the others.
    pub extra: Option<PathBuf>,
    /// Whether `SSL_CERT_FILE` is set to nothing, which the system's own look-up would take for a file.
    pub has_empty_file: bool,
}

/// Root certificates in DER form.
pub(super) struct RootCertificates {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// What could not be read, to be reported if a certificate is not trusted.
    pub(super) unread: Option<String>,
}

/// Files in which systems keep all root certificates.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

impl RootCertificateSources {
    /// Returns the root certificates in DER form, for connections that the client does not make.
    ///
    /// # Errors
    /// The reason, if there are none.
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Ok(self.load()?.certificates.into_iter().map(|der| der.to_vec()).collect())
    }

    /// Reads the root certificates.
    ///
    /// # Errors
    /// The reason, if there are none.
    pub(super) fn load(&self) -> Result<RootCertificates, String> {
        let mut found =
            self.instead().unwrap_or_else(|| if self.has_empty_file { bundle() } else { load_native_certs() });
        // Like Node, larder goes on without those that cannot be read.
        let extra = self.extra.as_deref().map(|file| load_certs_from_paths(Some(file), None)).unwrap_or_default();
        let unread = extra.errors.first().map(|error| format!("NODE_EXTRA_CA_CERTS could not be read: {error}"));
        found.certs.extend(extra.certs);
        if found.certs.is_empty() {
            let reason = found.errors.first().map(ToString::to_string).or(unread);
            return Err(reason.unwrap_or_else(|| "none are installed".to_owned()));
        }
        // Systems keep some that are too odd to be trusted.
        found.certs.retain(|der| RootCertStore::empty().add(der.clone()).is_ok());
        Ok(RootCertificates { certificates: found.certs, unread })
    }

    /// Reads the certificates that replace the system's. Returns `None` if no variable names any.
    fn instead(&self) -> Option<CertificateResult> {
        if self.file.is_none() && self.folders.is_empty() {
            return None;
        }
        let mut all = load_certs_from_paths(self.file.as_deref(), None);
        for folder in &self.folders {
            let one = load_certs_from_paths(None, Some(folder));
            all.certs.extend(one.certs);
            all.errors.extend(one.errors);
        }
        Some(all)
    }
}

/// Reads the first bundle that has certificates.
fn bundle() -> CertificateResult {
    let load = |path: &&str| load_certs_from_paths(Some(Path::new(path)), None);
    BUNDLES.iter().map(load).find(|found| !found.certs.is_empty()).unwrap_or_default()
}

/// Returns why a server's certificate is not trusted. Returns `None` for other failures.
pub(super) fn distrust(error: &rustls::Error) -> Option<String> {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };

    let rustls::Error::InvalidCertificate(error) = error else { return None };
    let reason = match error {
        UnknownIssuer => "its issuer is not known on this machine",
        Expired | ExpiredContext { .. } => "it has expired",
        NotValidYet | NotValidYetContext { .. } => "it is not valid yet",
        NotValidForName | NotValidForNameContext { .. } => "it is for another host",
        other => return Some(other.to_string()),
    };
    Some(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_certificates_are_told_apart_from_those_of_connections() {
        let told = |error| distrust(&rustls::Error::InvalidCertificate(error));
        assert_eq!(told(CertificateError::UnknownIssuer).unwrap(), "its issuer is not known on this machine");
        assert_eq!(told(CertificateError::Expired).unwrap(), "it has expired");
        assert!(told(CertificateError::BadSignature).is_some());
        assert_eq!(distrust(&rustls::Error::General("x".to_owned())), None);
        assert_eq!(distrust(&rustls::Error::HandshakeNotComplete), None);
    }

    #[test]
    fn what_a_variable_names_is_taken_instead_of_the_system_s() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.pem");
        let named = RootCertificateSources { file: Some(file.clone()), ..RootCertificateSources::default() };
        assert!(named.load().is_err_and(|reason| reason.contains("none.pem")));
        let extra =
            RootCertificateSources { file: Some(file.clone()), extra: Some(file), ..RootCertificateSources::default() };
        assert!(extra.load().is_err());
    }
}
