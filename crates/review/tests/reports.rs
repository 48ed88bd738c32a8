//! Reviews of small files through the whole engine, and of their twins that differ by one fact.
#![allow(clippy::unwrap_used)]

use sluice_catalog::Catalog;
use sluice_flow::{Context, Entry, Source, analyze};
use sluice_review::model::Review;
use sluice_review::{PackageInfo, PackageKind, Verdict, Weights, review};
use sluice_syntax::ir::Language;

const CLIENT: &str = r#""""Hands parcels to the carrier."""
import json
import logging
import zlib

import requests

line = requests.Session()
log = logging.getLogger("parcels")


def deliver(key, base=None, pack=False, wait=10, relay=None, **parcel):
    """Deliver one parcel."""
    url = (base or "https://parcels.example.invalid") + "/v2/in"
    body = json.dumps(parcel)
    log.debug("sending %s", body)
    if pack:
        body = zlib.compress(body.encode())
    options = {"wait": 10}
    if relay:
        options["relay"] = relay
    answer = line.post(url, data=body, auth=requests.auth.HTTPBasicAuth(key, ""), timeout=wait)
    if answer.status_code == 200:
        return answer
    raise ValueError(answer.text)
"#;

/// The review of one file. The engine walks deep, so it gets a thread with a stack of its own.
fn reviewed(text: &str) -> Review {
    let text = text.to_owned();
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || {
            let catalog = Catalog::embedded("python").unwrap();
            let sources = [Source {
                path: "client.py".to_owned(),
                text: text.as_str().into(),
                language: Language::Python,
                robust: false,
            }];
            let entries = vec![Entry { when: "import".into(), file: "client.py".to_owned(), function: None }];
            let facts = analyze(&sources, &Context { entries, ..Context::default() }, &catalog);
            let package =
                PackageInfo { target: "client.py".to_owned(), kind: PackageKind::File, ..PackageInfo::default() };
            review(&package, &facts, &catalog, &Weights::embedded().unwrap())
        })
        .unwrap()
        .join()
        .unwrap()
}

fn twin(from: &str, to: &str) -> Review {
    assert!(CLIENT.contains(from), "{from}");
    reviewed(&CLIENT.replace(from, to))
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in: {text}");
}

#[track_caller]
fn silent(text: &str, part: &str) {
    assert!(!text.contains(part), "{part:?} is in: {text}");
}

#[test]
fn the_client_is_told_with_its_lines() {
    let review = reviewed(CLIENT);
    let report = &review.report;
    assert_eq!(review.verdict, Verdict::Benign);
    says(&report.purpose, "`deliver()` sends `**parcel`, as JSON,");
    says(&report.purpose, "by POST to");
    says(&report.purpose, "Its documentation says: \"Hands parcels to the carrier\"");
    says(&report.sources, "Parameters of `deliver()` (12): `key`, `base`, `pack`, `wait`, `relay`, `**parcel`.");
    says(&report.sources, "The server's answer: `line.post()` (22)");
    says(&report.sinks, "Network: `line.post()` (22) on a `requests.Session` that is made on import (8)");
    says(&report.sinks, "`log.debug()` receives `body` (16)");
    says(&report.flows, "`key` → `requests.auth.HTTPBasicAuth()` → credentials of the request");
    says(&report.flows, "`zlib.compress()`, if `pack` → request body");
    says(&report.anomalies, "`relay` goes nowhere: it is stored in `options` (19–21)");
    says(&report.anomalies, "The data of `**parcel` is also written to the log (16)");
    says(&report.anomalies, "Nothing is hidden: no encoded text, no dynamic execution");
    says(&report.analysis, "Requests go to `parcels.example.invalid`, or to what the caller passes as `base`");
    says(&report.analysis, "Importing it makes a `requests.Session` (8) and sends nothing.");
    says(&report.analysis, "Any status but 200 raises `ValueError`");
    says(&report.conclusion, "Mend the lost `relay`");
    assert_eq!((report.malware, report.obfuscated), (0.0, 0.0));
    assert!(report.security_risk <= 0.3 && report.confidence >= 0.8, "{report:?}");
}

#[test]
fn a_relay_that_is_passed_on_is_not_lost() {
    let review = twin("timeout=wait)", "timeout=wait, proxies=options)");
    silent(&review.report.anomalies, "nowhere");
    silent(&review.report.conclusion, "relay");
}

