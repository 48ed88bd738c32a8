//! Frames, block scopes and name resolution by ECMAScript's rules.
//!
//! A name's bindings form a stack, innermost last, so that a look-up costs one hash and does not grow with the number
//! of open scopes. The members of a class are slots of its frame, but no code sees them as variables.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::ir::{FuncId, Slot, SlotRef};

/// One binding of a name.
struct Binding {
    /// Index in [`Scopes::scopes`].
    scope: usize,
    /// Index in [`Scopes::frames`].
    frame: usize,
    slot: u32,
}

/// The frame of a function that is being lowered.
struct Frame {
    func: FuncId,
    slots: Vec<Slot>,
    members: FxHashMap<SmolStr, u32>,
    /// The slot in which a function expression sees itself, and whether anything reads it.
    own: Option<(u32, bool)>,
    is_generator: bool,
}

/// A block or the outermost scope of a function.
#[derive(Default)]
struct Scope {
    names: Vec<u32>,
}

/// All open frames and scopes; the module's are the first.
#[derive(Default)]
pub(super) struct Scopes {
    frames: Vec<Frame>,
    scopes: Vec<Scope>,
    ids: FxHashMap<SmolStr, u32>,
    bindings: Vec<Vec<Binding>>,
}

/// What is left of a frame that was closed.
pub(super) struct Closed {
    pub slots: Vec<Slot>,
    pub is_generator: bool,
    /// The slot of the function's own name, if anything reads it.
    pub own: Option<u32>,
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Scopes {
    /// Opens the frame and the outermost scope of a function.
    pub fn open(&mut self, func: FuncId) {
        self.frames.push(Frame {
            func,
            slots: Vec::new(),
            members: FxHashMap::default(),
            own: None,
            is_generator: false,
        });
        self.open_block();
    }

    /// Closes the innermost frame with its scope.
    pub fn close(&mut self) -> Closed {
        self.close_block();
        match self.frames.pop() {
            Some(frame) => Closed {
                slots: frame.slots,
                is_generator: frame.is_generator,
                own: frame.own.filter(|(_, read)| *read).map(|(slot, _)| slot),
            },
            None => Closed { slots: Vec::new(), is_generator: false, own: None },
        }
    }

    /// Opens a block.
    pub fn open_block(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Closes a block.
    pub fn close_block(&mut self) {
        let Some(scope) = self.scopes.pop() else { return };
        for name in scope.names {
            if let Some(stack) = self.bindings.get_mut(name as usize) {
                stack.pop();
            }
        }
    }

    /// Number of open frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The function whose frame is innermost.
    pub fn current(&self) -> FuncId {
        self.frames.last().map_or(FuncId::MODULE, |frame| frame.func)
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
        let id = number(self.bindings.len());
        self.ids.insert(name.into(), id);
        self.bindings.push(Vec::new());
        id
    }

    /// A new slot of the innermost frame that no name leads to.
    pub fn hidden(&mut self, name: &str) -> SlotRef {
        let Some(frame) = self.frames.last_mut() else { return SlotRef { func: FuncId::MODULE, slot: 0 } };
        let slot = number(frame.slots.len());
        frame.slots.push(Slot { name: name.into(), captured: false });
        SlotRef { func: frame.func, slot }
    }

    fn bind_to(&mut self, name: &str, slot: u32) {
        let id = self.id(name);
        let (scope, frame) = (self.scopes.len().saturating_sub(1), self.frames.len().saturating_sub(1));
        if let Some(stack) = self.bindings.get_mut(id as usize) {
            stack.push(Binding { scope, frame, slot });
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.push(id);
        }
    }

    /// Binds a name in the innermost scope unless it is bound there; gives the slot.
    pub fn declare(&mut self, name: &str) -> SlotRef {
        let id = self.id(name);
        let innermost = self.scopes.len().saturating_sub(1);
        let known = self.bindings.get(id as usize).and_then(|stack| stack.last());
        if let Some(binding) = known
            && binding.scope == innermost
        {
            let func = self.frames.get(binding.frame).map_or(FuncId::MODULE, |frame| frame.func);
            return SlotRef { func, slot: binding.slot };
        }
        let slot = self.hidden(name);
        self.bind_to(name, slot.slot);
        slot
    }

    /// Adds a parameter's slot, a new one even if the name is repeated.
    pub fn declare_parameter(&mut self, name: &str) -> u32 {
        let slot = self.hidden(name).slot;
        let id = self.id(name);
        let innermost = self.scopes.len().saturating_sub(1);
        let repeated = self.bindings.get_mut(id as usize).and_then(|stack| stack.last_mut());
        match repeated {
            Some(binding) if binding.scope == innermost => binding.slot = slot,
            _ => self.bind_to(name, slot),
        }
        slot
    }

    /// The name under which a function expression sees itself, unless a parameter has it.
    pub fn declare_own(&mut self, name: &str) {
        let slots = self.frames.last().map_or(0, |frame| frame.slots.len());
        let slot = self.declare(name);
        if let Some(frame) = self.frames.last_mut()
            && slot.slot as usize >= slots
        {
            frame.own = Some((slot.slot, false));
        }
    }

    /// The slot of a class member.
    pub fn member(&mut self, name: &str) -> SlotRef {
        if let Some(frame) = self.frames.last()
            && let Some(slot) = frame.members.get(name)
        {
            return SlotRef { func: frame.func, slot: *slot };
        }
        let slot = self.hidden(name);
        if let Some(frame) = self.frames.last_mut() {
            frame.members.insert(name.into(), slot.slot);
        }
        slot
    }

    /// The slot that a name refers to; `None` if nothing binds it.
    pub fn resolve(&mut self, name: &str) -> Option<SlotRef> {
        let id = *self.ids.get(name)?;
        let binding = self.bindings.get(id as usize)?.last()?;
        let (index, slot) = (binding.frame, binding.slot);
        let top = self.frames.len().saturating_sub(1);
        let frame = self.frames.get_mut(index)?;
        if let Some((own, read)) = &mut frame.own
            && *own == slot
        {
            *read = true;
        }
        if index != top
            && let Some(slot) = frame.slots.get_mut(slot as usize)
        {
            slot.captured = true;
        }
        Some(SlotRef { func: frame.func, slot })
    }
}
