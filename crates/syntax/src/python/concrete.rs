//! A tree from tree-sitter in a flat arena, which is built, walked and dropped without recursion.

use std::sync::LazyLock;

use crate::ir::Span;

/// The grammar; its names live as long as the program.
static LANGUAGE: LazyLock<tree_sitter::Language> = LazyLock::new(|| tree_sitter_python::LANGUAGE.into());

/// A node of the tree. A text that is nothing but operators has a node for each byte, so that nodes are small.
pub(super) struct Node {
    /// The grammar's number of its kind.
    kind: u16,
    /// The grammar's number of the field of the parent that holds it; 0 for none.
    field: u16,
    /// False for punctuation, operators and keywords.
    pub named: bool,
    pub span: Span,
    /// The first child and the next sibling; 0, the root's own number, for none.
    first: u32,
    next: u32,
}

impl Node {
    /// The grammar's name.
    pub fn kind(&self) -> &'static str {
        LANGUAGE.node_kind_for_id(self.kind).unwrap_or("ERROR")
    }

    /// The field of the parent that holds it.
    pub fn field(&self) -> Option<&'static str> {
        LANGUAGE.field_name_for_id(self.field)
    }
}

/// The arena. The root is the first node.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// A parse may look at its progress once for so many bytes. Honest text takes about one look for each 200 bytes, text
/// that is nothing but brackets one for each 20.
const BYTES_PER_LOOK: usize = 10;

/// How many looks a parse may take beyond that.
const LOOKS: usize = 10_000;

impl Tree {
    /// Parses a text; `None` if that takes more steps than its length permits.
    pub fn parse(text: &str) -> Option<Self> {
        let source = without_traps(text);
        let tree = crate::bounded::parse(&LANGUAGE, &source, LOOKS + source.len() / BYTES_PER_LOOK)?;
        Some(Self::flatten(&tree))
    }

    fn flatten(tree: &tree_sitter::Tree) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut cursor = tree.walk();
        // The nodes from the root down to the parent, each with its last child so far, 0 for none.
        let mut parents: Vec<(u32, u32)> = Vec::new();
        loop {
            let id = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
            let node = cursor.node();
            let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
            nodes.push(Node {
                kind: node.kind_id(),
                field: cursor.field_id().map_or(0, std::num::NonZeroU16::get),
                named: node.is_named(),
                span: Span { start: offset(node.start_byte()), end: offset(node.end_byte()) },
                first: 0,
                next: 0,
            });
            if let Some((parent, last)) = parents.last_mut() {
                let link = match *last {
                    0 => nodes.get_mut(*parent as usize).map(|parent| &mut parent.first),
                    last => nodes.get_mut(last as usize).map(|last| &mut last.next),
                };
                if let Some(link) = link {
                    *link = id;
                }
                *last = id;
            }
            if cursor.goto_first_child() {
                parents.push((id, 0));
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Self { nodes };
                }
                parents.pop();
            }
        }
    }

    /// The root.
    pub fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// The children in the order of the text, with punctuation, without comments.
    pub fn all<'t>(&'t self, node: &'t Node) -> impl Iterator<Item = &'t Node> {
        let at = |id: u32| self.nodes.get(id as usize).filter(|_| id != 0);
        std::iter::successors(at(node.first), move |node| at(node.next))
            .filter(|node| !matches!(node.kind(), "comment" | "line_continuation"))
    }

    /// The named children.
    pub fn named<'t>(&'t self, node: &'t Node) -> impl Iterator<Item = &'t Node> {
        self.all(node).filter(|node| node.named)
    }

    /// The first child in a field.
    pub fn field<'t>(&'t self, node: &'t Node, field: &str) -> Option<&'t Node> {
        self.all(node).find(|child| child.field() == Some(field))
    }
}

/// The text with spaces for what tree-sitter stumbles over: NUL bytes end its reading, and runs of comments or of
/// continued lines take it time that grows with their square. Offsets stay.
fn without_traps(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for comment in super::bounds::comments(text) {
        if let Some(comment) = bytes.get_mut(comment) {
            comment.fill(b' ');
        }
    }
    let mut rest = bytes.as_mut_slice();
    loop {
        let trap = match rest {
            [0, ..] => 1,
            [b'\\', b'\r', b'\n', ..] => 3,
            [b'\\', ..] => 2,
            [] => return bytes,
            _ => 0,
        };
        let is_trap = !matches!(rest, [b'\\', next, ..] if !matches!(next, b'\n' | b'\r'));
        let (done, tail) = rest.split_at_mut(trap.clamp(1, rest.len()));
        if trap > 0 && is_trap {
            done.fill(b' ');
        }
        rest = tail;
    }
}
