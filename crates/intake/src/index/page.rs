//! Project pages of a package index: the JSON form and the HTML form of the simple repository interface.

use html5gum::{Token, Tokenizer};
use serde::Deserialize;
use url::Url;

/// What an index lists of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub name: Option<String>,
    pub files: Vec<Listed>,
}

/// One file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub name: String,
    pub url: Url,
    pub sha256: Option<String>,
    pub size: Option<u64>,
    pub yanked: bool,
}

/// The media types that are asked for, the preferred first.
pub(crate) const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// Parses a page fetched from `base`.
pub(crate) fn parse(body: &[u8], media_type: &str, base: &Url) -> Result<Page, String> {
    let begins = body.iter().find(|b| !b.is_ascii_whitespace());
    if media_type.contains("json") || begins == Some(&b'{') { json(body, base) } else { Ok(html(body, base)) }
}

#[derive(Deserialize)]
struct JsonPage {
    meta: JsonMeta,
    name: Option<String>,
    files: Vec<JsonFile>,
}

#[derive(Deserialize)]
struct JsonMeta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
    size: Option<u64>,
    /// `false`, `true`, or the reason.
    #[serde(default)]
    yanked: serde_json::Value,
}

fn json(body: &[u8], base: &Url) -> Result<Page, String> {
    let page: JsonPage = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if page.meta.api_version.split('.').next() != Some("1") {
        return Err(format!("it has the unknown version {} of the interface", page.meta.api_version));
    }
    let files = page
        .files
        .into_iter()
        .filter_map(|file| {
            listed(file.filename, base.join(&file.url).ok()?).map(|listed| Listed {
                sha256: file.hashes.get("sha256").map(|digest| digest.to_ascii_lowercase()).or(listed.sha256),
                size: file.size,
                yanked: !matches!(file.yanked, serde_json::Value::Null | serde_json::Value::Bool(false)),
                ..Listed { name: listed.name, url: listed.url, sha256: None, size: None, yanked: false }
            })
        })
        .collect();
    Ok(Page { name: page.name, files })
}

fn html(body: &[u8], base: &Url) -> Page {
    let mut base = base.clone();
    let mut files = Vec::new();
    for Ok(token) in Tokenizer::new(body) {
        let Token::StartTag(tag) = token else { continue };
        let attribute =
            |name: &str| tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned());
        let Some(href) = attribute("href") else { continue };
        let Ok(url) = base.join(&href) else { continue };
        match tag.name.as_slice() {
            b"base" => base = url,
            b"a" => {
                let name = url
                    .path_segments()
                    .and_then(|mut parts| parts.next_back().map(ToOwned::to_owned))
                    .unwrap_or_default();
                let name = percent_encoding::percent_decode_str(&name).decode_utf8_lossy().into_owned();
                if let Some(file) = listed(name, url) {
                    files.push(Listed { yanked: attribute("data-yanked").is_some(), ..file });
                }
            }
            _ => {}
        }
    }
    Page { name: None, files }
}

/// A file with the digest that its address carries. A name that is more than a name is of no file.
fn listed(name: String, mut url: Url) -> Option<Listed> {
    if name.is_empty()
        || name.contains(['/', '\\'])
        || name.chars().any(char::is_control)
        || !matches!(url.scheme(), "http" | "https")
    {
        return None;
    }
    let sha256 = url
        .fragment()
        .and_then(|fragment| fragment.split('&').find_map(|part| part.strip_prefix("sha256=")))
        .map(str::to_ascii_lowercase);
    url.set_fragment(None);
    Some(Listed { name, url, sha256, size: None, yanked: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://index.example.invalid/simple/example/").unwrap()
    }

    #[test]
    fn both_forms_list_the_same() {
        let digest = "ab".repeat(32);
        let json = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"example","files":[
            {{"filename":"example-1.0.tar.gz","url":"../../files/example-1.0.tar.gz","hashes":{{"sha256":"{digest}"}},"yanked":false}},
            {{"filename":"example-1.1.tar.gz","url":"https://files.example.invalid/example-1.1.tar.gz","hashes":{{}},"yanked":"broken"}}]}}"#
        );
        let html = format!(
            r#"<!DOCTYPE html><html><body><h1>Links</h1><a href="../../files/example-1.0.tar.gz#sha256={digest}">example-1.0.tar.gz</a><br/>
            <a href="https://files.example.invalid/example-1.1.tar.gz" data-yanked="broken &amp; wrong">x</a><a name="no link">y</a></body></html>"#
        );
        let from_json = parse(json.as_bytes(), "application/vnd.pypi.simple.v1+json", &base()).unwrap();
        let from_html = parse(html.as_bytes(), "text/html", &base()).unwrap();
        assert_eq!(from_json.files, from_html.files);
        assert_eq!(from_json.files[0].url.as_str(), "https://index.example.invalid/files/example-1.0.tar.gz");
        assert_eq!(from_json.files[0].sha256.as_deref(), Some(digest.as_str()));
        assert!(from_json.files[1].yanked && !from_json.files[0].yanked);
        assert_eq!(from_json.name.as_deref(), Some("example"));
    }

    #[test]
    fn names_that_are_more_than_names_are_left_out() {
        let html = br#"<a href="https://e.invalid/a%2F..%2Fb.whl">x</a><a href="javascript:alert(1)">y</a><a href="file:///etc/x.whl">z</a>"#;
        assert_eq!(parse(html, "text/html", &base()).unwrap().files, []);
    }

    #[test]
    fn other_answers_are_refused() {
        for body in ["{}", "{\"meta\":{\"api-version\":\"2.0\"},\"files\":[]}", "{broken"] {
            assert!(parse(body.as_bytes(), "application/json", &base()).is_err(), "{body}");
        }
    }
}
