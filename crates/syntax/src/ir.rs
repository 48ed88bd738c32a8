//! The common intermediate representation that every language is lowered to.
//!
//! A [`Module`] is one source text. Expressions live in one arena per module and are named by [`ExprId`], so that a
//! later stage can use `(module, expression)` as the identity of an allocation site. Names are resolved by the front
//! end: a name that the module binds is a [`SlotRef`] (a slot of the frame of the function that owns it), any other
//! name is [`ExprKind::Free`]. The module body, class bodies and lambdas are [`Function`]s too, told apart by
//! [`FunctionKind`], so there is one notion of a frame.
//!
//! The IR says what the text says. It does not fold constants, desugar loops or decide what a call means.

use std::sync::Arc;

use smol_str::SmolStr;

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
    /// The scripts of a page or component: `.html`, `.vue`, `.svelte`.
    Page,
}

impl Language {
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

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// Text.
    Str(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A larger integer, in decimal digits, or in the source's own spelling when it is not decimal.
    BigInt(Arc<str>),
    /// A floating-point number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// The language's "nothing": `None`, `null`.
    None,
    /// `undefined`.
    Undefined,
    /// A regular expression literal.
    Regex {
        /// The pattern, without slashes.
        pattern: Arc<str>,
        /// The flags.
        flags: SmolStr,
    },
    /// `...`
    Ellipsis,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A constant.
    Const(Const),
    /// A variable that this module binds.
    Slot(SlotRef),
    /// A name that this module does not bind: a built-in, a host global, or an undefined name.
    Free(SmolStr),
    /// `base.name`
    Attr {
        /// The object.
        base: ExprId,
        /// The attribute.
        name: SmolStr,
    },
    /// `base[index]`; the index may be a [`ExprKind::Slice`].
    Index {
        /// The container.
        base: ExprId,
        /// The key, position or slice.
        index: ExprId,
    },
    /// `lower:upper:step`, only as an index.
    Slice {
        /// Start, if given.
        lower: Option<ExprId>,
        /// End, if given.
        upper: Option<ExprId>,
        /// Step, if given.
        step: Option<ExprId>,
    },
    /// `callee(args)`, or `new callee(args)`.
    Call {
        /// What is called.
        callee: ExprId,
        /// The arguments in the order of the text.
        args: Vec<Arg>,
        /// True for `new`.
        new: bool,
    },
    /// An arithmetic or bit operation.
    Binary {
        /// The operator.
        op: BinOp,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// A prefix operation.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: ExprId,
    },
    /// `a and b`, `a or b`, `a ?? b`: the value is that of one operand.
    Logic {
        /// The operator.
        op: LogicOp,
        /// Two operands or more.
        operands: Vec<ExprId>,
    },
    /// A comparison, possibly chained.
    Compare {
        /// The first operand.
        left: ExprId,
        /// Operator and operand, one or more.
        rest: Vec<(CmpOp, ExprId)>,
    },
    /// `then if test else otherwise`, `test ? then : otherwise`
    Conditional {
        /// The condition.
        test: ExprId,
        /// Value if it holds.
        then: ExprId,
        /// Value if it does not.
        otherwise: ExprId,
    },
    /// A list, tuple or set display; items may be [`ExprKind::Spread`].
    Sequence {
        /// Which.
        kind: SequenceKind,
        /// The items.
        items: Vec<ExprId>,
    },
    /// A dictionary or object display. An entry without a key spreads its value (`**other`, `...other`).
    Mapping(Vec<(Option<ExprId>, ExprId)>),
    /// `*items`, `...items` inside a sequence.
    Spread(ExprId),
    /// An f-string or template literal: constant text (as [`ExprKind::Const`] string) and formatted values, in order.
    Template(Vec<ExprId>),
    /// A formatted value inside a template: the value, the conversion letter if any, the format specification if any.
    Format {
        /// The value.
        value: ExprId,
        /// `r`, `s` or `a`.
        conversion: Option<char>,
        /// The specification, itself a template or constant.
        spec: Option<ExprId>,
    },
    /// A lambda, arrow function or function expression.
    Function(FuncId),
    /// A class expression.
    Class(FuncId),
    /// A list, set, dict comprehension or generator expression. Its variables are slots of the enclosing function.
    Comprehension {
        /// Which.
        kind: ComprehensionKind,
        /// The element, or the key of a dict comprehension.
        element: ExprId,
        /// The value of a dict comprehension.
        value: Option<ExprId>,
        /// The clauses, outermost first; at least one.
        clauses: Vec<Clause>,
    },
    /// An assignment used as an expression: `(name := value)`, `target = value` in JavaScript.
    Bind {
        /// Where the value goes.
        target: Box<Target>,
        /// The value; also the value of the expression.
        value: ExprId,
    },
    /// `first, second`: each is evaluated, the last is the value.
    Comma(Vec<ExprId>),
    /// `++target`, `target--`: the old value, increased or decreased by one, is stored.
    Update {
        /// Read and written.
        target: Box<Target>,
        /// The target as an expression, for its old value.
        old: ExprId,
        /// [`BinOp::Add`] or [`BinOp::Sub`].
        op: BinOp,
        /// True if the new value is the value of the expression, false if the old one is.
        prefix: bool,
    },
    /// The enumerable keys of a value, inherited ones included: what `for (key in value)` iterates.
    Keys(ExprId),
    /// `await value`
    Await(ExprId),
    /// `yield value`
    Yield(Option<ExprId>),
    /// `yield from value`, `yield* value`
    YieldFrom(ExprId),
    /// `this`
    This,
    /// An import as an expression: `import(x)` in JavaScript. The operand is the module's name.
    ImportCall(ExprId),
    /// Something that was not understood; what stood inside it and could be lowered is kept.
    Unknown(Vec<ExprId>),
}

/// An argument of a call or a base of a class.
#[derive(Clone, Debug)]
pub struct Arg {
    /// How it is passed.
    pub kind: ArgKind,
    /// The value.
    pub value: ExprId,
}

/// How an argument is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// By position.
    Positional,
    /// By name.
    Named(SmolStr),
    /// `*items`
    Star,
    /// `**mapping`
    StarStar,
}