#[test]
fn without_the_log_line_the_log_is_not_told() {
    let review = twin("    log.debug(\"sending %s\", body)\n", "");
    for text in [&review.report.sinks, &review.report.flows, &review.report.anomalies, &review.report.conclusion] {
        silent(text, "log");
    }
    says(&review.report.sinks, "`line.post()` (21)");
}

#[test]
fn another_host_is_another_destination() {
    let review = twin("parcels.example.invalid", "letters.example.invalid");
    says(&review.report.analysis, "Requests go to `letters.example.invalid`");
    for (field, text) in review.report.prose() {
        assert!(!text.contains("parcels.example.invalid"), "{field}: {text}");
    }
}

#[test]
fn a_second_destination_is_told() {
    let review = twin(
        "    if answer.status_code",
        "    line.post(\"https://copy.example.invalid/in\", data=body)\n    if answer.status_code",
    );
    says(&review.report.analysis, "`copy.example.invalid` and `parcels.example.invalid`");
    says(&review.report.flows, "`https://copy.example.invalid/in` → request URL (23)");
}

#[test]
fn a_key_in_the_body_is_told() {
    let review = twin("    body = json.dumps(parcel)\n", "    parcel[\"key\"] = key\n    body = json.dumps(parcel)\n");
    says(&review.report.flows, "`key` → `parcel[\"key\"]` → `json.dumps()`");
    silent(&reviewed(CLIENT).report.flows, "`key` → `parcel[\"key\"]`");
}

#[test]
fn a_request_on_import_is_not_denied() {
    let review = reviewed(&format!("{CLIENT}\n\ndeliver(\"k\", text=\"x\")\n"));
    silent(&review.report.analysis, "sends nothing");
    says(&review.report.analysis, "`line.post()` (22)");
}

#[test]
fn hostile_names_do_not_reach_the_reader_raw() {
    let review = reviewed("import requests\nrequests.get('https://a.example.invalid/\\x1b[31m\\u202e')\n");
    let json = review.to_json().unwrap();
    assert!(!json.contains('\u{202e}') && !json.contains("\\u001b") && !json.contains('\u{1b}'), "{json}");
}

#[test]
fn what_its_own_handler_catches_does_not_leave() {
    let own = |caught: &str| {
        reviewed(&format!(
            "import requests\n\n\ndef ask(url):\n    answer = requests.get(url)\n    try:\n        \
             if answer.status_code != 200:\n            raise LookupError(answer.text)\n    except {caught}:\n        \
             return None\n    return answer.text\n"
        ))
    };
    let caught = own("Exception").report;
    silent(&caught.sinks, "LookupError");
    silent(&caught.analysis, "LookupError");
    silent(&caught.flows, "LookupError");
    says(&own("KeyError").report.sinks, "`LookupError` carries `answer.text`");
}

#[test]
fn each_answer_is_that_of_its_own_request() {
    let review = twin(
        "    if answer.status_code",
        "    line.post(\"https://copy.example.invalid/in\", data=body)\n    if answer.status_code",
    );
    says(&review.report.sources, "`line.post()` (22), `line.post()` for `https://copy.example.invalid/in` (23).");
    silent(&review.report.sources, "stored as `answer`");
}

#[test]
fn a_logged_key_is_told_as_a_key() {
    let review = twin("log.debug(\"sending %s\", body)", "log.debug(\"sending %s %s\", body, key)");
    says(&review.report.anomalies, "The credential `key` and the data of `**parcel` are also written to the log (16)");
    silent(&reviewed(CLIENT).report.anomalies, "The credential");
}

#[test]
fn a_buffer_is_no_file_and_an_attribute_no_call() {
    let review = reviewed(
        "import io\nimport os\nfrom xml.etree.ElementTree import iterparse\n\n\ndef items(text):\n    \
         return [item for _, item in iterparse(io.StringIO(text))]\n\n\ndef home():\n    return os.environ[\"HOME\"]\n",
    );
    silent(&review.report.sources, "A file");
    silent(&review.report.sources, "os.environ()");
    says(&review.report.sources, "`os.environ`");
    says(&review.report.analysis, "Of the machine it reads environment variables, and nothing else");
}

