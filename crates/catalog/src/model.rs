//! What the catalog knows about one function, method, attribute or type of a library, in the shape of its signature.
//!
//! The data stands in `catalog/<language>/<theme>.toml`. These types are what the engines see; [`crate::load`] checks
//! the data against the closed lists in [`crate::kinds`] and refuses a wrong entry with its line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A function, method or class constructor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The canonical dotted symbol: `os.system`, `requests.Session.post`, `io.BytesIO` for a constructor.
    pub symbol: SmolStr,
    /// The parameters in order; a method's first is `self`.
    pub params: Vec<ModelParam>,
    /// The roles of parameters by [`ModelParam::name`], so without stars (`args`, `kwargs` and `self` included). A role
    /// that is a sink kind makes the argument a sink; other roles only name the argument for behaviors (`mode`,
    /// `descriptor`, `file`).
    pub args: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// What a call is, for behaviors and prose: entries of the closed list of actions.
    pub actions: Vec<SmolStr>,
    /// The source kind that the result yields.
    pub source: Option<SmolStr>,
    /// The parameters whose taint labels reach the result; `None`: those of all arguments and the receiver do.
    pub from: Option<Vec<SmolStr>>,
    /// The type of the result, for resolving methods called on it. For a class it is the class itself; `self` is the
    /// type of the receiver, `$name` that of the argument of this name.
    pub result: Option<SmolStr>,
    /// Parameters into which others flow: `self = ["data"]` for `write` of a buffer. `result` stands for the result,
    /// with the label of its source: `buffer = ["result"]` for `recv_into`.
    pub into: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// Parameters that are called, each with the parameters whose values it is called with; `result` stands for the
    /// result, as in [`Model::into`], `_` for a value of which nothing is told. A type may follow a colon:
    /// `result:http.IncomingMessage`. `*result` stands for the result at every further position. A method of a parameter
    /// may be what is called: `destination.write`.
    pub calls: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// The kind of guard that a test of the result is: an entry of the closed list of guards.
    pub guard: Option<SmolStr>,
    /// True if a call has no effect but its result.
    pub pure: bool,
    /// True for a sanitizer: the result carries no label.
    pub sanitizes: bool,
}

impl Model {
    /// True if the model is a method that is called on a receiver: its first parameter is `self`.
    #[must_use]
    pub fn is_method(&self) -> bool {
        self.params.first().is_some_and(|param| param.name == "self")
    }

    /// The roles of the parameter with this name, stars left out.
    #[must_use]
    pub fn roles(&self, name: &str) -> &[SmolStr] {
        self.args.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A parameter of a [`Model`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelParam {
    /// Its name without stars.
    pub name: SmolStr,
    /// 0, 1 for `*args`, 2 for `**kwargs`.
    pub stars: u8,
    /// True if it has a default.
    pub optional: bool,
    /// True if it can only be passed by name.
    pub named_only: bool,
}

/// A value that is read without a call: `os.environ`, `sys.argv`, an attribute of a modelled type, or an item of its
/// values (`socket.AcceptedPair.0` at a position, `pathlib.Paths.*` at any).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// The canonical dotted symbol.
    pub symbol: SmolStr,
    /// The source kind that reading it yields.
    pub source: Option<SmolStr>,
    /// The type of the value.
    pub result: Option<SmolStr>,
    /// The kind of guard that a test of the value is.
    pub guard: Option<SmolStr>,
    /// The constant value, where it has one that evaluation may use (`string.ascii_letters`): a number if the type is
    /// `int`, else a text.
    pub value: Option<SmolStr>,
}

/// What a method on a receiver that cannot be resolved presumably is, from its name and arguments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Presumption {
    /// The method's name: `send`.
    pub method: SmolStr,
    /// Argument patterns that must all hold: position or name to the lower-case constants it may have; an empty list
    /// only asks that the argument is given. [`Presumption::fits`] compares.
    pub when: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// Holds only if the receiver derives from a base class outside of the package.
    pub external_base: bool,
    /// The roles of arguments, as in [`Model::args`], by position (`0`), name, `*` for all, or `self` for the
    /// receiver.
    pub args: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// The actions, as in [`Model::actions`].
    pub actions: Vec<SmolStr>,
    /// The reason shown to the user, a clause without a final stop.
    pub reason: String,
}

impl Presumption {
    /// True if an argument with this value fits what [`Presumption::when`] asks of it: any value fits an empty list;
    /// a constant ending in `*` fits what starts with the rest of it. Case is ignored. `None` is a value that
    /// evaluation does not know.
    #[must_use]
    pub fn fits(constants: &[SmolStr], value: Option<&str>) -> bool {
        if constants.is_empty() {
            return true;
        }
        let Some(value) = value.map(|text| text.trim_start().to_lowercase()) else { return false };
        constants.iter().any(|constant| match constant.strip_suffix('*') {
            Some(start) => value.starts_with(start),
            None => value == *constant,
        })
    }
}