/// `for target in iterable if conditions…` of a comprehension.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The variable or pattern.
    pub target: Target,
    /// What is iterated.
    pub iterable: ExprId,
    /// The conditions.
    pub conditions: Vec<ExprId>,
}

/// Arithmetic and bit operators.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    Shl,
    Shr,
    UShr,
    BitAnd,
    BitOr,
    BitXor,
}

/// Prefix operators.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Not,
    Neg,
    Pos,
    Invert,
    TypeOf,
    Void,
    Delete,
}

/// Operators whose value is one of their operands.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicOp {
    And,
    Or,
    Nullish,
}

/// Comparison operators.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CmpOp {
    Eq,
    NotEq,
    StrictEq,
    StrictNotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
    InstanceOf,
}

/// Kinds of sequence display.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SequenceKind {
    List,
    Tuple,
    Set,
}

/// Kinds of comprehension.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

/// Where an assignment puts a value.
#[derive(Clone, Debug)]
pub enum Target {
    /// A variable.
    Slot(SlotRef, Span),
    /// An undeclared global of a sloppy script.
    Free(SmolStr, Span),
    /// `base.name`
    Attr {
        /// The object.
        base: ExprId,
        /// The attribute.
        name: SmolStr,
        /// The whole target.
        span: Span,
    },
    /// `base[index]`
    Index {
        /// The container.
        base: ExprId,
        /// The key or slice.
        index: ExprId,
        /// The whole target.
        span: Span,
    },
    /// `a, b = …`, `[a, b] = …`: by position.
    Sequence(Vec<Target>),
    /// `{a, b: c} = …`: by key.
    Keys(Vec<(PatternKey, Target)>),
    /// `*rest`, `...rest`
    Rest(Box<Target>),
    /// `target = default` inside a destructuring pattern.
    Default(Box<Target>, ExprId),
    /// Something that was not understood.
    Unknown(Span),
}

/// The key of an entry of [`Target::Keys`].
#[derive(Clone, Debug)]
pub enum PatternKey {
    /// `name: target`
    Name(SmolStr),
    /// `[key]: target`
    Computed(ExprId),
    /// `...target`: what no other entry takes.
    Rest,
}

