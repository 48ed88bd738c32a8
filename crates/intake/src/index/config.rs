//! Where the user's own pip gets packages from: options, environment, configuration files, and at last the default that an installed pip carries in its own source.
//!
//! pip itself is never run; its files are read as text.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::IndexError;
use super::http::shown;
use crate::ini::Ini;
use crate::resolve::Options;

/// The surroundings that decide: variables, and the folder of the system's configuration.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub variables: BTreeMap<String, OsString>,
    pub etc: PathBuf,
}

/// How packages are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Addresses of indexes, the main one first.
    pub indexes: Vec<String>,
    /// Where the main one was found, in words.
    pub found_in: String,
    /// The proxy and where it was found.
    pub proxy: Option<(String, String)>,
    /// A file of certificates to trust instead of the system's.
    pub certificates: Option<PathBuf>,
    /// How long to wait for the network.
    pub timeout: Duration,
    /// Headers with credentials, each for one origin.
    pub authorization: Vec<(url::Origin, String)>,
}

/// Sections of pip's configuration that count for fetching, the most specific first.
const SECTIONS: [&str; 3] = ["download", "install", "global"];

impl Environment {
    pub(crate) fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Self { variables, etc: PathBuf::from("/etc") }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name)?.to_str().map(str::trim).filter(|value| !value.is_empty()).map(ToOwned::to_owned)
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// The folders in which programs are looked for. A relative one would let the place where the user stands decide.
    pub(crate) fn search_path(&self) -> Vec<PathBuf> {
        let folders = self.variables.get("PATH").map(|path| std::env::split_paths(path).collect::<Vec<_>>());
        folders.unwrap_or_default().into_iter().filter(|folder| folder.is_absolute()).collect()
    }

    /// pip's configuration files, those that win first.
    fn files(&self) -> Vec<PathBuf> {
        let name = if cfg!(windows) { "pip.ini" } else { "pip.conf" };
        let own = self.path("PIP_CONFIG_FILE");
        // pip's own way of saying that no file counts.
        if own.as_deref().is_some_and(|path| path == Path::new("/dev/null") || path == Path::new("nul")) {
            return Vec::new();
        }
        let mut files: Vec<PathBuf> = own.into_iter().collect();
        files.extend(self.prefixes().first().map(|prefix| prefix.join(name)));
        if cfg!(windows) {
            files.extend(self.path("APPDATA").map(|folder| folder.join("pip").join(name)));
            files.extend(self.home().map(|home| home.join("pip").join(name)));
            files.extend(self.path("PROGRAMDATA").map(|folder| folder.join("pip").join(name)));
            return files;
        }
        if let Some(home) = self.home() {
            if cfg!(target_os = "macos") {
                files.push(home.join("Library/Application Support/pip").join(name));
            }
            files.push(self.path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("pip").join(name));
            files.push(home.join(".pip").join(name));
        }
        files.push(self.etc.join(name));
        match self.text("XDG_CONFIG_DIRS") {
            Some(folders) => files.extend(
                folders
                    .split(':')
                    .filter(|folder| !folder.is_empty())
                    .map(|folder| Path::new(folder).join("pip").join(name)),
            ),
            None => files.push(self.etc.join("xdg/pip").join(name)),
        }
        files
    }

    /// Folders of Python installations, the one that the user's commands belong to first.
    fn prefixes(&self) -> Vec<PathBuf> {
        let mut prefixes: Vec<PathBuf> = self.path("VIRTUAL_ENV").into_iter().collect();
        let folders =
            self.variables.get("PATH").map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
        // A relative folder would let the place where the user stands decide.
        for folder in folders.iter().filter(|folder| folder.is_absolute()) {
            for program in ["python3", "python", "pip", "pip3", "python.exe", "pip.exe"] {
                let program = folder.join(program);
                let Ok(real) = fs::canonicalize(&program) else { continue };
                if folder.ends_with("shims") {
                    prefixes.extend(folder.parent().map(behind_shims).unwrap_or_default());
                }
                for program in [&program, &real] {
                    prefixes.extend(program.parent().map(|bin| {
                        if bin.join("Lib").is_dir() { bin } else { bin.parent().unwrap_or(bin) }.to_path_buf()
                    }));
                }
            }
        }
        prefixes.extend(self.home().map(|home| home.join(".local")));
        let mut seen = std::collections::BTreeSet::new();
        prefixes.retain(|prefix| seen.insert(prefix.clone()));
        prefixes
    }

    /// The index that an installed pip asks when nothing is set up, and the file that says so.
    fn of_installed_pip(&self) -> Option<(String, PathBuf)> {
        self.prefixes().iter().flat_map(|prefix| libraries(prefix)).find_map(|library| {
            let file = library.join("pip").join("_internal").join("models").join("index.py");
            Some((default_index(&read_text(&file)?)?, file))
        })
    }
}

