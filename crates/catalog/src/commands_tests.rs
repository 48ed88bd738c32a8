use super::*;

/// Each command as its program, options with values and operands.
fn told(line: &str) -> String {
    let one = |command: &Command| {
        let mut out = command.program.clone();
        for (name, value) in &command.options {
            out += &format!(" {name}");
            if let Some(value) = value {
                out += &format!("={}", value.text);
            }
        }
        for word in &command.operands {
            out += &format!(" <{}>", word.text);
        }
        for word in command.written() {
            out += &format!(" >{}", word.text);
        }
        if command.piped { format!("| {out}") } else { out }
    };
    commands(line).iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn options_are_read_as_options() {
    for (line, expected) in [
        ("curl -d@F https://example.invalid/", "curl -d=@F <https://example.invalid/>"),
        ("curl -sST/F -XPOST x", "curl -s -S -T=/F -X=POST <x>"),
        ("curl -F\"a=@/F b\" x", "curl -F=a=@/F b <x>"),
        ("curl -uT:x x", "curl -u=T:x <x>"),
        ("wget -qO- x", "wget -q -O=- <x> >-"),
        ("npm --prefix /home/x/project publish", "npm --prefix=/home/x/project <publish>"),
        ("rm -fr -- /", "rm -f -r </>"),
        ("/usr/bin/pip3.11 -q install --index-url=//x y", "pip -q --index-url=//x <install> <y>"),
        ("npm publish>/dev/null 2>&1", "npm <publish> >/dev/null >1"),
        ("find ~ -type f -exec rm -f {} +", "find -type=f -exec=rm <~>; rm -f <{}>"),
        ("rd /s /q c:\\", "rd </s> </q> <c:\\>"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn what_runs_stands_behind_what_starts_it() {
    for (line, expected) in [
        ("sudo -u root -E rm -r x", "rm -r <x>"),
        ("A=b env -i C=d timeout -k 5 10 curl x", "curl <x>"),
        ("sudo -S -p \"\" -v", "sudo -S -p= -v"),
        ("python3 -u -m pip.__main__ install x", "pip <install> <x>"),
        ("{} -m twine --no-color upload x", "twine --no-color <upload> <x>"),
        ("`sys.executable` setup.py upload", "python <setup.py> <upload>"),
        ("bash -lc 'rm -r x; ls' y", "bash -lc <y>; rm -r <x>; ls"),
        ("bash -c rm -r x", "bash -c; rm -r <x>"),
        ("script -qc 'ls x' /dev/null", "script -qc </dev/null>; ls <x>"),
        ("cmd.exe /c start \"\" x.exe", "cmd /c; x"),
        ("busybox wget x", "wget <x>"),
        ("if ! true; then rm x; fi", "true; rm <x>"),
        ("(a; b) | c && { d; }", "a; b; | c; d"),
        ("a | (b; c)", "a; | b; | c"),
        ("a # b; c", "a"),
        ("echo it's; rm x", "echo <it's>; rm <x>"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn commands_inside_of_words_are_told() {
    let mut found = Vec::new();
    let line = commands("source <(curl -s x); eval \"$(wget -qO- y | cat)\"; echo `id`");
    each(&line, &mut |command| found.push(command.program.clone()));
    assert_eq!(found, ["source", "curl", "eval", "wget", "cat", "echo", "id"]);
}

#[test]
fn hostile_lines_end() {
    for piece in [
        "$(",
        "`",
        "<(",
        "(",
        "\"",
        "'",
        "a ",
        "a;",
        "sudo ",
        "bash -c '",
        "| ",
        "\\",
        "-",
        "find -exec ",
        "{} -m ",
        "\u{e4}$(",
    ] {
        let _ = commands(&piece.repeat(4096 / piece.len()));
    }
}

#[test]
fn the_programs_are_read() {
    assert!(reading("curl").is_some_and(|reading| reading.fetches));
}

#[test]
fn what_a_list_of_words_starts_is_found() {
    for (line, expected) in [
        ("busybox sh -c {}", Started::At(1)),
        ("sudo -u root -E timeout -k 5 10 env A=b /tmp/x", Started::At(10)),
        ("find /tmp -maxdepth 0 -exec sh -c {} ;", Started::At(5)),
        ("script -qc {} /dev/null", Started::Word(2)),
        ("git -c alias.x=!{} x", Started::Word(2)),
        ("git -c user.name={} commit", Started::At(0)),
        ("awk -F : {}", Started::Word(3)),
        ("find {} -name x", Started::At(0)),
        ("bash -c {}", Started::At(0)),
        ("tar xf {}", Started::At(0)),
        ("sudo", Started::At(0)),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(started(&words), expected, "{line}");
    }
    assert!(starts_others("busybox sh -c {}") && !starts_others("git clone {}"));
}
