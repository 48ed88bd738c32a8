//! Compiles `catalog/<language>/*.toml` into one compact file for each language, and fails with file and line on a
//! theme that is wrong. A new file in the folder needs no other change.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use smol_str::SmolStr;

use crate::theme::Theme;

/// Writes `themes.rs` and the compact files that it includes to `out`.
pub fn pack(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalog");
    let mut index = String::from("&[\n");
    for folder in sorted(Path::new("catalog"))? {
        if !folder.is_dir() {
            continue;
        }
        let language = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = out.join(format!("themes-{language}.bin"));
        fs::write(&file, postcard::to_allocvec(&themes(&folder)?)?)?;
        writeln!(index, "    ({language:?}, include_bytes!({file:?})),")?;
    }
    index.push_str("]\n");
    fs::write(out.join("themes.rs"), index)?;
    Ok(())
}

fn themes(folder: &Path) -> Result<Vec<Theme>, Box<dyn Error>> {
    let mut themes = Vec::new();
    let mut symbols: BTreeSet<SmolStr> = BTreeSet::new();
    let mut aliases: BTreeMap<SmolStr, SmolStr> = BTreeMap::new();
    for path in sorted(folder)? {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let theme = Theme::parse(&path.display().to_string(), &fs::read_to_string(&path)?)?;
        theme.check_among(&|symbol| symbols.contains(symbol), &|alias| aliases.get(alias).cloned())?;
        symbols.extend(theme.models.iter().map(|model| model.symbol.clone()));
        symbols.extend(theme.attributes.iter().map(|attribute| attribute.symbol.clone()));
        aliases.extend(theme.aliases.iter().cloned());
        themes.push(theme);
    }
    Ok(themes)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}