/// Installations that a folder of version-switching shims stands for: the chosen one first.
fn behind_shims(root: &Path) -> Vec<PathBuf> {
    let mut versions = folders_in(&root.join("versions"));
    versions.reverse();
    if let Some(chosen) = read_text(&root.join("version")) {
        let chosen: Vec<PathBuf> = chosen
            .split_whitespace()
            .map(|name| root.join("versions").join(name))
            .filter(|folder| versions.contains(folder))
            .collect();
        return chosen.into_iter().chain(versions).collect();
    }
    versions
}

/// Folders of installed modules under an installation.
fn libraries(prefix: &Path) -> Vec<PathBuf> {
    let mut found = vec![prefix.join("Lib").join("site-packages")];
    for library in ["lib", "lib64", "local/lib"] {
        let mut versions = folders_in(&prefix.join(library));
        versions.reverse();
        for version in versions
            .into_iter()
            .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python")))
        {
            found.push(version.join("site-packages"));
            found.push(version.join("dist-packages"));
        }
    }
    found
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

pub(crate) fn read_text(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The address in the source of pip's own default: the first text in the call that makes `PyPI`.
fn default_index(source: &str) -> Option<String> {
    let call =
        source.lines().position(|line| line.trim_start().starts_with("PyPI") && line.contains("PackageIndex("))?;
    let rest: String = source.lines().skip(call).take(4).collect::<Vec<_>>().join("\n");
    let rest = rest.split_once("PackageIndex(")?.1;
    let quote = rest.find(['"', '\''])?;
    let (quoted, rest) = rest.split_at_checked(quote + 1)?;
    let url = rest.split(quoted.chars().next_back()?).next()?;
    // What pip appends to it, too.
    url.starts_with("https://").then(|| format!("{}/simple", url.trim_end_matches('/')))
}

/// Values of pip's own options, as pip would find them.
struct Lookup<'a> {
    environment: &'a Environment,
    files: Vec<(PathBuf, Ini)>,
}

impl Lookup<'_> {
    /// A value and where it was found.
    fn get(&self, key: &str) -> Option<(String, String)> {
        let variable = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
        if let Some(value) = self.environment.text(&variable) {
            return Some((value, variable));
        }
        for section in SECTIONS {
            for (path, ini) in &self.files {
                let value = ini.get(section, key).or_else(|| ini.get(section, &key.replace('-', "_")));
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    return Some((value.to_owned(), format!("`{}`", path.display())));
                }
            }
        }
        None
    }
}

