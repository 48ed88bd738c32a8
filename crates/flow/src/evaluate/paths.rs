//! `os.path` on text alone: nothing is looked up on a file system.

use super::args::Args;
use super::{Budget, Concrete, Handler, Outcome, tuple_of};

/// The functions of this module. `os.path` is POSIX's.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("os.path.join", join),
    ("posixpath.join", join),
    ("os.path.basename", |a, b| part(a, |path| split(path).1, b)),
    ("posixpath.basename", |a, b| part(a, |path| split(path).1, b)),
    ("os.path.dirname", |a, b| part(a, |path| split(path).0, b)),
    ("posixpath.dirname", |a, b| part(a, |path| split(path).0, b)),
    ("os.path.split", |a, b| pair(a, split, b)),
    ("posixpath.split", |a, b| pair(a, split, b)),
    ("os.path.splitext", |a, b| pair(a, split_extension, b)),
    ("posixpath.splitext", |a, b| pair(a, split_extension, b)),
    ("os.path.normpath", normal),
    ("posixpath.normpath", normal),
    ("os.path.isabs", |a, _| Some(Concrete::Bool(only(a)?.starts_with('/')).into())),
    ("posixpath.isabs", |a, _| Some(Concrete::Bool(only(a)?.starts_with('/')).into())),
    ("ntpath.join", join_windows),
    ("ntpath.basename", |a, b| part(a, |path| split_windows(path).1, b)),
    ("ntpath.dirname", |a, b| part(a, |path| split_windows(path).0, b)),
];

fn only<'a>(a: &Args<'a>) -> Option<&'a str> {
    a.one()?.as_str()
}

fn part(a: &Args<'_>, select: fn(&str) -> &str, b: &mut Budget) -> Option<Outcome> {
    let path = only(a)?;
    b.produce(path.len())?;
    Some(Concrete::text(select(path)).into())
}

fn pair(a: &Args<'_>, divide: fn(&str) -> (&str, &str), b: &mut Budget) -> Option<Outcome> {
    let path = only(a)?;
    b.produce(path.len())?;
    let (head, tail) = divide(path);
    Some(tuple_of(vec![Concrete::text(head), Concrete::text(tail)], b)?.into())
}

fn parts<'a>(a: &Args<'a>, b: &mut Budget) -> Option<(&'a str, Vec<&'a str>)> {
    let parts: Option<Vec<&str>> = a.positional()?.iter().map(Concrete::as_str).collect();
    let mut parts = parts?.into_iter();
    let first = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    b.produce(rest.iter().map(|part| part.len() + 1).sum::<usize>() + first.len())?;
    Some((first, rest))
}

fn join(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let (first, rest) = parts(a, b)?;
    let mut path = first.to_owned();
    for part in rest {
        if part.starts_with('/') {
            path = part.to_owned();
        } else {
            if !path.is_empty() && !path.ends_with('/') {
                path.push('/');
            }
            path.push_str(part);
        }
    }
    Some(Concrete::text(&path).into())
}

/// The head, without the slashes at its end unless it is all slashes, and the tail.
fn split(path: &str) -> (&str, &str) {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at_checked(at).unwrap_or(("", path));
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, tail)
}

fn split_extension(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let stem = path.get(name..).unwrap_or("");
    // Dots that lead a name begin no extension.
    let leading = stem.len() - stem.trim_start_matches('.').len();
    match stem.rfind('.') {
        Some(dot) if dot >= leading => path.split_at_checked(name + dot).unwrap_or((path, "")),
        _ => (path, ""),
    }
}

fn normal(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let path = only(a)?;
    b.produce(path.len() + 1)?;
    if path.is_empty() {
        return Some(Concrete::text(".").into());
    }
    // POSIX keeps two leading slashes apart from one and from three.
    let slashes = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if kept.is_empty() && !slashes.is_empty() => {}
            _ => kept.push(part),
        }
    }
    let body = kept.join("/");
    let normal = if slashes.is_empty() && body.is_empty() { String::from(".") } else { format!("{slashes}{body}") };
    Some(Concrete::text(&normal).into())
}

/// A drive of one letter, and the rest; `None` for a path of another kind, as of a share.
fn drive(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("\\\\") || path.starts_with("//") {
        return None;
    }
    match path.as_bytes() {
        [_, b':', ..] => path.split_at_checked(2),
        _ => Some(("", path)),
    }
}

fn join_windows(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let (first, rest) = parts(a, b)?;
    let (mut letter, path) = drive(first)?;
    let mut path = path.to_owned();
    for part in rest {
        let (other, tail) = drive(part)?;
        if tail.starts_with(['\\', '/']) {
            if !other.is_empty() || letter.is_empty() {
                letter = other;
            }
            path = tail.to_owned();
            continue;
        }
        if !other.is_empty() && other != letter {
            if !other.eq_ignore_ascii_case(letter) {
                letter = other;
                path = tail.to_owned();
                continue;
            }
            letter = other;
        }
        if !path.is_empty() && !path.ends_with(['\\', '/']) {
            path.push('\\');
        }
        path.push_str(tail);
    }
    Some(Concrete::text(&format!("{letter}{path}")).into())
}

fn split_windows(path: &str) -> (&str, &str) {
    let at = path.rfind(['\\', '/']).map_or_else(|| if path.get(1..2) == Some(":") { 2 } else { 0 }, |at| at + 1);
    let (head, tail) = path.split_at_checked(at).unwrap_or(("", path));
    let root = if head.get(1..2) == Some(":") { 2 } else { 0 };
    let trimmed = head.trim_end_matches(['\\', '/']);
    (if trimmed.len() <= root { head } else { trimmed }, tail)
}
