use sluice_syntax::ir::{Language, Module};

use super::super::{RawUnusedHelper, Structure, structure, unused_helpers};
use super::line;

const VAULT: &str = r#"
ROUTE = "v2/vaults/"
SEAL_SUFFIX = "seal-all"
LIMIT = 10

class Vault(Entity):
    route = ROUTE

    def get_seal_later_route(self, depth=LIMIT):
        """Where sealing later is asked for."""
        return combine(self.get_entity_route(), SEAL_SUFFIX, "deep")

    def seal_later(self):
        self.transmit(self.get_entity_route(), "patch")
"#;

fn unused(texts: &[&str]) -> Vec<(RawUnusedHelper, Vec<String>)> {
    let modules: Vec<(Module, Structure)> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let module = sluice_syntax::parse(&format!("pkg/m{index}.py"), text, Language::Python);
            let found = structure(&module);
            (module, found)
        })
        .collect();
    let borrowed: Vec<_> = modules.iter().map(|(module, found)| (module, found)).collect();
    unused_helpers(&borrowed)
        .into_iter()
        .map(|helper| {
            let module = &modules[helper.module].0;
            let name = |func| module.function(func).unwrap().name.to_string();
            let candidate = &helper.candidate;
            let names = vec![
                name(candidate.helper),
                name(candidate.user),
                format!("{}:{}", candidate.sibling, line(module, candidate.sibling_call)),
            ];
            (helper, names)
        })
        .collect()
}

#[test]
fn a_helper_whose_namesake_calls_a_sibling_is_unused() {
    let found = unused(&["import os\n", VAULT]);
    let [(helper, names)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(names.as_slice(), ["get_seal_later_route", "seal_later", "get_entity_route:14"]);
    assert_eq!(helper.module, 1);
    let constants: Vec<_> =
        helper.unused.iter().map(|constant| (constant.name.as_deref(), constant.value.as_str())).collect();
    assert_eq!(constants, [(Some("SEAL_SUFFIX"), "seal-all"), (None, "deep")]);
}

#[test]
fn any_use_in_the_package_keeps_it() {
    for other in [
        "def f(v):\n    return v.get_seal_later_route()\n",
        "def f(v):\n    return getattr(v, 'get_seal_later_route')()\n",
        "def f(v, kind):\n    return getattr(v, 'get_%s_route' % kind)()\n",
        "def f(v, kind):\n    return getattr(v, f'get_{kind}_route')()\n",
        "def f(v, kind):\n    return getattr(v, 'get_' + kind)()\n",
        "def f(v, kind):\n    return getattr(v, f'{kind}_route')()\n",
        "class Other:\n    def get_seal_later_route(self):\n        return 1\n",
        "def f(v):\n    v.get_seal_later_route = None\n",
        "def f(v):\n    return v.get_seal_later_route( +\n",
    ] {
        assert!(unused(&[VAULT, other]).is_empty(), "{other}");
    }
    let used = VAULT.replace("self.transmit(self.get_entity_route()", "self.transmit(self.get_seal_later_route()");
    assert!(unused(&[&used]).is_empty());
}

#[test]
fn without_the_namesake_or_the_sibling_nothing_is_told() {
    assert!(unused(&[&VAULT.replace("def seal_later(", "def seal_now(")]).is_empty());
    assert!(unused(&[&VAULT.replace("(self.get_entity_route(), \"patch\")", "(self.place, \"patch\")")]).is_empty());
    assert!(
        unused(&[&VAULT.replace("(self.get_entity_route(), \"patch\")", "(self.get_entity_title(), \"patch\")")])
            .is_empty()
    );
    assert!(unused(&[&VAULT.replace("seal_later", "seal")]).is_empty(), "a short single word may be an accident");
}

#[test]
fn constants_that_others_use_are_not_listed() {
    let listed = |texts: &[&str]| {
        let found = unused(texts);
        found[0].0.unused.iter().map(|constant| constant.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[VAULT, "from .m0 import SEAL_SUFFIX\n"]), ["deep"]);
    assert_eq!(listed(&[VAULT, "from . import m0\nprint(m0.SEAL_SUFFIX, 'deep')\n"]), Vec::<String>::new());
    assert_eq!(listed(&[&VAULT.replace("route = ROUTE", "route = ROUTE + SEAL_SUFFIX")]), ["deep"]);
}
