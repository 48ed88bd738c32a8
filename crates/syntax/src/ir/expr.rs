//! Expressions: what has a value.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{ExprId, FuncId, SlotRef, Span, Target};

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
