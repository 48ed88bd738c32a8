//! A growing list whose items never move: growing it copies nothing, which a list of hundreds of thousands would.

/// Items of one chunk, as a power of two.
const CHUNK_BITS: u32 = 12;

/// The list.
#[derive(Debug)]
pub struct Arena<T> {
    chunks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), length: 0 }
    }
}

impl<T> Arena<T> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Adds an item and gives its index.
    pub fn push(&mut self, item: T) -> u32 {
        let index = self.length;
        match self.chunks.last_mut().filter(|chunk| chunk.len() < 1 << CHUNK_BITS) {
            Some(chunk) => chunk.push(item),
            None => {
                // The first chunk grows as it needs to: most packages are small.
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 0 } else { 1 << CHUNK_BITS });
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
        self.length += 1;
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// The item at an index.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.chunks.get((index >> CHUNK_BITS) as usize)?.get((index & ((1 << CHUNK_BITS) - 1)) as usize)
    }

    /// The item at an index, for change.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.chunks.get_mut((index >> CHUNK_BITS) as usize)?.get_mut((index & ((1 << CHUNK_BITS) - 1)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Arena;

    #[test]
    fn items_keep_their_index_over_chunks() {
        let mut arena = Arena::default();
        for number in 0..10_000_u32 {
            assert_eq!(arena.push(number), number);
        }
        assert_eq!(arena.len(), 10_000);
        assert!((0..10_000).all(|index| arena.get(index) == Some(&index)));
        assert_eq!(arena.get(10_000), None);
        if let Some(item) = arena.get_mut(4_096) {
            *item = 7;
        }
        assert_eq!(arena.get(4_096), Some(&7));
    }
}
