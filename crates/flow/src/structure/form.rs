//! Measures of how a text is written.

use sluice_syntax::ir::{Const, ExprKind, Module, Span};
use smol_str::SmolStr;

use super::RawForm;
use super::scan::Scan;

/// From this length on a literal is looked at for density, in bytes.
const DENSE_LENGTH: usize = 200;

/// Above this entropy a literal is dense, in bits a byte. Text and code stay below, base64 and compressed bytes do not.
const DENSE_ENTROPY: f64 = 4.5;

/// From this length on a literal of nothing but numbers is dense as well, in bytes.
const NUMBERS_LENGTH: usize = 400;

/// At least this part of prose, tables and code is white space; of wrapped base64 it is a sixtieth.
const PROSE_BLANKS: usize = 25;

/// Code behind a gap that ends beyond this column, 0-based, is pushed out of sight.
const PUSHED_COLUMN: usize = 200;

/// The shortest gap, in columns.
const PUSHED_GAP: usize = 100;

/// Measures a module.
pub(super) fn measure(module: &Module, scan: &Scan) -> RawForm {
    let mut form = RawForm::default();
    literals(module, scan, &mut form);
    lines(module, &mut form);
    strange(module, &mut form);
    form
}

fn literals(module: &Module, scan: &Scan, form: &mut RawForm) {
    let mut longest_dense = 0;
    for (index, expr) in module.exprs.iter().enumerate() {
        let bytes: &[u8] = match &expr.kind {
            ExprKind::Const(Const::Str(text)) => text.as_bytes(),
            ExprKind::Const(Const::Bytes(bytes)) => bytes,
            _ => continue,
        };
        let id = sluice_syntax::ir::ExprId(u32::try_from(index).unwrap_or(u32::MAX));
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if bytes.is_empty() || scan.dropped.contains(&id) {
            continue;
        }
        if length > form.longest_literal {
            form.longest_literal = length;
            form.longest_literal_at = Some(expr.span);
        }
        if is_dense(bytes) {
            // Written in escapes it takes up to four bytes for one, and so much of the text is dense.
            let written = expr.span.end.saturating_sub(expr.span.start);
            form.dense_literal_bytes += u64::from(if written / 2 > length { written } else { length });
            if length > longest_dense {
                longest_dense = length;
                form.dense_literal_at = Some(expr.span);
            }
        }
    }
}

/// True for a long literal whose bytes are spread like those of encoded or compressed data, or that is all numbers.
fn is_dense(bytes: &[u8]) -> bool {
    if bytes.len() < DENSE_LENGTH {
        return false;
    }
    if bytes.len() >= NUMBERS_LENGTH {
        let numbers = bytes.iter().filter(|byte| byte.is_ascii_hexdigit() || b" ,;\n\t\\x".contains(byte)).count();
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        if numbers == bytes.len() && digits * 2 > bytes.len() {
            return true;
        }
    }
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let blanks: u32 = [b' ', b'\t', b'\n', b'\r'].iter().filter_map(|byte| counts.get(usize::from(*byte))).sum();
    if blanks as usize * PROSE_BLANKS > bytes.len() {
        return false;
    }
    let total = bytes.len() as f64;
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum();
    entropy > DENSE_ENTROPY
}

fn lines(module: &Module, form: &mut RawForm) {
    let end = u32::try_from(module.text.len()).unwrap_or(u32::MAX);
    let mut gaps: Vec<Span> = Vec::new();
    for (index, start) in module.line_starts.iter().enumerate() {
        let next = module.line_starts.get(index + 1).copied().unwrap_or(end);
        let line = module.slice(Span { start: *start, end: next }).trim_end_matches(['\n', '\r']);
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let span = Span { start: *start, end: start.saturating_add(length) };
        if length > form.longest_line {
            form.longest_line = length;
            form.longest_line_at = span;
        }
        if line.len() > PUSHED_COLUMN
            && let Some(behind) = behind_gap(line)
        {
            gaps.push(Span { start: start.saturating_add(u32::try_from(behind).unwrap_or(u32::MAX)), end: span.end });
        }
    }
    pushed(module, gaps, form);
}

/// The byte offset of what stands behind the first long gap of a line, beyond the column.
fn behind_gap(line: &str) -> Option<usize> {
    let mut gap = 0;
    for (column, (offset, character)) in line.char_indices().enumerate() {
        if character.is_whitespace() {
            gap += 1;
            continue;
        }
        if gap >= PUSHED_GAP && column >= PUSHED_COLUMN {
            return Some(offset);
        }
        gap = 0;
    }
    None
}

