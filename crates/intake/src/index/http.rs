//! Requests to an index: one agent with the user's proxy, certificates and credentials.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use ureq::ResponseExt;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};
use url::Url;

use super::config::Settings;
use super::error::IndexError;

/// Attempts at a request that fails for a reason which may pass.
const ATTEMPTS: u32 = 3;

/// An answer of an index.
#[derive(Debug)]
pub(crate) struct Answer {
    pub url: Url,
    pub media_type: String,
    pub body: Vec<u8>,
}

/// An agent for one index.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    /// Where credentials go, and nowhere else: the origin of the address that holds them.
    credentials: Vec<(url::Origin, String)>,
}

impl Client {
    pub(crate) fn new(settings: &Settings) -> Result<Self, IndexError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(RootCerts::PlatformVerifier);
        if let Some(path) = &settings.certificates {
            let wrong = |why: String| IndexError::Certificates { path: path.clone(), why };
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let mut certificates = Vec::new();
            for item in parse_pem(&pem) {
                if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
                    certificates.push(certificate);
                }
            }
            if certificates.is_empty() {
                return Err(wrong("it holds none".to_owned()));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let proxy = match &settings.proxy {
            Some((address, found_in)) => {
                Some(proxy(address).map_err(|why| IndexError::Proxy { found_in: found_in.clone(), why })?)
            }
            None => None,
        };
        let https = settings.indexes.iter().all(|index| index.starts_with("https:"));
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .proxy(proxy)
            // An index that is reached safely must not lead to an unsafe place.
            .https_only(https)
            .http_status_as_error(false)
            .timeout_connect(Some(settings.timeout))
            .timeout_per_read(Some(settings.timeout))
            .timeout_recv_response(Some(settings.timeout.saturating_mul(4)))
            .timeout_global(Some(Duration::from_secs(900)))
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let credentials = settings
            .indexes
            .iter()
            .filter_map(|index| Url::parse(index).ok())
            .filter_map(|url| Some((url.origin(), basic(&url)?)))
            .chain(settings.authorization.iter().cloned())
            .collect();
        Ok(Self { agent, credentials })
    }

    /// Fetches an address. Nothing when there is nothing at it.
    pub(crate) fn get(&self, url: &Url, accept: &str, most: u64) -> Result<Option<Answer>, IndexError> {
        let mut attempt = 1;
        loop {
            let result = self.once(url, accept, most);
            match result {
                Err(IndexError::Request { .. } | IndexError::Status { status: 500..=599, .. })
                    if attempt < ATTEMPTS =>
                {
                    thread::sleep(Duration::from_millis(250 * u64::from(attempt)));
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn once(&self, url: &Url, accept: &str, most: u64) -> Result<Option<Answer>, IndexError> {
        let failed = |error: ureq::Error| IndexError::Request { url: shown(url.as_str()), why: error.to_string() };
        let mut bare = url.clone();
        // Both fail only for addresses without a host, which none of these is.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        let mut request = self.agent.get(bare.as_str()).header("Accept", accept);
        if let Some((_, credentials)) = self.credentials.iter().find(|(origin, _)| *origin == url.origin()) {
            request = request.header("Authorization", credentials);
        }
        let mut response = request.call().map_err(failed)?;
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(IndexError::Status { url: shown(url.as_str()), status }),
        }
        let media_type = response.body().mime_type().unwrap_or_default().to_ascii_lowercase();
        let last = Url::parse(&response.get_uri().to_string()).unwrap_or(bare);
        let body = response.body_mut().with_config().limit(most).read_to_vec().map_err(failed)?;
        Ok(Some(Answer { url: last, media_type, body }))
    }
}

/// A proxy that the hosts of `NO_PROXY` are reached without.
fn proxy(address: &str) -> Result<Proxy, String> {
    let address = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let parsed = Proxy::new(&address).map_err(|error| error.to_string())?;
    let excepted = ["no_proxy", "NO_PROXY"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let mut builder = Proxy::builder(parsed.protocol()).host(parsed.host()).port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    for host in excepted.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(|error| error.to_string())
}

/// The header for the credentials in an address.
fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let both = format!("{}:{}", plain(url.username()), plain(url.password().unwrap_or_default()));
    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both)))
}

/// An address without credentials and query, for messages.
pub(crate) fn shown(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) if url.has_host() => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            url.to_string()
        }
        // Whatever stands before an `@` may be a password.
        _ => url.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        assert_eq!(shown("https://me:secret@example.invalid/simple?token=secret#x"), "https://example.invalid/simple");
        assert!(!shown("me:secret@nowhere").contains("secret"));
    }

    #[test]
    fn credentials_are_decoded_before_they_are_sent() {
        let url = Url::parse("https://me%40work:p%3Aw@example.invalid/").unwrap();
        assert_eq!(basic(&url).unwrap(), "Basic bWVAd29yazpwOnc=");
        assert_eq!(basic(&Url::parse("https://example.invalid/").unwrap()), None);
    }
}
