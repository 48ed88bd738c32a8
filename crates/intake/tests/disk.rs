//! Targets on disk: files, folders, folders of archives, and what must not be opened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod common;

use std::fs;
use std::path::Path;

use common::*;
use sluice_intake::{
    EntryKind, FileKind, Input, IntakeError, Limits, Options, Package, PackageKind, Shape, Target, plan, resolve,
    unpack,
};

const APP: &[u8] = b"import json\n\nprint(json.dumps({}))\n";

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn inputs(path: &Path) -> Vec<Input> {
    resolve(&Target::Path(path.to_path_buf()), &Options::default()).unwrap()
}

fn package(path: &Path) -> Package {
    let mut inputs = inputs(path);
    assert_eq!(inputs.len(), 1);
    unpack(inputs.remove(0), &Limits::default())
}

fn entries(package: &Package) -> Vec<(EntryKind, Option<&str>, Option<&str>)> {
    package
        .manifest
        .entry_points
        .iter()
        .map(|entry| (entry.kind, entry.file.as_deref(), entry.function.as_deref()))
        .collect()
}

#[test]
fn one_file() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "app.py", APP);
    let path = folder.path().join("app.py");
    assert_eq!(inputs(&path)[0].shape, Shape::File);
    let package = package(&path);
    assert_eq!((package.kind, package.name.as_str()), (PackageKind::File, path.to_str().unwrap()));
    assert_eq!(paths(&package), ["app.py"]);
    assert_eq!(package.digest, package.files[0].digest);
    assert_eq!(package.manifest.entry_points, []);
}

#[test]
fn a_folder_with_a_manifest_is_one_package() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "pyproject.toml", b"[build-system]\nrequires = []\nbuild-backend = \"backend:hooks\"\nbackend-path = [\"tools\"]\n[project]\nname = \"example\"\nversion = \"3.1\"\ndescription = \"an example\"\ndependencies = [\"one>=1\"]\n[project.scripts]\nexample = \"example.cli:main\"\n[project.entry-points.\"pytest11\"]\nplug = \"example.plugin\"\n[project.urls]\nHome = \"https://example.invalid\"\n");
    write(root, "setup.py", APP);
    write(root, "setup.cfg", b"[options.entry_points]\nconsole_scripts =\n    second = example:run\n");
    write(root, "tools/backend.py", APP);
    write(root, "src/example/__init__.py", APP);
    write(root, "src/example/cli.py", APP);
    write(root, "src/example/plugin.py", APP);
    write(root, "src/example/__main__.py", APP);
    write(root, "src/space/inner/__init__.py", APP);
    write(root, "src/space/inner/deep.py", APP);
    write(root, "src/hook.pth", b"import example\n");
    write(root, "tests/__init__.py", APP);
    write(root, "test_example.py", APP);
    write(root, ".git/objects/ab/cdef", b"packed");
    write(root, ".git/hooks/pre-commit", b"#!/bin/sh\nls\n");
    let package = package(root);
    assert_eq!(package.kind, PackageKind::Package);
    assert_eq!((package.manifest.name.as_deref(), package.version.as_deref()), (Some("example"), Some("3.1")));
    assert_eq!(package.manifest.requires, ["one>=1"]);
    assert_eq!(package.manifest.urls, ["https://example.invalid"]);
    assert_eq!(
        entries(&package),
        [
            (EntryKind::Install, Some("setup.py"), None),
            (EntryKind::Build, Some("tools/backend.py"), Some("backend:hooks")),
            (EntryKind::Startup, Some("src/hook.pth"), None),
            (EntryKind::Import, Some("src/example/__init__.py"), None),
            (EntryKind::Import, Some("src/space/inner/__init__.py"), None),
            (EntryKind::Run, Some("src/example/__init__.py"), Some("example:run")),
            (EntryKind::Run, Some("src/example/__main__.py"), None),
            (EntryKind::Run, Some("src/example/cli.py"), Some("example.cli:main")),
            (EntryKind::Plugin, Some("src/example/plugin.py"), Some("example.plugin")),
        ]
    );
    assert!(unread(&package, ".git/objects", "history"));
    assert!(!package.coverage.hides_code());
    assert_eq!(file(&package, ".git/hooks/pre-commit").kind, FileKind::OtherSource("shell".into()));
}