/// A statement with its place.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands, with its body.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// An expression whose value is dropped.
    Expr(ExprId),
    /// `a = b = value`
    Assign {
        /// The targets in the order of the text.
        targets: Vec<Target>,
        /// The value.
        value: ExprId,
    },
    /// `target op= value`
    AugAssign {
        /// Read and written.
        target: Target,
        /// The target as an expression, for its old value.
        old: ExprId,
        /// The operator.
        op: BinOp,
        /// The right operand.
        value: ExprId,
    },
    /// `del a, b[0]`
    Delete(Vec<Target>),
    /// `return value`
    Return(Option<ExprId>),
    /// `raise exception from cause`, `throw exception`
    Raise {
        /// The exception.
        exception: Option<ExprId>,
        /// The cause.
        cause: Option<ExprId>,
    },
    /// `assert test, message`
    Assert {
        /// The condition.
        test: ExprId,
        /// The message.
        message: Option<ExprId>,
    },
    /// `if test: … else: …`; `elif` is an `if` in the else branch.
    If {
        /// The condition.
        test: ExprId,
        /// Runs if it holds.
        then: Vec<Stmt>,
        /// Runs if it does not.
        otherwise: Vec<Stmt>,
    },
    /// A pattern match or `switch`. Each arm binds what its pattern captures.
    Match {
        /// What is matched.
        subject: ExprId,
        /// The arms in order.
        arms: Vec<MatchArm>,
    },
    /// `switch (subject) { case value: … }`: control enters at the arm whose value is the subject, runs on into the arms
    /// behind it, and a [`StmtKind::Break`] ends it.
    Switch {
        /// What is compared.
        subject: ExprId,
        /// The arms in order.
        arms: Vec<SwitchArm>,
    },
    /// `while test: … else: …`
    While {
        /// The condition.
        test: ExprId,
        /// The body.
        body: Vec<Stmt>,
        /// Evaluated after every round, also after one that `continue` ended: the step of a C-style `for`.
        step: Option<ExprId>,
        /// Runs when the condition fails.
        otherwise: Vec<Stmt>,
        /// True for `do … while`: the body runs once before the test.
        test_last: bool,
    },
    /// `for target in iterable: … else: …`
    For {
        /// The variable or pattern.
        target: Target,
        /// What is iterated.
        iterable: ExprId,
        /// The body.
        body: Vec<Stmt>,
        /// Runs when the iteration ends by itself.
        otherwise: Vec<Stmt>,
    },
    /// `try`
    Try {
        /// The guarded body.
        body: Vec<Stmt>,
        /// The handlers in order.
        handlers: Vec<Handler>,
        /// Runs when nothing was raised.
        otherwise: Vec<Stmt>,
        /// Runs always.
        finally: Vec<Stmt>,
    },
    /// `with context as target, …: body`
    With {
        /// Contexts with their targets.
        items: Vec<(ExprId, Option<Target>)>,
        /// The body.
        body: Vec<Stmt>,
    },
    /// A function definition: evaluates decorators and defaults, then binds the slot.
    Function(FuncId, SlotRef),
    /// A class definition: runs the class body in its own frame, then binds the slot.
    Class(FuncId, SlotRef),
    /// `import a.b.c as slot`. Without `as`, the slot holds the top package `a` and `whole` is false.
    Import {
        /// The dotted path.
        path: SmolStr,
        /// The variable.
        slot: SlotRef,
        /// True if the slot holds the module at the whole path.
        whole: bool,
    },
    /// `from module import name as slot`
    ImportFrom {
        /// The dotted path after the dots; may be empty.
        module: SmolStr,
        /// Number of leading dots: 0 is absolute.
        level: u32,
        /// The imported name.
        name: SmolStr,
        /// The variable.
        slot: SlotRef,
    },
    /// `from module import *`
    ImportStar {
        /// The dotted path after the dots; may be empty.
        module: SmolStr,
        /// Number of leading dots: 0 is absolute.
        level: u32,
    },
    /// `export { value as name }`: what importing modules see under a name. `default` is the default export.
    Export {
        /// The exported name.
        name: SmolStr,
        /// The value; of a variable, whatever it holds when it is read.
        value: ExprId,
    },
    /// `export * from "module"`: everything but the default.
    ExportStar {
        /// The module as written.
        module: SmolStr,
    },
    /// `label: body`
    Label {
        /// The label.
        label: SmolStr,
        /// The labelled statement.
        body: Vec<Stmt>,
    },
    /// `break label`, `continue label`
    Jump {
        /// The label.
        label: SmolStr,
        /// True for `continue`.
        again: bool,
    },
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `pass`, an empty statement, a declaration without effect.
    Pass,
    /// Something that was not understood; what stood inside it and could be lowered is kept.
    Unknown(Vec<ExprId>),
}