/// Keeps those of the gaps behind which an expression begins: comments and the inside of strings hold none.
fn pushed(module: &Module, gaps: Vec<Span>, form: &mut RawForm) {
    if gaps.is_empty() {
        return;
    }
    let mut code = vec![false; gaps.len()];
    for expr in &module.exprs {
        let before = gaps.partition_point(|gap| gap.start <= expr.span.start);
        let inside = before.checked_sub(1).filter(|at| gaps.get(*at).is_some_and(|gap| expr.span.start < gap.end));
        if let Some(flag) = inside.and_then(|at| code.get_mut(at)) {
            *flag = true;
        }
    }
    for (gap, _) in gaps.iter().zip(&code).filter(|(_, code)| **code) {
        form.pushed_lines += 1;
        form.pushed_at.get_or_insert(*gap);
    }
}

fn strange(module: &Module, form: &mut RawForm) {
    let mut first: Option<Span> = None;
    let mut note = |span: Span| {
        form.strange_characters = form.strange_characters.saturating_add(1);
        first = Some(first.map_or(span, |first| first.min(span)));
    };
    let ascii = module.text.is_ascii();
    let mut before = None;
    for (offset, character) in module.text.char_indices().skip_while(|_| ascii) {
        let before = before.replace(character);
        if !character.is_ascii() && is_invisible(character, offset, before) {
            let start = u32::try_from(offset).unwrap_or(u32::MAX);
            note(Span { start, end: start.saturating_add(u32::try_from(character.len_utf8()).unwrap_or(4)) });
        }
    }
    if !ascii {
        look_alikes(module, &mut note);
    }
    form.strange_at = first;
}

/// Characters that are not seen, or change the order in which others are seen.
fn is_invisible(character: char, offset: usize, before: Option<char>) -> bool {
    match character {
        // Joiners shape emoji and several scripts; behind ASCII they only hide.
        '\u{200C}' | '\u{200D}' => before.is_none_or(|before| before.is_ascii()),
        '\u{FEFF}' => offset > 0,
        '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{180E}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{FFA0}'
        | '\u{E0000}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}' => true,
        _ => false,
    }
}

/// Finds names that mix scripts or are not written in the letters they stand for.
fn look_alikes(module: &Module, note: &mut impl FnMut(Span)) {
    for expr in &module.exprs {
        let (name, span): (&SmolStr, Span) = match &expr.kind {
            ExprKind::Free(name) => (name, expr.span),
            ExprKind::Attr { name, base } => {
                let start = module.expr(*base).map_or(expr.span.start, |base| base.span.end);
                (name, Span { start, end: expr.span.end })
            }
            ExprKind::Slot(slot) => {
                let slot = module.function(slot.func).and_then(|owner| owner.slots.get(slot.slot as usize));
                let Some(slot) = slot else { continue };
                (&slot.name, expr.span)
            }
            _ => continue,
        };
        let written = module.slice(span);
        if !written.is_ascii() && (mixes_scripts(written) || is_disguised(name, written)) {
            note(span);
        }
    }
    for function in &module.functions {
        let written = module.slice(function.name_span);
        let named =
            matches!(function.kind, sluice_syntax::ir::FunctionKind::Function | sluice_syntax::ir::FunctionKind::Class);
        if named && !written.is_ascii() && (mixes_scripts(written) || is_disguised(&function.name, written)) {
            note(function.name_span);
        }
    }
}

/// True if an ASCII name is written with other characters, which the language reads as their plain forms.
fn is_disguised(name: &str, written: &str) -> bool {
    name.is_ascii() && written.chars().any(|character| character.is_alphanumeric() && !character.is_ascii())
        || written.chars().any(|character| matches!(character, '\u{1D400}'..='\u{1D7FF}' | '\u{FF21}'..='\u{FF5A}'))
}

/// True if a name has Latin letters and letters of a script that holds look-alikes of them.
///
/// Single Greek letters beside Latin ones are usual in formulas (`Δt`), so Greek counts only for letters that look
/// Latin.
fn mixes_scripts(written: &str) -> bool {
    const GREEK: &str = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν";
    let latin = written.chars().any(|character| character.is_ascii_alphabetic());
    let other = written.chars().any(|character| {
        matches!(character, '\u{0400}'..='\u{052F}' | '\u{0530}'..='\u{058F}' | '\u{13A0}'..='\u{13FF}')
            || GREEK.contains(character)
    });
    latin && other
}
