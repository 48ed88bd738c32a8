//! Text that reaches execution, on the ways that hide it: what becomes a layer, and what is seen in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure here is a failed test")]

use std::sync::Arc;

use sluice_catalog::Catalog;
use sluice_flow::facts::Facts;
use sluice_flow::{Context, Entry, Source, analyze};
use sluice_syntax::ir::Language;

/// The facts of some files, the first of which an import enters.
fn facts(files: &[(&str, &str)]) -> Facts {
    facts_beside(files, &[])
}

/// The same with a file beside them that is no code.
fn facts_beside(files: &[(&str, &str)], data: &[(&str, &[u8])]) -> Facts {
    let data: Vec<(String, Arc<[u8]>)> =
        data.iter().map(|(path, bytes)| ((*path).to_owned(), Arc::from(*bytes))).collect();
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source {
            path: (*path).to_owned(),
            text: Arc::from(*text),
            language: Language::Python,
            robust: false,
        })
        .collect();
    let entry = Entry { when: "import".into(), file: files[0].0.to_owned(), function: None };
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || {
            let catalog = Catalog::embedded("python").unwrap();
            analyze(&sources, &Context { entries: vec![entry], data }, &catalog)
        })
        .unwrap()
        .join()
        .unwrap()
}

/// Language and text of each layer.
fn layers(text: &str) -> Vec<(String, String)> {
    let facts = facts(&[("pkg/__init__.py", text)]);
    facts.layers.iter().map(|layer| (layer.language.to_string(), layer.text.trim().to_owned())).collect()
}

fn python(text: &str) -> (String, String) {
    ("python".to_owned(), text.to_owned())
}

#[test]
fn a_file_that_is_written_and_run_is_a_layer() {
    let found = layers(concat!(
        "import os, sys, tempfile\n",
        "handle = tempfile.NamedTemporaryFile(delete=False)\n",
        "handle.write(b'import this')\n",
        "handle.close()\n",
        "os.system(f'{sys.executable} {handle.name}')\n",
    ));
    assert_eq!(found, [python("import this")]);
}

#[test]
fn a_file_that_is_written_in_parts_is_one_text() {
    let found = layers(concat!(
        "import subprocess\n",
        "with open('/tmp/stage.py', 'w') as handle:\n",
        "    handle.write('import os\\n')\n",
        "    handle.write('print(os.name)\\n')\n",
        "subprocess.run(['python3', '/tmp/stage.py'])\n",
    ));
    assert_eq!(found, [python("import os\nprint(os.name)")]);
}

#[test]
fn another_file_that_is_run_is_no_layer() {
    let found = layers(concat!(
        "import subprocess\n",
        "with open('/tmp/stage.py', 'w') as handle:\n",
        "    handle.write('import os')\n",
        "subprocess.run(['python3', '/tmp/other.py'])\n",
    ));
    assert_eq!(found, []);
}

#[test]
fn code_on_a_command_line_is_a_layer_behind_any_launcher() {
    for command in ["python -c 'import this'", "sudo python3.11 -c 'import this'", "start pythonw.exe -c 'import this'"]
    {
        let found = layers(&format!("import os\nos.system({command:?})\n"));
        assert_eq!(found, [python("import this")], "{command}");
    }
}

#[test]
fn an_encoded_powershell_command_is_opened() {
    // `Write-Host hi` in UTF-16 and base64.
    let found = layers("import os\nos.system('powershell -NoP -enc VwByAGkAdABlAC0ASABvAHMAdAAgAGgAaQA=')\n");
    assert_eq!(found, [("powershell".to_owned(), "Write-Host hi".to_owned())]);
}

#[test]
fn what_a_text_evaluates_to_is_called() {
    let facts = facts(&[("pkg/__init__.py", "import os\nrun = eval('o' + 's.system')\nrun('true')\n")]);
    assert!(facts.events.iter().any(|event| event.symbol == "os.system"));
}

#[test]
fn a_text_sees_the_variables_of_the_function_that_evaluates_it() {
    let found = layers("def run():\n    part = 'import this'\n    exec(eval('part'))\nrun()\n");
    assert!(found.contains(&python("import this")), "{found:?}");
}

#[test]
fn a_decoder_is_followed_through_lambdas_and_imports() {
    let found = layers(concat!(
        "_ = lambda __: __import__('base64').b64decode(__[::-1])\n",
        "exec((_)(b'=MXaoRHI0J3bw1Wa'))\n",
    ));
    assert_eq!(found, [python("import this")]);
}