/// One arm of a [`StmtKind::Match`].
#[derive(Clone, Debug)]
pub struct MatchArm {
    /// Constants or values the pattern compares the subject with.
    pub values: Vec<ExprId>,
    /// Variables that the pattern binds to the subject or a part of it.
    pub bindings: Vec<Target>,
    /// The guard.
    pub guard: Option<ExprId>,
    /// True if the pattern matches everything (`case _`, `default`).
    pub irrefutable: bool,
    /// The body.
    pub body: Vec<Stmt>,
}

/// One arm of a [`StmtKind::Switch`].
#[derive(Clone, Debug)]
pub struct SwitchArm {
    /// The value the subject is compared with; `None` for `default`.
    pub value: Option<ExprId>,
    /// The body.
    pub body: Vec<Stmt>,
}

/// An exception handler.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The exception types; `None` catches everything.
    pub exception: Option<ExprId>,
    /// The variable.
    pub slot: Option<SlotRef>,
    /// The body.
    pub body: Vec<Stmt>,
    /// The whole handler.
    pub span: Span,
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

/// How many Unicode scalar values stand in front of places of a text, so that none are counted twice.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Counts at every [`Columns::EVERY`] bytes; empty for a text that is not indexed.
    counts: Vec<u32>,
    /// True if each byte is a character.
    ascii: bool,
}

impl Columns {
    /// A place in a long line costs counting half of that, and the index a byte for each hundredth of the text.
    const EVERY: usize = 512;

    /// An index of the text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // A byte that begins no character is a continuation.
        let begins = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let mut counts = Vec::with_capacity(text.len() / Self::EVERY + 1);
        let mut count = 0_u32;
        for chunk in text.as_bytes().chunks(Self::EVERY) {
            counts.push(count);
            count = count.saturating_add(u32::try_from(begins(chunk)).unwrap_or(u32::MAX));
        }
        Self { counts, ascii: count as usize == text.len() }
    }

    /// Scalar values between two offsets that lie on boundaries.
    fn between(&self, text: &str, start: usize, end: usize) -> usize {
        if self.ascii && end <= text.len() {
            return end.saturating_sub(start);
        }
        let plain = |start: usize, end: usize| text.get(start..end).map_or(0, |text| text.chars().count());
        if end.saturating_sub(start) < Self::EVERY || self.counts.is_empty() {
            return plain(start, end);
        }
        let before = |offset: usize| {
            let at = offset / Self::EVERY;
            let bytes = text.as_bytes().get(at * Self::EVERY..offset).unwrap_or_default();
            let count = self.counts.get(at).copied().unwrap_or(0) as usize;
            count + bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
        };
        before(end).saturating_sub(before(start))
    }
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

    /// 1-based line and 1-based column, the column counted in Unicode scalar values.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        self.line_column_by(&Columns::default(), offset)
    }

    /// The same with an index of the text, for many places in long lines.
    #[must_use]
    pub fn line_column_by(&self, columns: &Columns, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = columns.between(&self.text, start as usize, offset as usize);
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Byte offsets of the starts of lines of a text; `\n`, `\r\n` and a lone `\r` end a line.
    #[must_use]
    pub fn find_line_starts(text: &str) -> Vec<u32> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for position in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes.get(position) == Some(&b'\r') && bytes.get(position + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(u32::try_from(position + 1).unwrap_or(u32::MAX));
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Language, Module};

    #[test]
    fn an_index_gives_the_same_columns() {
        let text = "aä€😀".repeat(3_000) + "\nb" + &"é".repeat(5_000);
        let module = Module {
            text: text.as_str().into(),
            line_starts: Module::find_line_starts(&text),
            ..crate::parse("x.py", "", Language::Python)
        };
        let columns = Columns::of(&text);
        for (offset, _) in text.char_indices().step_by(997) {
            let offset = u32::try_from(offset).unwrap_or(0);
            assert_eq!(module.line_column_by(&columns, offset), module.line_column(offset), "{offset}");
        }
    }
}
