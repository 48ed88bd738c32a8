//! Statements, and the targets that they assign to.

use smol_str::SmolStr;

use super::{BinOp, ExprId, FuncId, SlotRef, Span};

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
