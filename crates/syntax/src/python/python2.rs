//! What Python 2 writes and Python 3 does not.
//!
//! Some forms are put right in the text before a second parse ([`repair`]); the rewriting keeps every byte offset.
//! Others parse into a recognizable shape and are put right while lowering. Forms that are valid in both languages with
//! a different meaning are read as Python 3.

use ruff_python_ast::{Expr, Operator, Stmt, StmtExpr};
use ruff_python_parser::{LexicalErrorType, ParseError, ParseErrorType};
use ruff_text_size::Ranged;

/// Rewrites literals and operators of Python 2 at the places of errors; `None` if nothing was found.
pub(super) fn repair(text: &str, errors: &[ParseError]) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut changed = false;
    for error in errors {
        changed |= rewrite(&mut bytes, error.location.start().to_usize(), &error.error).is_some();
    }
    changed.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// Bytes that are looked at for the partner of a backtick.
const REACH: usize = 1_000;

/// Rewrites what stands at the place of one error; `None` if it is nothing known.
fn rewrite(bytes: &mut [u8], at: usize, error: &ParseErrorType) -> Option<()> {
    let byte = |position: usize| bytes.get(position).copied();
    let before = |back: usize| at.checked_sub(back).and_then(byte);
    match byte(at)? {
        // `10L`
        b'L' | b'l' if before(1)?.is_ascii_hexdigit() => put(bytes, at, b' '),
        // `a <> b`
        b'>' if before(1)? == b'<' => {
            put(bytes, at - 1, b'!')?;
            put(bytes, at, b'=')
        }
        // `ur'…'`
        b'\'' | b'"' if matches!(before(1)?, b'r' | b'R') && matches!(before(2)?, b'u' | b'U') => {
            let longer = before(3).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (!longer).then_some(())?;
            put(bytes, at - 2, b' ')
        }
        // `0777`; the lowering looks for the zero in front.
        b'0' if matches!(error, ParseErrorType::Lexical(LexicalErrorType::OtherError(_))) => {
            let digits = bytes.get(at + 1..)?.iter().take_while(|byte| byte.is_ascii_digit());
            let octal = digits.clone().all(|byte| matches!(byte, b'0'..=b'7')) && digits.count() > 0;
            octal.then_some(())?;
            put(bytes, at, b' ')
        }
        // A pair of backticks around an expression, which stand for `repr`.
        b'`' => {
            let ahead = bytes.get(at + 1..)?.iter().take(REACH);
            let length = ahead.take_while(|byte| **byte != b'\n').position(|byte| *byte == b'`')?;
            put(bytes, at, b'(')?;
            put(bytes, at + 1 + length, b')')
        }
        _ => None,
    }
}

fn put(bytes: &mut [u8], at: usize, new: u8) -> Option<()> {
    *bytes.get_mut(at)? = new;
    Some(())
}

/// The value of an octal literal whose leading zero [`repair`] took away.
pub(super) fn octal(text: &str, start: usize, end: usize) -> Option<i64> {
    let zero = start.checked_sub(1)?;
    (text.as_bytes().get(zero) == Some(&b'0')).then_some(())?;
    i64::from_str_radix(text.get(start..end)?, 8).ok()
}

/// `except Type, name:`: the type and the name.
///
/// Python 3.14 reads the same text as two types, so a name in the case of a class is left alone.
pub(super) fn handler(kind: &Expr) -> Option<(&Expr, &ruff_python_ast::name::Name)> {
    let Expr::Tuple(tuple) = kind else { return None };
    let [exception, Expr::Name(name)] = tuple.elts.as_slice() else { return None };
    let lower = name.id.chars().next().is_some_and(|first| first.is_lowercase() || first == '_');
    (!tuple.parenthesized && lower).then_some((exception, &name.id))
}

/// A `print` or `exec` statement.
pub(super) struct Command<'a> {
    /// The name, as the callee.
    pub callee: &'a Expr,
    /// The operands.
    pub operands: Vec<&'a Expr>,
    /// The file that `print >>file` writes to.
    pub file: Option<&'a Expr>,
    /// Statements taken, one or two.
    pub taken: usize,
}

/// A `print` or `exec` statement that begins with `first` and may take the first of `tail`.
pub(super) fn command<'a>(text: &str, first: &'a Stmt, tail: &'a [Stmt]) -> Option<Command<'a>> {
    let Stmt::Expr(StmtExpr { value, .. }) = first else { return None };
    match &**value {
        Expr::Name(name) if matches!(name.id.as_str(), "print" | "exec") => {
            let Stmt::Expr(next) = tail.first()? else { return None };
            let gap = text.get(name.end().to_usize()..next.start().to_usize())?;
            gap.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'(')).then_some(())?;
            let mut operands = list(&next.value);
            if name.id.as_str() == "exec" {
                operands = namespaces(operands);
            }
            Some(Command { callee: value, operands, file: None, taken: 2 })
        }
        // `print >>file, a, b`
        Expr::Tuple(tuple) if !tuple.parenthesized => {
            let (first, rest) = tuple.elts.split_first()?;
            if let Some((callee, file)) = shifted(first) {
                return Some(Command { callee, operands: rest.iter().collect(), file: Some(file), taken: 1 });
            }
            // `exec(code) in globals, locals`
            let Expr::Compare(_) = first else { return None };
            let (callee, code) = executed(first)?;
            let operands = code.into_iter().chain(rest).collect();
            Some(Command { callee, operands, file: None, taken: 1 })
        }
        Expr::Compare(_) => {
            let (callee, operands) = executed(value)?;
            Some(Command { callee, operands, file: None, taken: 1 })
        }
        // `print >>file`
        _ => {
            let (callee, file) = shifted(value)?;
            Some(Command { callee, operands: Vec::new(), file: Some(file), taken: 1 })
        }
    }
}

/// `print >> file`
fn shifted(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::BinOp(node) = expr else { return None };
    let is_print = matches!(&*node.left, Expr::Name(name) if name.id.as_str() == "print");
    (is_print && node.op == Operator::RShift).then_some((&*node.left, &*node.right))
}

/// `exec(code) in namespace`
fn executed(expr: &Expr) -> Option<(&Expr, Vec<&Expr>)> {
    let Expr::Compare(node) = expr else { return None };
    let Expr::Call(call) = &*node.left else { return None };
    let is_exec = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "exec");
    let inside = matches!(&*node.ops, [ruff_python_ast::CmpOp::In]);
    (is_exec && inside).then_some(())?;
    Some((&*call.func, call.arguments.args.iter().chain(&node.comparators).collect()))
}

/// The operands of a bare list.
fn list(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Tuple(tuple) if !tuple.parenthesized => tuple.elts.iter().collect(),
        other => vec![other],
    }
}

/// `code in globals` as two operands.
fn namespaces(mut operands: Vec<&Expr>) -> Vec<&Expr> {
    if let Some(Expr::Compare(node)) = operands.first()
        && matches!(&*node.ops, [ruff_python_ast::CmpOp::In])
    {
        operands.splice(..1, [&*node.left].into_iter().chain(&node.comparators));
    }
    operands
}