#[test]
fn a_wheel_and_an_egg_declare_what_runs() {
    let wheel = zip(&[
        ("top.py", APP),
        ("pkg/__init__.py", b""),
        ("pkg/cli.py", APP),
        ("pkg/sub/__init__.py", APP),
        ("space/first/__init__.py", APP),
        ("usercustomize.py", APP),
        ("zz.pth", b"import top\n"),
        ("pkg/inner.pth", b"import top\n"),
        ("w-1.0.data/scripts/tool", b"#!python\nprint()\n"),
        ("w-1.0.data/purelib/late.py", APP),
        ("w-1.0.dist-info/METADATA", b"Name: w\nVersion: 1.0\nDescription-Content-Type: text/plain\n\nLong words.\n"),
        (
            "w-1.0.dist-info/entry_points.txt",
            b"[console_scripts]\nw = pkg.cli:main [extra]\n\n[distutils.commands]\nx = pkg.sub:Command\n",
        ),
    ]);
    let package = open("w-1.0-py3-none-any.whl", &wheel);
    assert_eq!(package.manifest.description.as_deref(), Some("Long words."));
    assert_eq!(
        entries(&package),
        [
            (EntryKind::Build, Some("pkg/sub/__init__.py"), Some("pkg.sub:Command")),
            (EntryKind::Startup, Some("usercustomize.py"), None),
            (EntryKind::Startup, Some("zz.pth"), None),
            (EntryKind::Import, Some("pkg/__init__.py"), None),
            (EntryKind::Import, Some("space/first/__init__.py"), None),
            (EntryKind::Import, Some("top.py"), None),
            (EntryKind::Import, Some("usercustomize.py"), None),
            (EntryKind::Import, Some("w-1.0.data/purelib/late.py"), None),
            (EntryKind::Run, Some("pkg/cli.py"), Some("pkg.cli:main")),
            (EntryKind::Run, Some("w-1.0.data/scripts/tool"), None),
        ]
    );
    let package = open(
        "e-2.0-py3.11.egg",
        &zip(&[
            ("e/__init__.py", APP),
            ("EGG-INFO/PKG-INFO", b"Name: e\nVersion: 2.0\n"),
            ("EGG-INFO/entry_points.txt", b"[gui_scripts]\ne = e:main\n"),
        ]),
    );
    assert_eq!(package.version.as_deref(), Some("2.0"));
    assert_eq!(
        entries(&package),
        [(EntryKind::Import, Some("e/__init__.py"), None), (EntryKind::Run, Some("e/__init__.py"), Some("e:main"))]
    );
}

#[test]
fn the_manifest_of_an_archive_is_found_below_other_folders_and_inside_archives() {
    let sdist = gz(&tar(&[
        ("x-1.0/setup.py", APP),
        ("x-1.0/PKG-INFO", b"Name: x\nVersion: 1.0\n"),
        ("x-1.0/x.egg-info/PKG-INFO", b"Name: x\nVersion: 1.0\n"),
        ("x-1.0/x/__init__.py", APP),
        ("x-1.0/vendor/y/setup.py", APP),
    ]));
    for (bytes, root) in [
        (zip(&[("2024-01-01/x/x-1.0.tar.gz", &sdist)]), "2024-01-01/x/x-1.0.tar.gz!/x-1.0/"),
        (sdist.clone(), "x-1.0/"),
    ] {
        let package = open("sample.zip", &bytes);
        assert_eq!(package.version.as_deref(), Some("1.0"));
        assert_eq!(
            entries(&package),
            [
                (EntryKind::Install, Some(format!("{root}setup.py").as_str()), None),
                (EntryKind::Import, Some(format!("{root}x/__init__.py").as_str()), None)
            ]
        );
    }
    let package = open("plain-2.5.zip", &zip(&[("tool.py", APP)]));
    assert_eq!(package.version.as_deref(), Some("2.5"));
}

#[test]
fn a_folder_without_a_manifest_is_a_set_of_files() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "b.py", APP);
    write(folder.path(), "a/c.py", b"x = 1\n");
    write(folder.path(), "data.zip", &zip(&[("in.py", APP)]));
    let package = package(folder.path());
    assert_eq!(package.kind, PackageKind::FileSet);
    assert_eq!(paths(&package), ["a/c.py", "b.py", "data.zip", "data.zip!/in.py"]);
    assert_eq!(package.coverage.read, 4);
}