#[test]
fn an_encoder_from_the_registry_of_codings_is_followed() {
    let found = layers(concat!(
        "import base64, codecs\n",
        "exec(base64.b64decode(codecs.getencoder('utf-8')('aW1wb3J0IHRoaXM=')[0]))\n",
    ));
    assert_eq!(found, [python("import this")]);
}

#[test]
fn a_module_that_is_run_as_a_program_is_entered() {
    let facts = facts(&[
        ("pkg/__init__.py", "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pkg.worker'])\n"),
        ("pkg/worker.py", "import os\nos.system('true')\n"),
    ]);
    let event = facts.events.iter().find(|event| event.symbol == "os.system").unwrap();
    assert!(event.when.contains("import"), "{:?}", event.when);
}

#[test]
fn a_program_is_what_runs_and_not_what_it_is_given() {
    let facts = facts(&[(
        "pkg/__init__.py",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-u', 'tool.py', 'data.txt'])\n",
    )]);
    let event = facts.events.iter().find(|event| event.symbol == "subprocess.run").unwrap();
    let program = event.args.iter().find(|arg| arg.name == "program").unwrap();
    assert_eq!(program.value.text.as_deref(), Some("tool.py"));
}

#[test]
fn a_text_imports_from_where_its_file_lies() {
    let facts = facts(&[
        ("pkg/__init__.py", "exec('from . import worker\\nworker.start()')\n"),
        ("pkg/worker.py", "import os\ndef start():\n    os.system('true')\n"),
    ]);
    let event = facts.events.iter().find(|event| event.symbol == "os.system").unwrap();
    assert!(event.when.contains("import"), "{:?}", event.when);
}

#[test]
fn a_package_imports_a_submodule_of_its_own_name() {
    let facts = facts(&[
        ("tool/__init__.py", "from tool import tool\n"),
        ("tool/tool.py", "import os\nclass tool:\n    os.system('true')\n"),
    ]);
    let event = facts.events.iter().find(|event| event.symbol == "os.system").unwrap();
    assert!(event.when.contains("import"), "{:?}", event.when);
}

#[test]
fn what_a_cipher_gives_is_decrypted() {
    let text = "from Crypto.Cipher import ARC4\nimport base64\n\ncode = ARC4.new(b'Key').decrypt(base64.b64decode('m+0e78Mc+1s='))\nexec(code)\n";
    let facts = facts(&[("pkg/__init__.py", text)]);
    let codings: Vec<Vec<&str>> =
        facts.layers.iter().map(|layer| layer.codings.iter().map(|coding| coding.as_str()).collect()).collect();
    assert!(codings.iter().any(|all| all.contains(&"decrypt")), "{codings:?}");
    assert!(!codings.iter().any(|all| all.contains(&"cipher")), "{codings:?}");
}

#[test]
fn a_decoder_that_is_fed_is_told_as_the_function_is() {
    let text = "import zlib\n\nmachine = zlib.decompressobj()\ntext = machine.decompress(bytes.fromhex('789c2b28cacc2bd130d4e4020010cf02ba')) + machine.flush()\n";
    let facts = facts(&[("pkg/__init__.py", text)]);
    let told: Vec<&str> = facts.events.iter().map(|event| event.symbol.as_str()).collect();
    assert!(told.contains(&"zlib.Decompress.decompress"), "{told:?}");
}

#[test]
fn a_flag_of_another_program_takes_no_code() {
    let run = |flag: &str| {
        format!("import subprocess\nimport sys\n\nsubprocess.run([sys.executable, '{flag}', 'print(1)'])\n")
    };
    assert!(layers(&run("-c")).contains(&python("print(1)")));
    assert!(!layers(&run("-p")).contains(&python("print(1)")));
}

#[test]
fn methods_of_operators_are_operators() {
    let numbers = |change: fn(u8) -> i32| {
        let codes: Vec<String> = b"import this".iter().map(|code| change(*code).to_string()).collect();
        format!("[{}]", codes.join(", "))
    };
    let (more, masked) = (numbers(|code| i32::from(code) + 5), numbers(|code| i32::from(code ^ 3)));
    for text in [
        format!("exec(''.join(map(chr, map((5).__rsub__, {more}))))"),
        format!("exec(bytes((3).__rxor__(code) for code in {masked}))"),
        format!("exec(bytes(map(int.__xor__, {masked}, [3] * 11)))"),
        format!("import operator\nexec(bytes(map(operator.__xor__, {masked}, [3] * 11)))"),
        format!("import functools\nexec(bytes(map(functools.partial(int.__add__, -5), {more})))"),
        "exec('import '.__add__('this'))".to_owned(),
        "exec(str.__mod__('import %s', 'this'))".to_owned(),
        "import functools\nexec(functools.reduce(str.__add__, ['imp', 'ort ', 'this']))".to_owned(),
        "exec(''.join(map('siht tropmi'.__getitem__, range(10, -1, -1))))".to_owned(),
    ] {
        assert_eq!(layers(&text), [python("import this")], "{text}");
    }
}

