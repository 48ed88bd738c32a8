//! Frames and name resolution by Python's rules.
//!
//! A name's bindings form a stack, innermost last, so that a look-up costs one hash and does not grow with the number
//! of open frames.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::ir::{FuncId, Slot, SlotRef};

/// What a binding of a name stands for.
#[derive(Clone, Copy)]
enum Meaning {
    /// A slot of the frame that holds the binding.
    Own(u32),
    /// A slot of another frame, after `global` or `nonlocal`.
    Other(SlotRef),
}

/// One binding of a name.
struct Binding {
    /// Index in [`Scopes::frames`].
    frame: usize,
    meaning: Meaning,
    /// A comprehension variable or type parameter: seen by nested functions even in a class body, and gone before the
    /// frame is closed.
    overlay: bool,
    /// True once a statement that binds the name was lowered, or if another function may bind it.
    bound: bool,
}

/// The slot's name for a definition whose name is missing.
const NAMELESS: &str = "<missing>";

/// The frame of a function that is being lowered.
struct Frame {
    func: FuncId,
    is_class: bool,
    slots: Vec<Slot>,
    /// Names with a binding in this frame, for closing it.
    names: Vec<u32>,
    /// Above zero inside a comprehension, where the names of a class body are not visible.
    comprehensions: u32,
    is_generator: bool,
    /// Nesting of loops around the current statement.
    loops: u32,
}

/// All open frames; the module's is the first.
#[derive(Default)]
pub(super) struct Scopes {
    frames: Vec<Frame>,
    ids: FxHashMap<SmolStr, u32>,
    bindings: Vec<Vec<Binding>>,
}

/// What is left of a frame that was closed.
pub(super) struct Closed {
    pub slots: Vec<Slot>,
    pub is_generator: bool,
}

impl Scopes {
    /// Opens the frame of a function.
    pub fn open(&mut self, func: FuncId, is_class: bool) {
        self.frames.push(Frame {
            func,
            is_class,
            slots: Vec::new(),
            names: Vec::new(),
            comprehensions: 0,
            is_generator: false,
            loops: 0,
        });
    }

    /// Closes the innermost frame.
    pub fn close(&mut self) -> Closed {
        let Some(frame) = self.frames.pop() else {
            return Closed { slots: Vec::new(), is_generator: false };
        };
        for name in frame.names {
            if let Some(stack) = self.bindings.get_mut(name as usize) {
                stack.pop();
            }
        }
        Closed { slots: frame.slots, is_generator: frame.is_generator }
    }

    /// Number of open frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The function whose frame is innermost.
    pub fn current(&self) -> FuncId {
        self.frames.last().map_or(FuncId::MODULE, |frame| frame.func)
    }