#[test]
fn a_folder_of_archives_is_a_set_of_targets() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "b-1.tar.gz", &gz(&tar(&[("b-1/b.py", APP)])));
    write(folder.path(), "a-1.zip", &zip(&[("a.py", APP)]));
    write(folder.path(), "deep/c-1.whl", &zip(&[("c.py", APP)]));
    let target = Target::Path(folder.path().to_path_buf());
    let names: Vec<String> = plan(&target, &Options::default())
        .unwrap()
        .iter()
        .map(|planned| planned.name().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a-1.zip", "b-1.tar.gz", "c-1.whl"]);
    assert!(inputs(folder.path()).iter().all(|input| input.shape == Shape::Archive));
    write(folder.path(), "readme.txt", b"text");
    assert_eq!(inputs(folder.path()).len(), 1);
}

#[test]
fn a_folder_in_the_way_of_a_name_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "x.py/inner.py", APP);
    assert_eq!(paths(&package(folder.path())), ["x.py/inner.py"]);
}

#[test]
#[cfg(unix)]
fn nothing_blocks_and_no_link_leads_out() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (root, outside) = (folder.path().join("root"), folder.path().join("outside.py"));
    fs::write(&outside, APP).unwrap();
    write(&root, "real/mod.txt", APP);
    symlink("real/mod.txt", root.join("alias.py")).unwrap();
    symlink("../outside.py", root.join("out.py")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink(".", root.join("loop")).unwrap();
    symlink("gone", root.join("dangling.py")).unwrap();
    let pipe = root.join("pipe.py");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("s")).unwrap();

    let package = package(&root);
    assert_eq!(paths(&package), ["alias.py", "real/mod.txt"]);
    assert!(is_python(&package, "alias.py"));
    for (path, what) in [
        ("pipe.py", "pipe"),
        ("s", "socket"),
        ("out.py", "not followed"),
        ("up", "not followed"),
        ("loop", "own name"),
        ("dangling.py", "nowhere"),
    ] {
        assert!(noted(&package, path, what), "{path}: {:?}", package.coverage.notes);
    }
    let error = resolve(&Target::Path(pipe), &Options::default()).unwrap_err();
    assert!(matches!(error, IntakeError::NotRegular { what: "a pipe", .. }), "{error}");
    let error = resolve(&Target::Path("/dev/null".into()), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("type `-`"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_may_not_be_read_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "big.py", &vec![b'#'; 4000]);
    write(folder.path(), "ok.py", APP);
    let options = Options { limits: Limits { file_bytes: 1000, ..Limits::default() }, ..Options::default() };
    let input = resolve(&Target::Path(folder.path().to_path_buf()), &options).unwrap().remove(0);
    assert_eq!((input.parts.len(), input.coverage.unread[0].file.as_str()), (1, "big.py"));
    assert!(input.coverage.hides_code());

    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path().join("ok.py"), fs::Permissions::from_mode(0o000)).unwrap();
    let unreadable = fs::File::open(folder.path().join("ok.py")).is_err();
    let package = package(folder.path());
    // An administrator reads everything.
    assert_eq!(unread(&package, "ok.py", "permission"), unreadable);
    let alone = unpack(inputs(&folder.path().join("ok.py")).remove(0), &Limits::default());
    assert_eq!(unread(&alone, "ok.py", "permission"), unreadable);
}

#[test]
fn what_does_not_exist_is_an_error() {
    let error = resolve(&Target::Path("/nowhere/at/all.py".into()), &Options::default()).unwrap_err();
    assert!(matches!(error, IntakeError::NotFound { .. }));
    assert!(error.to_string().contains("pypi:NAME"));
}

#[test]
fn only_history_is_left_out_of_the_folders_of_history() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "setup.py", APP);
    for name in ["ab/0123456789abcdef", "pack/pack-0123abcd.pack", "pack/pack-0123abcd.idx", "info/packs"] {
        write(root, &format!(".git/objects/{name}"), b"packed");
    }
    write(root, ".git/objects/helper.py", APP);
    let package = package(root);
    assert_eq!(paths(&package), [".git/objects/helper.py", "setup.py"]);
    assert!(unread(&package, ".git/objects", "history"));
}

#[test]
fn a_manifest_that_cannot_be_read_may_declare_anything() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let deep = format!(
        "a = {}{}\n[build-system]\nbuild-backend = \"be\"\nbackend-path = [\".\"]\n",
        "[".repeat(120),
        "]".repeat(120)
    );
    write(root, "pyproject.toml", deep.as_bytes());
    write(root, "be.py", APP);
    let package = package(root);
    assert!(unread(&package, "pyproject.toml", "TOML") && package.coverage.hides_code(), "{:?}", package.coverage);
}