/// How packages are fetched in these surroundings.
pub(crate) fn settings(options: &Options, environment: &Environment) -> Result<Settings, IndexError> {
    let files = environment
        .files()
        .into_iter()
        .filter_map(|path| Some((path.clone(), Ini::parse(&read_text(&path)?, true))))
        .collect();
    let lookup = Lookup { environment, files };
    let (main, found_in, extra) = match &options.index_url {
        Some(url) => (url.clone(), "`--index-url`".to_owned(), Vec::new()),
        None => {
            if let Some((value, found_in)) = lookup.get("no-index")
                && ["1", "true", "yes", "on", "t", "y"].contains(&value.to_lowercase().as_str())
            {
                return Err(IndexError::Forbidden { found_in });
            }
            let extra = lookup
                .get("extra-index-url")
                .map(|(value, _)| value.split_whitespace().map(ToOwned::to_owned).collect())
                .unwrap_or_default();
            let (main, found_in) = match lookup.get("index-url") {
                Some(found) => found,
                None => environment
                    .of_installed_pip()
                    .map(|(url, file)| (url, format!("`{}`", file.display())))
                    .ok_or(IndexError::NoIndex)?,
            };
            (main, found_in, extra)
        }
    };
    let mut indexes = vec![main];
    indexes.extend(extra);
    for index in &indexes {
        let why = match url::Url::parse(index) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => continue,
            Ok(_) => "it must begin with `https://` or `http://`".to_owned(),
            Err(error) => error.to_string(),
        };
        return Err(IndexError::Address { url: shown(index), found_in, why });
    }
    let from_environment =
        |names: &[&str]| names.iter().find_map(|name| Some((environment.text(name)?, (*name).to_owned())));
    let proxy = lookup.get("proxy").or_else(|| {
        let https = indexes.first().is_some_and(|index| index.starts_with("https:"));
        from_environment(if https {
            &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        } else {
            &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        })
    });
    let certificates = lookup
        .get("cert")
        .or_else(|| from_environment(&["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]))
        .map(|(path, _)| PathBuf::from(path));
    let seconds = lookup
        .get("timeout")
        .or_else(|| lookup.get("default-timeout"))
        .and_then(|(value, _)| value.parse::<u32>().ok());
    let timeout = Duration::from_secs(u64::from(seconds.unwrap_or(15).clamp(1, 3600)));
    Ok(Settings { indexes, found_in, proxy, certificates, timeout, authorization: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        variables: BTreeMap<String, OsString>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let variables = BTreeMap::from([("HOME".to_owned(), folder.path().join("home").into_os_string())]);
            Self { folder, variables }
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        }

        fn set(&mut self, name: &str, value: impl Into<OsString>) {
            self.variables.insert(name.to_owned(), value.into());
        }

        fn settings(&self) -> Result<Settings, IndexError> {
            let environment = Environment { variables: self.variables.clone(), etc: self.folder.path().join("etc") };
            settings(&Options::default(), &environment)
        }

        fn index(&self) -> String {
            self.settings().unwrap().indexes.remove(0)
        }
    }

    fn conf(host: &str) -> String {
        format!("[global]\nindex-url = https://{host}.example.invalid/simple\n")
    }

    #[test]
    fn the_more_personal_setting_wins() {
        let mut place = Place::new();
        assert!(matches!(place.settings(), Err(IndexError::NoIndex)));
        let base = "lib/python3.12/site-packages/pip/_internal/models/index.py";
        place.write(&format!("usr/{base}"), "class PackageIndex:\n    pass\n\nPyPI = PackageIndex(\n    \"https://default.example.invalid/\", x=\"y\"\n)\n");
        place.write("usr/bin/python3", "");
        place.set("PATH", place.folder.path().join("usr/bin"));
        assert_eq!(place.index(), "https://default.example.invalid/simple");
        for (path, host) in [
            ("etc/xdg/pip/pip.conf", "xdg"),
            ("etc/pip.conf", "etc"),
            ("home/.pip/pip.conf", "legacy"),
            ("home/.config/pip/pip.conf", "user"),
            ("usr/pip.conf", "site"),
        ] {
            place.write(path, &conf(host));
            assert_eq!(place.index(), format!("https://{host}.example.invalid/simple"));
        }
        let own = place.write("own.conf", &conf("own"));
        place.set("PIP_CONFIG_FILE", own);
        assert_eq!(place.index(), "https://own.example.invalid/simple");
        place.set("PIP_INDEX_URL", "https://variable.example.invalid/simple");
        assert_eq!(place.index(), "https://variable.example.invalid/simple");
        let environment = Environment { variables: place.variables.clone(), etc: place.folder.path().join("etc") };
        let options = Options { index_url: Some("https://option.example.invalid/s".into()), ..Options::default() };
        assert_eq!(settings(&options, &environment).unwrap().indexes, ["https://option.example.invalid/s"]);
    }

    #[test]
    fn a_command_section_wins_over_the_global_one() {
        let place = Place::new();
        place.write("etc/pip.conf", "[install]\nindex_url = https://install.example.invalid/simple\n");
        place.write("home/.config/pip/pip.conf", &conf("user"));
        assert_eq!(place.index(), "https://install.example.invalid/simple");
    }

    #[test]
    fn no_file_counts_when_pip_is_told_so() {
        let mut place = Place::new();
        place.write("home/.config/pip/pip.conf", &conf("user"));
        place.set("PIP_CONFIG_FILE", "/dev/null");
        assert!(matches!(place.settings(), Err(IndexError::NoIndex)));
    }

    #[test]
    fn the_default_is_found_behind_shims_and_in_virtual_environments() {
        let source = |host: &str| {
            format!("PyPI = PackageIndex(\"https://{host}.example.invalid/\", file_storage_domain=\"f\")\n")
        };
        let base = "lib/python3.11/site-packages/pip/_internal/models/index.py";
        let mut place = Place::new();
        place.write("env/shims/python3", "#!/bin/sh\n");
        place.write("env/version", "3.11.7\n");
        place.write(&format!("env/versions/3.11.7/{base}"), &source("chosen"));
        place.write(&format!("env/versions/3.12.0/{base}"), &source("other"));
        place.set("PATH", place.folder.path().join("env/shims"));
        assert_eq!(place.index(), "https://chosen.example.invalid/simple");
        place.write(&format!("venv/{base}"), &source("venv"));
        place.set("VIRTUAL_ENV", place.folder.path().join("venv"));
        assert_eq!(place.index(), "https://venv.example.invalid/simple");
    }

    #[test]
    fn a_relative_folder_in_the_path_decides_nothing() {
        let mut place = Place::new();
        place.set("PATH", ".");
        assert!(matches!(place.settings(), Err(IndexError::NoIndex)));
    }

    #[test]
    fn proxy_certificates_and_timeout() {
        let mut place = Place::new();
        place.write("etc/pip.conf", "[global]\nindex-url = https://a.example.invalid/simple\nextra-index-url =\n    https://b.example.invalid/simple\n    https://c.example.invalid/simple\ncert = /certs/a.pem\ntimeout = 40\n");
        place.set("https_proxy", "http://192.0.2.1:3128");
        let settings = place.settings().unwrap();
        assert_eq!(settings.indexes.len(), 3);
        assert_eq!(settings.certificates, Some(PathBuf::from("/certs/a.pem")));
        assert_eq!(settings.timeout, Duration::from_secs(40));
        assert_eq!(settings.proxy, Some(("http://192.0.2.1:3128".into(), "https_proxy".into())));
        place.set("PIP_PROXY", "http://192.0.2.2:3128");
        place.set("PIP_CERT", "/certs/b.pem");
        let settings = place.settings().unwrap();
        assert_eq!(settings.proxy.unwrap().1, "PIP_PROXY");
        assert_eq!(settings.certificates, Some(PathBuf::from("/certs/b.pem")));
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_its_credentials() {
        let mut place = Place::new();
        place.set("PIP_NO_INDEX", "1");
        assert!(matches!(place.settings(), Err(IndexError::Forbidden { .. })));
        place.variables.remove("PIP_NO_INDEX");
        place.set("PIP_INDEX_URL", "ftp://user:hunter2@example.invalid/simple");
        let error = place.settings().unwrap_err().to_string();
        assert!(error.contains("https://") && error.contains("PIP_INDEX_URL"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
