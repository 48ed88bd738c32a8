//! The common intermediate representation that every language is lowered to.
//!
//! A [`Module`] is one source text. Expressions live in one arena per module and are named by [`ExprId`], so that a
//! later stage can use `(module, expression)` as the identity of an allocation site. Names are resolved by the front
//! end: a name that the module binds is a [`SlotRef`] (a slot of the frame of the function that owns it), any other
//! name is [`ExprKind::Free`]. The module body, class bodies and lambdas are [`Function`]s too, told apart by
//! [`FunctionKind`], so there is one notion of a frame.
//!
//! The IR says what the text says. It does not fold constants, desugar loops or decide what a call means.

mod expr;
mod place;
mod stmt;

use std::sync::Arc;

use smol_str::SmolStr;

pub use expr::*;
pub use place::Columns;
pub use stmt::*;

/// A half-open range of byte offsets in [`Module::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just behind the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The language a module is written in. After lowering it is data for output and for the choice of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python 3, and Python 2 as far as the parser recovers.
    Python,
    /// JavaScript as scripts, CommonJS and ES modules, with JSX.
    JavaScript,
    /// TypeScript: JavaScript whose types are dropped.
    TypeScript,
    /// `package.json`, whose scripts are functions that run commands.
    PackageJson,
    /// The scripts of a page, drawing or component: `.html`, `.svg`, `.vue`, `.svelte`, `.astro`.
    Page,
}

impl Language {
    /// The languages of source files, by name.
    pub const SOURCES: [Self; 4] = [Self::Page, Self::JavaScript, Self::Python, Self::TypeScript];

    /// The name used on the command line, in JSON and in the catalog's folders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::PackageJson => "package.json",
            Self::Page => "html",
        }
    }

    /// True for a file that is code and, to what reads it, data: a page that a program serves.
    #[must_use]
    pub const fn is_also_data(self) -> bool {
        matches!(self, Self::Page)
    }

    /// True for a manifest whose scripts are the code, and which is a table to what loads it.
    #[must_use]
    pub const fn is_manifest(self) -> bool {
        matches!(self, Self::PackageJson)
    }

    /// The language with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "python" | "py" => Some(Self::Python),
            "javascript" | "js" => Some(Self::JavaScript),
            "typescript" | "ts" => Some(Self::TypeScript),
            "package.json" => Some(Self::PackageJson),
            "html" => Some(Self::Page),
            _ => None,
        }
    }
}

/// An expression of one module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// A function of one module; [`FuncId::MODULE`] is the module body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FuncId(pub u32);

impl FuncId {
    /// The module body.
    pub const MODULE: Self = Self(0);
}

/// A variable: a slot in the frame of the function that owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotRef {
    /// The function (or module or class body) whose frame holds the slot.
    pub func: FuncId,
    /// The index in [`Function::slots`].
    pub slot: u32,
}

/// One lowered source text.
#[derive(Clone, Debug)]
pub struct Module {
    /// The path of the file inside its package, as shown to the user.
    pub path: String,
    /// The language.
    pub language: Language,
    /// The decoded text that spans point into.
    pub text: Arc<str>,
    /// The arena of expressions.
    pub exprs: Vec<Expr>,
    /// The functions; the module body is the first.
    pub functions: Vec<Function>,
    /// What the front end could not read, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Byte offset of the start of every line.
    pub line_starts: Vec<u32>,
}

/// Something the front end could not read or had to guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub span: Span,
    /// What, as a sentence without a final stop.
    pub message: String,
    /// True if part of the text stands as [`ExprKind::Unknown`] or is missing in the IR.
    pub lost: bool,
}

/// What a [`Function`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// The module body.
    Module,
    /// A function or method.
    Function,
    /// A lambda or arrow function.
    Lambda,
    /// A class body.
    Class,
}

/// How a class holds a member that is a function, in languages that say so by syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Member {
    /// No member, or a method of instances.
    #[default]
    Plain,
    /// A member of the class itself.
    Static,
    /// Reading the member calls it.
    Getter,
    /// Writing the member calls it.
    Setter,
}

/// A body of code with a frame.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it is.
    pub kind: FunctionKind,
    /// Its name; `<module>`, `<lambda>` for those without one.
    pub name: SmolStr,
    /// The whole definition.
    pub span: Span,
    /// The name in the definition.
    pub name_span: Span,
    /// The function, class or module it is defined in.
    pub parent: Option<FuncId>,
    /// The parameters in the order of the text; empty for modules and classes.
    pub params: Vec<Param>,
    /// The bases and keywords of a class.
    pub bases: Vec<Arg>,
    /// The decorators, outermost first.
    pub decorators: Vec<ExprId>,
    /// The annotation of the result, evaluated in the enclosing frame when the function is defined.
    pub returns: Option<ExprId>,
    /// The variables of the frame; parameters come first.
    pub slots: Vec<Slot>,
    /// The statements. A lambda has one `Return`.
    pub body: Vec<Stmt>,
    /// The docstring or leading documentation comment.
    pub doc: Option<Arc<str>>,
    /// True for `async`.
    pub is_async: bool,
    /// True if the body yields.
    pub is_generator: bool,
    /// How its class holds it.
    pub member: Member,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: SmolStr,
    /// The slot it binds.
    pub slot: u32,
    /// How it is passed.
    pub kind: ParamKind,
    /// The default, evaluated in the enclosing frame when the function is defined.
    pub default: Option<ExprId>,
    /// The annotation, evaluated like the default.
    pub annotation: Option<ExprId>,
    /// The pattern, for a parameter that is destructured.
    pub pattern: Option<Target>,
    /// The parameter's place.
    pub span: Span,
}

/// How a parameter is passed.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    PositionalOnly,
    Positional,
    NamedOnly,
    Star,
    StarStar,
}

/// A variable of a frame.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name.
    pub name: SmolStr,
    /// True if a nested function reads or writes it, or this function declared it `global` or `nonlocal`.
    pub captured: bool,
}

impl Module {
    /// The expression, if the id belongs to this module.
    #[must_use]
    pub fn expr(&self, id: ExprId) -> Option<&Expr> {
        self.exprs.get(id.0 as usize)
    }

    /// The function, if the id belongs to this module.
    #[must_use]
    pub fn function(&self, id: FuncId) -> Option<&Function> {
        self.functions.get(id.0 as usize)
    }

    /// The text of a span; empty if the span does not lie on character boundaries.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