#[test]
fn compiled_modules_are_entries_where_their_source_would_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let pyc = |root: &Path, path: &str| write(root, path, b"\xa7\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3\0\0\0\0");
    let root = folder.path();
    write(root, "p-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: p\nVersion: 1.0\n");
    write(root, "p-1.0.dist-info/entry_points.txt", b"[console_scripts]\np = p.cli:main\n");
    pyc(root, "p/__init__.pyc");
    pyc(root, "p/cli.pyc");
    pyc(root, "sitecustomize.pyc");
    write(root, "q/__init__.py", APP);
    pyc(root, "q/__init__.pyc");
    write(root, "_speedups.abi3.so", b"\x7fELF\x02\x01\x01");
    let found = package(root);
    let found = entries(&found);
    for (kind, file) in [
        (EntryKind::Import, "p/__init__.pyc"),
        (EntryKind::Run, "p/cli.pyc"),
        (EntryKind::Startup, "sitecustomize.pyc"),
        (EntryKind::Import, "q/__init__.py"),
    ] {
        assert!(found.iter().any(|entry| entry.0 == kind && entry.1 == Some(file)), "{file}: {found:?}");
    }
    assert!(!found.iter().any(|entry| matches!(entry.1, Some("q/__init__.pyc" | "_speedups.abi3.so"))), "{found:?}");
}

#[test]
fn scripts_of_developers_beside_the_build_are_no_imports() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "setup.py", b"from setuptools import setup\n# make_release builds all of it\nsetup(name='p', packages=['p'], py_modules=['single'])\n");
    write(root, "p/__init__.py", b"import helper\n");
    for name in ["single.py", "helper.py", "make_release.py"] {
        write(root, name, APP);
    }
    let imports = |found: &Package| -> Vec<String> {
        let found = entries(found).into_iter().filter(|entry| entry.0 == EntryKind::Import);
        found.filter_map(|entry| entry.1.map(ToOwned::to_owned)).collect()
    };
    assert_eq!(imports(&package(root)), ["helper.py", "p/__init__.py", "single.py"]);
    // A list of modules that is computed may name each of them, and so may a tree without a package.
    for list in ["['make_' + 'release']", "MODULES", "[name for name in NAMES]", "['p'] + MORE"] {
        let text = format!("from setuptools import setup\nsetup(packages=['p'], py_modules={list})\n");
        write(root, "setup.py", text.as_bytes());
        assert!(imports(&package(root)).contains(&"make_release.py".to_owned()), "{list}");
    }
    write(root, "setup.py", b"from glob import glob\nfrom setuptools import setup\nsetup(packages=['p'], py_modules=[n[:-3] for n in glob('*.py')])\n");
    assert!(imports(&package(root)).contains(&"make_release.py".to_owned()));
    fs::remove_dir_all(root.join("p")).unwrap();
    write(root, "setup.py", b"from setuptools import setup\nsetup(name='p')\n");
    assert!(imports(&package(root)).contains(&"make_release.py".to_owned()));
}

#[test]
fn commands_that_are_plainly_declared_in_code_are_entries() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let setup = b"setup(name='p', entry_points={'console_scripts': ['p = p.cli:main', \"q=p.gone:main\"]}, scripts=['bin/tool'])\n";
    write(root, "setup.py", setup);
    write(root, "p/__init__.py", b"");
    write(root, "p/cli.py", APP);
    write(root, "bin/tool", b"#!/usr/bin/env python3\nprint()\n");
    write(root, "bin/other", b"#!/usr/bin/env python3\nprint()\n");
    let package = package(root);
    let run: Vec<_> = entries(&package).into_iter().filter(|entry| entry.0 == EntryKind::Run).collect();
    let wanted = [(EntryKind::Run, Some("bin/tool"), None), (EntryKind::Run, Some("p/cli.py"), Some("p.cli:main"))];
    assert_eq!(run, wanted);
}

#[test]
fn a_class_of_commands_is_run_by_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "setup.cfg", b"[metadata]\nname = p\n[options]\ncmdclass =\n    install = cmds.Install\n");
    write(root, "cmds.py", APP);
    write(root, "tests/conftest.py", APP);
    let package = package(root);
    let found = entries(&package);
    assert!(found.contains(&(EntryKind::Install, Some("cmds.py"), Some("cmds:Install.run"))), "{found:?}");
    assert!(found.contains(&(EntryKind::Run, Some("tests/conftest.py"), None)), "{found:?}");
}
