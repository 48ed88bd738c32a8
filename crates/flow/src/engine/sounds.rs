//! Sounds of the package: the frames that code takes out of a file which lies beside it are known.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::data::CONTENT;
use super::heap::ObjectKind;
use super::value::{ObjectId, Ref, Value};
use crate::evaluate::sounds;

/// The field of an open sound with what is told of it: channels, bytes of a sample, frames in a second, frames in all.
pub(super) const SOUND: &str = "\u{1}sound";

fn number(value: impl Into<i64>) -> Value {
    Value::constant(Const::Int(value.into()))
}

impl Engine<'_> {
    /// `wave.open(file)` of a file whose bytes are known.
    pub(crate) fn opened_sound(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        bytes: &Arc<[u8]>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let sound = sounds::read(bytes)?;
        self.budget.produce(sound.frames.len())?;
        let count = i64::try_from(sound.frames.len() / sound.frame()).ok()?;
        let told = vec![number(sound.channels), number(sound.width), number(sound.rate), number(count)];
        let told = self.container(ObjectKind::Tuple, told, true);
        let frames = Value::constant(Const::Bytes(Arc::from(sound.frames)));
        let mut value = self.modelled(module, name, None, args, site);
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(CONTENT), frames);
        self.store_field(id, &SmolStr::new_static(SOUND), told);
        self.streams.insert(id);
        value.edit().refs.insert(0, Ref::Object(id));
        Some(value)
    }

    /// What is told of an open sound: channels, bytes of a sample, frames in a second, frames in all.
    fn told_of_sound(&self, id: ObjectId) -> Option<[i64; 4]> {
        let told = self.items(self.object(id)?.fields.get(SOUND)?)?;
        let numbers: Option<Vec<i64>> = told
            .iter()
            .map(|value| match value.known() {
                Some(Const::Int(number)) => Some(*number),
                _ => None,
            })
            .collect();
        numbers?.try_into().ok()
    }

    /// A method of an open sound.
    pub(crate) fn sound_method(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        id: ObjectId,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let [channels, width, rate, count] = self.told_of_sound(id)?;
        let frame = channels.checked_mul(width)?;
        match name.rsplit('.').next()? {
            "getnchannels" => Some(number(channels)),
            "getsampwidth" => Some(number(width)),
            "getframerate" => Some(number(rate)),
            "getnframes" => Some(number(count)),
            "getparams" => {
                let values = vec![number(channels), number(width), number(rate), number(count)];
                let params = self.container(ObjectKind::Tuple, values.clone(), true);
                for (name, value) in ["nchannels", "sampwidth", "framerate", "nframes"].into_iter().zip(values) {
                    self.store_field(params.object()?, &SmolStr::new_static(name), value);
                }
                Some(params)
            }
            "rewind" => {
                self.move_to(id, Some(0));
                None
            }
            "setpos" => {
                let to = match args.get(0, "pos").map(|pos| pos.known().cloned()) {
                    Some(Some(Const::Int(pos))) => pos.checked_mul(frame).filter(|to| *to >= 0),
                    _ => None,
                };
                self.move_to(id, to);
                None
            }
            "readframes" => {
                let at = self.stream_place(id);
                let frames = self.object(id)?.fields.get(CONTENT)?.clone();
                self.move_to(id, None);
                let wanted = match args.get(0, "nframes")?.known()? {
                    Const::Int(wanted) => *wanted,
                    _ => return None,
                };
                let Some(Const::Bytes(bytes)) = frames.known() else { return None };
                let from = usize::try_from(at?).ok()?;
                let left = bytes.get(from..)?;
                let length = match usize::try_from(wanted) {
                    Ok(wanted) => wanted.saturating_mul(usize::try_from(frame).ok()?).min(left.len()),
                    // Below zero all that is left.
                    Err(_) => left.len(),
                };
                self.budget.produce(length)?;
                let mut part = Value::constant(Const::Bytes(Arc::from(left.get(..length)?)));
                self.move_to(id, i64::try_from(from.checked_add(length)?).ok());
                let model = self.modelled(module, name, Some(receiver), args, site);
                self.inherit(&mut part, &[receiver], Some("file"));
                part.add_labels(model.labels());
                part.add_tokens(model.tokens());
                Some(part)
            }
            _ => None,
        }
    }
}
