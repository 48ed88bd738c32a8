//! Where the user's own npm gets packages from: environment, `.npmrc` files, and at last the default that an installed npm carries in its own source.
//!
//! npm itself is never run; its files are read as text.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::config::{Environment, Settings, read_text};
use super::error::IndexError;
use super::http::shown;

/// The values of all files, those that win first, each with where it was found.
struct Lookup<'a> {
    environment: &'a Environment,
    files: Vec<(PathBuf, BTreeMap<String, String>)>,
}

/// The lines of an `.npmrc` file: `key = value`, with `;` and `#` in front of comments. `${NAME}` stands for a variable.
fn parse(text: &str, environment: &Environment) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with([';', '#', '[']) {
            continue;
        }
        if let Some((key, value)) = line.split_once('=') {
            let value = value.trim().trim_matches(['"', '\'']);
            values.insert(key.trim().to_owned(), expanded(value, environment));
        }
    }
    values
}

fn expanded(value: &str, environment: &Environment) -> String {
    let mut result = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("${") {
        result.push_str(before);
        match behind.split_once('}') {
            Some((name, tail)) => {
                // A variable that is not set stays as it is written, as npm leaves it.
                match environment.text(name.trim_end_matches('?')) {
                    Some(found) => result.push_str(&found),
                    None if name.ends_with('?') => {}
                    None => result.push_str(&format!("${{{name}}}")),
                }
                rest = tail;
            }
            None => {
                result.push_str("${");
                rest = behind;
            }
        }
    }
    result.push_str(rest);
    result
}

impl Lookup<'_> {
    fn get(&self, key: &str) -> Option<(String, String)> {
        for name in [
            format!("npm_config_{}", key.replace('-', "_")),
            format!("NPM_CONFIG_{}", key.replace('-', "_").to_uppercase()),
        ] {
            if let Some(value) = self.environment.text(&name) {
                return Some((value, name));
            }
        }
        self.in_files(key)
    }

    fn in_files(&self, key: &str) -> Option<(String, String)> {
        self.files.iter().find_map(|(path, values)| {
            let value = values.get(key).filter(|value| !value.is_empty() && *value != "null")?;
            Some((value.clone(), format!("`{}`", path.display())))
        })
    }

    /// The header that a registry asks for: the most specific address that has one.
    fn authorization(&self, registry: &Url) -> Option<String> {
        let host = registry.host_str()?;
        let port = registry.port().map(|port| format!(":{port}")).unwrap_or_default();
        let mut path = registry.path().trim_end_matches('/').to_owned();
        loop {
            let place = format!("//{host}{port}{path}/");
            if let Some((token, _)) = self.in_files(&format!("{place}:_authToken")) {
                return Some(format!("Bearer {token}"));
            }
            if let Some((basic, _)) = self.in_files(&format!("{place}:_auth")) {
                return Some(format!("Basic {basic}"));
            }
            let (above, _) = path.rsplit_once('/')?;
            path = above.to_owned();
        }
    }
}

/// The registry that an installed npm asks when nothing is set up: the default in the definition of its setting.
fn default_registry(source: &str) -> Option<String> {
    let (_, behind) =
        source.split_once("new Definition('registry'").or_else(|| source.split_once("define('registry'"))?;
    let (_, behind) = behind.split_once("default:")?;
    let quote = behind.find(['"', '\'', '`'])?;
    let (quoted, rest) = behind.split_at_checked(quote + 1)?;
    let url = rest.split(quoted.chars().next_back()?).next()?;
    url.starts_with("https://").then(|| url.to_owned())
}

