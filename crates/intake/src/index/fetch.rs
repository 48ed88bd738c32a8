//! One version of a project, fetched whole.

use sha2::{Digest, Sha256};
use url::Url;

use super::config::{Environment, settings};
use super::error::IndexError;
use super::http::{Client, shown};
use super::page::{self, ACCEPT};
use super::select::{self, Candidate, Form, normalized};
use crate::coverage::Coverage;
use crate::input::{Input, Part, Shape, hex};
use crate::resolve::Options;

/// Largest project page that is read, in bytes.
const PAGE: u64 = 64 * 1024 * 1024;

pub(crate) fn fetch(
    name: &str,
    wanted: Option<&str>,
    options: &Options,
    environment: &Environment,
) -> Result<Input, IndexError> {
    let settings = settings(options, environment)?;
    let client = Client::new(&settings)?;
    let project = normalized(name);
    let mut candidates: Vec<Candidate> = Vec::new();
    let (mut asked, mut found, mut index_name) = (Vec::new(), false, None);
    for index in &settings.indexes {
        let url = page_url(index, &project).ok_or_else(|| IndexError::Address {
            url: shown(index),
            found_in: settings.found_in.clone(),
            why: "it has no path".to_owned(),
        })?;
        asked.push(shown(url.as_str()));
        let Some(answer) = client.get(&url, ACCEPT, PAGE)? else { continue };
        found = true;
        let page = page::parse(&answer.body, &answer.media_type, &answer.url)
            .map_err(|why| IndexError::Page { url: shown(url.as_str()), why })?;
        index_name = index_name.or(page.name);
        for candidate in page.files.into_iter().filter_map(|listed| Candidate::of(listed, &project)) {
            // Of one file in several indexes, the first counts.
            if !candidates.iter().any(|known| known.listed.name == candidate.listed.name) {
                candidates.push(candidate);
            }
        }
    }
    if !found {
        return Err(IndexError::UnknownProject { name: name.to_owned(), asked: asked.join(", ") });
    }
    let version = select::version(name, wanted, &candidates)?;
    candidates.retain(|candidate| candidate.version == version);
    candidates.sort_by(|a, b| (a.form, &a.listed.name).cmp(&(b.form, &b.listed.name)));
    let mut coverage = Coverage::default();
    let mut parts = Vec::new();
    let mut left = options.limits.fetch_bytes;
    for Candidate { form, listed, .. } in candidates {
        let file = &listed.name;
        if form == Form::Old {
            coverage.unread(file, "was not fetched: installers no longer take files of its kind", false);
            continue;
        }
        if listed.yanked {
            coverage.note(file, "was withdrawn from the index by its maintainers");
        }
        if listed.size.is_some_and(|size| size > left) || left == 0 {
            coverage.files += 1;
            coverage.unread(
                file,
                format!(
                    "was not fetched: the files of the version are more than {} bytes together",
                    options.limits.fetch_bytes
                ),
                true,
            );
            continue;
        }
        let missing = || IndexError::Status { url: shown(listed.url.as_str()), status: 404 };
        let answer = match client.get(&listed.url, "*/*", left.saturating_add(1)) {
            Ok(answer) => answer.ok_or_else(missing)?,
            // An index need not say how large a file is.
            Err(IndexError::Request { why, .. }) if listed.size.is_none() && why.contains("limit") => {
                coverage.files += 1;
                coverage.unread(
                    file,
                    format!(
                        "was not fetched: the files of the version are more than {} bytes together",
                        options.limits.fetch_bytes
                    ),
                    true,
                );
                continue;
            }
            Err(error) => return Err(error),
        };
        let digest = hex(&Sha256::digest(&answer.body));
        match &listed.sha256 {
            Some(wanted) if *wanted != digest => {
                return Err(IndexError::Digest {
                    file: file.clone(),
                    url: shown(listed.url.as_str()),
                    listed: wanted.clone(),
                    found: digest,
                });
            }
            Some(_) => {}
            None => coverage.note(file, "has no SHA-256 in the index, so that what was fetched could not be checked"),
        }
        left = left.saturating_sub(answer.body.len() as u64);
        parts.push(Part { path: listed.name, bytes: answer.body });
    }
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    let version = version.to_string();
    Ok(Input {
        name: format!("pypi:{name}@{version}"),
        shape: Shape::PypiVersion { name: index_name.unwrap_or(project), version },
        parts,
        coverage,
    })
}

/// The address of a project's page, which ends with a slash.
fn page_url(index: &str, project: &str) -> Option<Url> {
    let mut url = Url::parse(index).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().push(project).push("");
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_projects() {
        for index in ["https://index.example.invalid/simple", "https://index.example.invalid/simple/"] {
            assert_eq!(
                page_url(index, "two-words").unwrap().as_str(),
                "https://index.example.invalid/simple/two-words/"
            );
        }
    }
}