#[test]
fn what_catches_one_kind_of_error_is_told_with_it() {
    let text = "import requests\n\n\nclass Lost(Exception):\n    pass\n\n\ndef ask(url):\n    try:\n        \
                return requests.get(url)\n    except OSError as problem:\n        raise Lost(problem)\n\n\n\
                def tell(url):\n    return requests.post(url)\n";
    let review = reviewed(text);
    says(&review.report.anomalies, "`ask()` catches `OSError` and raises it again as `Lost`");
    says(&review.report.anomalies, "`tell()` catches nothing.");
    let chained = reviewed(&text.replace("raise Lost(problem)", "raise Lost() from problem"));
    says(&chained.report.anomalies, "`ask()` catches `OSError` and raises `Lost` from it");
    silent(&chained.report.sinks, "Lost");
}

#[test]
fn an_unknown_call_that_is_named_for_executing_keeps_the_report_from_denying_it() {
    let review = reviewed("from runner import execfile\n\ndef run(path):\n    execfile(path)\n");
    silent(&review.report.anomalies, "no dynamic execution");
    let other = reviewed("from runner import measure\n\ndef run(path):\n    measure(path)\n");
    says(&other.report.anomalies, "no dynamic execution");
}

#[test]
fn beside_calls_that_are_not_known_no_other_read_is_denied() {
    let review = reviewed("import os\nfrom runner import measure\n\nNAME = os.environ.get('NAME')\nmeasure(NAME)\n");
    says(&review.report.analysis, "Of the machine it reads environment variables, as far as its calls are known");
    let other = reviewed("import os\n\nNAME = os.environ.get('NAME')\n");
    says(&other.report.analysis, "Of the machine it reads environment variables, and nothing else.");
}

#[test]
fn a_conclusion_rests_on_what_the_caller_chooses() {
    let fixed = reviewed(
        "import subprocess\nimport sys\n\n\ndef ensure():\n    subprocess.check_call([sys.executable, '-m', 'pip', 'list'])\n",
    );
    says(&fixed.report.conclusion, "It runs commands of its own.");
    let chosen = reviewed("import subprocess\n\n\ndef run(command):\n    subprocess.check_call(command)\n");
    says(&chosen.report.conclusion, "It runs commands that its caller chooses.");
    let module = reviewed("import importlib\n\n\ndef backend():\n    return importlib.import_module('simplejson')\n");
    says(&module.report.conclusion, "Library code that sends nothing and runs nothing");
    let any = reviewed("import importlib\n\n\ndef backend(name):\n    return importlib.import_module(name)\n");
    says(&any.report.conclusion, "It loads or executes code that its caller chooses.");
}

#[test]
fn a_signal_is_no_command() {
    let review = reviewed("import os\nimport signal\n\n\ndef stop(number):\n    os.kill(number, signal.SIGTERM)\n");
    silent(&review.report.conclusion, "It runs");
    let run = reviewed("import os\n\n\ndef stop(number):\n    os.system('kill 12')\n");
    says(&run.report.conclusion, "It runs `kill`.");
}

#[test]
fn a_variable_whose_name_is_computed_stands_in_the_list() {
    let review = reviewed(
        "import os\n\n\ndef load(env='HOME_OF_X'):\n    return os.environ.get(env)\n\n\n\
         def other():\n    return os.environ.get('NAME')\n",
    );
    says(&review.report.sources, "for `NAME` and the value of `env`");
}

#[test]
fn a_removal_whose_result_nothing_takes_reads_nothing() {
    let dropped = reviewed("import os\n\n\ndef clean():\n    os.environ.pop('NAME', None)\n");
    silent(&dropped.report.sources, "Environment");
    let taken = reviewed("import os\n\n\ndef clean():\n    return os.environ.pop('NAME', None)\n");
    says(&taken.report.sources, "Environment variables: `os.environ.pop()` for `NAME`");
}

#[test]
fn the_output_of_a_command_is_read_only_where_it_is_taken() {
    let dropped = reviewed("import subprocess\n\n\ndef run():\n    subprocess.run(['make'])\n");
    silent(&dropped.report.sources, "output of a command");
    let taken = reviewed(
        "import subprocess\n\n\ndef run():\n    return subprocess.run(['make'], capture_output=True).stdout\n",
    );
    says(&taken.report.sources, "output of a command");
}