#[test]
fn an_operator_that_the_type_does_not_have_is_not_evaluated() {
    for text in ["exec((5).__add__('import this'))", "exec(str.__sub__('import this', ''))"] {
        assert_eq!(layers(text), [], "{text}");
    }
}

#[test]
fn what_the_own_interpreter_is_given_is_its_program() {
    let start = "import subprocess, sys\n";
    for feed in [
        "p = subprocess.Popen([sys.executable, '-'], stdin=subprocess.PIPE)\np.stdin.write(b'import this')\n",
        "p = subprocess.Popen(sys.executable, stdin=subprocess.PIPE)\np.communicate(b'import this')\n",
        "with subprocess.Popen([sys.executable], stdin=subprocess.PIPE, text=True) as p:\n    print('import this', file=p.stdin)\n",
        "subprocess.run([sys.executable, '-'], input='import this', text=True)\n",
    ] {
        assert_eq!(layers(&format!("{start}{feed}")), [python("import this")], "{feed}");
    }
    // Another program, and one that has its script.
    for feed in [
        "p = subprocess.Popen(['sort', '-'], stdin=subprocess.PIPE)\np.stdin.write(b'import this')\n",
        "p = subprocess.Popen([sys.executable, 'sort.py'], stdin=subprocess.PIPE)\np.communicate(b'import this')\n",
        "print('import this', file=sys.stderr)\n",
    ] {
        assert_eq!(layers(&format!("{start}{feed}")), [], "{feed}");
    }
}

#[test]
fn frames_of_a_sound_of_the_package_are_known() {
    let samples: Vec<u8> = b"import this ".iter().map(|code| code ^ 9).collect();
    let mut sound = b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00".to_vec();
    sound.extend([8_000_u32, 16_000].map(u32::to_le_bytes).concat());
    sound.extend(b"\x02\x00\x10\x00data\x0c\x00\x00\x00");
    sound.extend(&samples);
    for read in [
        "with wave.open(path) as sound:\n    frames = sound.readframes(sound.getnframes())\n",
        "sound = wave.open(open(path, 'rb'))\nframes = sound.readframes(2) + sound.readframes(sound.getparams().nframes)\n",
        "sound = wave.open(path, 'rb')\nsound.readframes(5)\nsound.setpos(0)\nframes = sound.readframes(-1)\n",
    ] {
        let text = format!(
            "import os, wave\npath = os.path.join(os.path.dirname(__file__), 'bell.wav')\n{read}exec(bytes(one ^ 9 for one in frames))\n"
        );
        let facts = facts_beside(&[("pkg/__init__.py", &text)], &[("pkg/bell.wav", &sound)]);
        let found: Vec<&str> = facts.layers.iter().map(|layer| layer.text.trim()).collect();
        assert_eq!(found, ["import this"], "{read}");
    }
}

#[test]
fn a_code_object_out_of_a_data_file_is_a_layer_that_nobody_reads() {
    // `print('tick')`, compiled.
    let compiled = "630000000000000000000000000300000000000000f31c0000009700020065006400a6010000ab0100000000000000000100640153002902da047469636b4e2901da057072696e74a900f300000000da0174fa083c6d6f64756c653e7206000000010000007316000000f003010101d8000580058066810d840d800d800d800d7204000000";
    let text = |then: &str| {
        format!(
            "import marshal, pkgutil, types\ncode = marshal.loads(bytes.fromhex(pkgutil.get_data(__name__, 'tick.txt').decode()))\n{then}\n"
        )
    };
    let layered = |then: &str| {
        let facts = facts_beside(&[("pkg/__init__.py", &text(then))], &[("pkg/tick.txt", compiled.as_bytes())]);
        facts.layers.iter().map(|layer| layer.language.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(layered("types.FunctionType(code, globals(), 'tick')()"), ["unknown"]);
    assert_eq!(layered("exec(code)"), ["unknown"]);
    assert_eq!(layered("print(code)"), Vec::<String>::new());
}

#[test]
fn parts_that_are_read_until_the_end_are_one_text() {
    for parts in ["iter(lambda: stream.read(4), b'')", "iter(functools.partial(stream.read, 4), b'')"] {
        let found = layers(&format!(
            "import functools, io\nstream = io.BytesIO(bytes.fromhex('696d706f72742074686973'))\nexec(b''.join({parts}))\n"
        ));
        assert_eq!(found, [python("import this")], "{parts}");
    }
}