/// Folders of Node's installations.
fn prefixes(environment: &Environment) -> Vec<PathBuf> {
    let mut prefixes = Vec::new();
    for folder in environment.search_path() {
        for program in ["npm", "node", "npm.cmd", "node.exe"] {
            let program = folder.join(program);
            let Ok(real) = fs::canonicalize(&program) else { continue };
            // `bin/npm` is often a link into `lib/node_modules/npm/bin`.
            for start in [&program, &real] {
                prefixes.extend(start.ancestors().skip(1).take(6).map(PathBuf::from));
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    prefixes.retain(|prefix| seen.insert(prefix.clone()));
    prefixes
}

fn of_installed_npm(environment: &Environment) -> Option<(String, PathBuf)> {
    const DEFINITIONS: &str = "node_modules/@npmcli/config/lib/definitions/definitions.js";
    prefixes(environment).iter().find_map(|prefix| {
        ["lib/node_modules/npm", "node_modules/npm", ""].iter().find_map(|inner| {
            let file = prefix.join(inner).join(DEFINITIONS);
            Some((default_registry(&read_text(&file)?)?, file))
        })
    })
}

fn files(environment: &Environment) -> Vec<PathBuf> {
    // The file of the folder one stands in is not asked: it may belong to what is to be reviewed.
    let mut files = Vec::new();
    let named = |names: [&str; 2]| names.iter().find_map(|name| environment.text(name)).map(PathBuf::from);
    files.extend(
        named(["npm_config_userconfig", "NPM_CONFIG_USERCONFIG"])
            .or_else(|| environment.home().map(|home| home.join(".npmrc"))),
    );
    match named(["npm_config_globalconfig", "NPM_CONFIG_GLOBALCONFIG"]) {
        Some(file) => files.push(file),
        None => {
            files.extend(prefixes(environment).into_iter().map(|prefix| prefix.join("etc").join("npmrc")));
        }
    }
    files
}

/// How a package of a registry is fetched in these surroundings.
pub(crate) fn settings(name: &str, environment: &Environment) -> Result<Settings, IndexError> {
    let files = files(environment)
        .into_iter()
        .filter_map(|path| Some((path.clone(), parse(&read_text(&path)?, environment))))
        .collect();
    let lookup = Lookup { environment, files };
    let scope = name.strip_prefix('@').and_then(|rest| rest.split_once('/')).map(|(scope, _)| scope);
    let of_scope = scope.and_then(|scope| lookup.in_files(&format!("@{scope}:registry")));
    let (registry, found_in) = of_scope
        .or_else(|| lookup.get("registry"))
        .or_else(|| of_installed_npm(environment).map(|(url, file)| (url, format!("`{}`", file.display()))))
        .ok_or(IndexError::NoRegistry)?;
    let url = match Url::parse(&registry) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        Ok(_) => {
            let why = "it must begin with `https://` or `http://`".to_owned();
            return Err(IndexError::Address { url: shown(&registry), found_in, why });
        }
        Err(error) => return Err(IndexError::Address { url: shown(&registry), found_in, why: error.to_string() }),
    };
    let https = url.scheme() == "https";
    let variables: &[&str] = if https { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy", "HTTP_PROXY"] };
    let proxy = lookup
        .get(if https { "https-proxy" } else { "proxy" })
        .or_else(|| lookup.get("proxy"))
        .or_else(|| variables.iter().find_map(|name| Some((environment.text(name)?, (*name).to_owned()))));
    let certificates = lookup
        .get("cafile")
        .map(|(path, _)| path)
        .or_else(|| ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"].iter().find_map(|name| environment.text(name)))
        .map(PathBuf::from);
    let authorization = lookup.authorization(&url).map(|header| (url.origin(), header));
    Ok(Settings {
        indexes: vec![registry],
        found_in,
        proxy,
        certificates,
        timeout: Duration::from_secs(30),
        authorization: authorization.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(home: &std::path::Path) -> Environment {
        let variables = [
            ("HOME".to_owned(), home.as_os_str().to_owned()),
            ("TOKEN".to_owned(), "t0ken".into()),
            ("PATH".to_owned(), "/nowhere".into()),
        ];
        Environment { variables: variables.into(), etc: home.join("etc") }
    }

    #[test]
    fn a_scope_and_its_token_have_their_own_registry() {
        let home = tempfile::tempdir().unwrap();
        let text = "; comment\nregistry=https://main.example.invalid/npm/\n@inner:registry = https://inner.example.invalid\n//inner.example.invalid/:_authToken=${TOKEN}\n//main.example.invalid/:_authToken=\"m\"\n";
        fs::write(home.path().join(".npmrc"), text).unwrap();
        let plain = settings("left-pad", &environment(home.path())).unwrap();
        assert_eq!(plain.indexes, ["https://main.example.invalid/npm/"]);
        assert_eq!(plain.authorization.first().map(|(_, header)| header.as_str()), Some("Bearer m"));
        let scoped = settings("@inner/x", &environment(home.path())).unwrap();
        assert_eq!(scoped.indexes, ["https://inner.example.invalid"]);
        assert_eq!(scoped.authorization.first().map(|(_, header)| header.as_str()), Some("Bearer t0ken"));
    }

    #[test]
    fn without_any_setting_and_any_npm_there_is_no_registry() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(settings("x", &environment(home.path())), Err(IndexError::NoRegistry)));
        fs::write(home.path().join(".npmrc"), "registry=ftp://example.invalid/").unwrap();
        assert!(matches!(settings("x", &environment(home.path())), Err(IndexError::Address { .. })));
    }

    #[test]
    fn the_default_stands_in_the_definition_of_the_setting() {
        let source = "  registry: new Definition('registry', {\n    default: 'https://registry.example.invalid/',\n";
        assert_eq!(default_registry(source).as_deref(), Some("https://registry.example.invalid/"));
        assert_eq!(default_registry("new Definition('other', { default: 'https://x/' })"), None);
    }
}