#[test]
fn a_property_is_not_told_as_a_call() {
    let text =
        "import os\n\n\nclass Worker:\n    @property\n    def alive(self):\n        return os.environ.get('W')\n";
    let review = reviewed(text);
    says(&review.report.purpose, "`Worker` with `alive`");
    silent(&review.report.flows, "alive()");
    let called = reviewed(&text.replace("    @property\n", ""));
    says(&called.report.purpose, "`Worker` with `alive()`");
}

#[test]
fn the_category_of_a_warning_is_not_logged() {
    let review = reviewed(
        "import warnings\n\n\ndef tell(name):\n    warnings.warn('old: %s' % name, DeprecationWarning, stacklevel=2)\n",
    );
    says(&review.report.sinks, "`warnings.warn()` receives");
    silent(&review.report.sinks, "DeprecationWarning");
}

#[test]
fn the_interpreters_version_is_not_told_as_the_platforms() {
    let review = reviewed("import sys\n\n\ndef version():\n    return sys.version_info[0]\n");
    says(&review.report.sources, "The name or version of the platform or interpreter: `sys.version_info`");
}

/// Known misses: each passes while the report is wrong, and says why. Mend the mechanism, then turn the test round.
mod known {
    use super::{reviewed, says};

    /// `a or b` under `if not a` is `b`: a condition is a guard of what stands under it and does not narrow values.
    #[test]
    fn a_condition_does_not_narrow_the_value_it_tests() {
        let review = reviewed(
            "import shutil\nimport tempfile\n\n\ndef use(given=None):\n    place = given or tempfile.mkdtemp()\n    \
             if not given:\n        shutil.rmtree(place)\n",
        );
        says(&review.report.flows, "`given`");
    }

    /// The name of a source is a source wherever it stands, on the left of an assignment too.
    #[test]
    fn a_list_of_arguments_that_is_only_written_is_told_as_read() {
        let review = reviewed("import sys\n\n\ndef run(args):\n    sys.argv[1:] = args\n");
        says(&review.report.sources, "`sys.argv`");
    }

    /// What an unknown call gives may have nothing of what goes in; it is told as "perhaps" only where nothing else is
    /// known of the way.
    #[test]
    fn an_unknown_call_is_taken_to_give_what_it_takes() {
        let review =
            reviewed("import shutil\nfrom store import fetch\n\n\ndef drop(name):\n    shutil.rmtree(fetch(name))\n");
        says(&review.report.flows, "`name`");
    }

    /// A logger that a library's own function gives is an unknown object: what it receives is "not read", not logged.
    #[test]
    fn a_logger_of_a_librarys_own_making_is_not_known() {
        let review = reviewed(
            "from acme.log import get_logger\n\nlogger = get_logger(__name__)\n\n\ndef run(token):\n    \
             logger.info('token %s', token)\n",
        );
        super::silent(&review.report.sinks, "Log:");
        says(&review.report.analysis, "`acme.log.get_logger().info()`");
    }

    /// Exceptions are sinks of their own sentence; a flow into one is not told among the flows.
    #[test]
    fn a_flow_into_an_exception_is_told_with_the_exception_only() {
        let review = reviewed("def check(name):\n    if not name:\n        raise ValueError(name)\n    return 1\n");
        says(&review.report.sinks, "`ValueError` carries `name`");
        super::silent(&review.report.flows, "ValueError");
    }

    /// A class that only a type checker sees is told as defined.
    #[test]
    fn a_class_for_type_checkers_only_is_told_as_defined() {
        let review = reviewed(
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    class Only:\n        pass\n\n\n\
             def run():\n    return 1\n",
        );
        says(&review.report.purpose, "`Only`");
    }

    /// What a library's helper reads inside of itself is not known; the report says so only as "as far as its calls
    /// are known".
    #[test]
    fn the_environment_read_by_a_librarys_helper_is_not_told() {
        let review = reviewed(
            "from store import get_from_dict_or_env\n\n\ndef key(values):\n    \
             return get_from_dict_or_env(values, 'key', 'STORE_KEY')\n",
        );
        super::silent(&review.report.sources, "STORE_KEY");
        says(&review.report.analysis, "as far as its calls are known");
    }

    /// A call through a parameter is the caller's own code and is not listed among the calls that were not read.
    #[test]
    fn a_call_through_a_parameter_is_not_listed_as_unread() {
        let review = reviewed("def run(callback, key):\n    callback(key)\n");
        super::silent(&review.report.analysis, "callback");
    }
}