    /// True if the innermost frame is that of a class body.
    pub fn in_class(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_class)
    }

    /// True if the innermost frame is that of the module.
    pub fn in_module(&self) -> bool {
        self.frames.len() == 1
    }

    /// Records a `yield` in the innermost frame.
    pub fn mark_generator(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.is_generator = true;
        }
    }

    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.bindings.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.into(), id);
        self.bindings.push(Vec::new());
        id
    }

    fn own_binding(&self, name: u32, frame: usize) -> Option<&Binding> {
        self.bindings.get(name as usize)?.iter().rev().find(|binding| binding.frame == frame && !binding.overlay)
    }

    fn add_slot(&mut self, frame: usize, name: &str) -> u32 {
        let Some(frame) = self.frames.get_mut(frame) else { return 0 };
        let slot = u32::try_from(frame.slots.len()).unwrap_or(u32::MAX);
        frame.slots.push(Slot { name: name.into(), captured: false });
        slot
    }

    /// Puts a binding below the overlays of its own frame and of inner frames.
    fn insert(&mut self, name: u32, frame: usize, meaning: Meaning) {
        if let Some(stack) = self.bindings.get_mut(name as usize) {
            let at = stack
                .iter()
                .rposition(|binding| binding.frame < frame || (binding.frame == frame && !binding.overlay))
                .map_or(0, |position| position + 1);
            stack.insert(at, Binding { frame, meaning, overlay: false, bound: false });
        }
        if let Some(frame) = self.frames.get_mut(frame) {
            frame.names.push(name);
        }
    }

    /// Binds a name in the innermost frame unless it is bound there; gives the slot.
    pub fn declare(&mut self, name: &str) -> SlotRef {
        let frame = self.frames.len().saturating_sub(1);
        self.declare_in(name, frame)
    }

    /// The slot that a statement binds in the innermost frame.
    pub fn bind(&mut self, name: &str) -> SlotRef {
        let slot = self.declare(name);
        self.mark_bound(name, self.frames.len().saturating_sub(1));
        slot
    }

    fn mark_bound(&mut self, name: &str, frame: usize) {
        if let Some(id) = self.ids.get(name)
            && let Some(stack) = self.bindings.get_mut(*id as usize)
            && let Some(binding) = stack.iter_mut().rev().find(|binding| binding.frame == frame && !binding.overlay)
        {
            binding.bound = true;
        }
    }

    /// Enters the body of a loop, where a name may have been bound by a later statement.
    pub fn enter_loop(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops += 1;
        }
    }

    /// Leaves the body of a loop.
    pub fn leave_loop(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops = frame.loops.saturating_sub(1);
        }
    }

    fn declare_in(&mut self, name: &str, frame: usize) -> SlotRef {
        let name = if name.is_empty() { NAMELESS } else { name };
        let func = self.frames.get(frame).map_or(FuncId::MODULE, |frame| frame.func);
        let id = self.id(name);
        match self.own_binding(id, frame).map(|binding| binding.meaning) {
            Some(Meaning::Own(slot)) => SlotRef { func, slot },
            Some(Meaning::Other(slot)) => slot,
            None => {
                let slot = self.add_slot(frame, name);
                self.insert(id, frame, Meaning::Own(slot));
                SlotRef { func, slot }
            }
        }
    }

    /// Adds a parameter's slot, a new one even if the name is repeated.
    pub fn declare_parameter(&mut self, name: &str) -> u32 {
        let frame = self.frames.len().saturating_sub(1);
        let slot = self.add_slot(frame, name);
        let id = self.id(name);
        let repeated = self
            .bindings
            .get_mut(id as usize)
            .and_then(|stack| stack.iter_mut().rev().find(|binding| binding.frame == frame && !binding.overlay));
        match repeated {
            Some(binding) => binding.meaning = Meaning::Own(slot),
            None => self.insert(id, frame, Meaning::Own(slot)),
        }
        slot
    }

    /// `global name` in the innermost frame.
    pub fn declare_global(&mut self, name: &str) {
        let slot = self.declare_in(name, 0);
        self.mark_bound(name, 0);
        self.capture(0, slot.slot);
        let frame = self.frames.len().saturating_sub(1);
        self.redirect(name, frame, slot);
    }

    /// Makes sure that the module has a slot for a name that some function declares `global`.
    pub fn declare_module_slot(&mut self, name: &str) {
        let slot = self.declare_in(name, 0);
        self.mark_bound(name, 0);
        self.capture(0, slot.slot);
    }

    /// `nonlocal name` in the innermost frame; false if no enclosing function binds the name.
    pub fn declare_nonlocal(&mut self, name: &str) -> bool {
        let current = self.frames.len().saturating_sub(1);
        let id = self.id(name);
        let owner = self.bindings.get(id as usize).and_then(|stack| {
            stack.iter().rev().find(|binding| {
                binding.frame < current
                    && binding.frame > 0
                    && (binding.overlay || !self.frames.get(binding.frame).is_some_and(|frame| frame.is_class))
            })
        });
        let Some(owner) = owner else { return false };
        let (frame, meaning) = (owner.frame, owner.meaning);
        let slot = match meaning {
            Meaning::Own(slot) => {
                self.capture(frame, slot);
                SlotRef { func: self.frames.get(frame).map_or(FuncId::MODULE, |frame| frame.func), slot }
            }
            Meaning::Other(slot) => slot,
        };
        self.redirect(name, current, slot);
        true
    }

    fn redirect(&mut self, name: &str, frame: usize, slot: SlotRef) {
        let id = self.id(name);
        if frame > 0 && self.own_binding(id, frame).is_none() {
            self.insert(id, frame, Meaning::Other(slot));
        }
    }

    fn capture(&mut self, frame: usize, slot: u32) {
        if let Some(slot) = self.frames.get_mut(frame).and_then(|frame| frame.slots.get_mut(slot as usize)) {
            slot.captured = true;
        }
    }

    /// Adds a fresh slot to the innermost frame that shadows the name until [`Scopes::end_overlay`].
    pub fn begin_overlay(&mut self, name: &str) {
        let frame = self.frames.len().saturating_sub(1);
        let slot = self.add_slot(frame, name);
        let id = self.id(name);
        if let Some(stack) = self.bindings.get_mut(id as usize) {
            stack.push(Binding { frame, meaning: Meaning::Own(slot), overlay: true, bound: true });
        }
    }

    /// Ends the innermost overlay of the name.
    pub fn end_overlay(&mut self, name: &str) {
        let id = self.id(name);
        if let Some(stack) = self.bindings.get_mut(id as usize)
            && let Some(position) = stack.iter().rposition(|binding| binding.overlay)
        {
            stack.remove(position);
        }
    }

    /// Enters a comprehension behind its first iterable.
    pub fn enter_comprehension(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.comprehensions += 1;
        }
    }

    /// Leaves a comprehension.
    pub fn leave_comprehension(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.comprehensions = frame.comprehensions.saturating_sub(1);
        }
    }

    /// The slot that a name read (or bound by a comprehension) here refers to; `None` if nothing binds it.
    ///
    /// In a module or class body a name that is not bound yet is looked up outside: `input = input` reads the built-in.
    pub fn resolve(&mut self, name: &str) -> Option<SlotRef> {
        let id = *self.ids.get(name)?;
        let top = self.frames.len().saturating_sub(1);
        let hidden = self.frames.last().is_some_and(|frame| frame.comprehensions > 0);
        let early = self.frames.last().is_some_and(|frame| frame.loops == 0 && (frame.is_class || top == 0));
        let binding = self.bindings.get(id as usize)?.iter().rev().find(|binding| {
            let is_class = self.frames.get(binding.frame).is_some_and(|frame| frame.is_class);
            let is_late = early && binding.frame == top && !binding.bound;
            binding.overlay || (!is_late && (!is_class || (binding.frame == top && !hidden)))
        })?;
        let (frame, meaning) = (binding.frame, binding.meaning);
        match meaning {
            Meaning::Own(slot) => {
                if frame != top {
                    self.capture(frame, slot);
                }
                Some(SlotRef { func: self.frames.get(frame).map_or(FuncId::MODULE, |frame| frame.func), slot })
            }
            Meaning::Other(slot) => Some(slot),
        }
    }
}
