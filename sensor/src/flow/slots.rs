//! Numbered slots in lists ordered by last use, all in constant time.

/// Nowhere.
const NONE: u32 = u32::MAX;

/// Values in slots, each in one of `LISTS` lists.
#[derive(Debug)]
pub(super) struct Slots<T, const LISTS: usize> {
    all: Vec<Slot<T>>,
    free: Vec<u32>,
    ends: [Ends; LISTS],
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    list: usize,
    older: u32,
    newer: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    oldest: u32,
    newest: u32,
}

impl<T, const LISTS: usize> Slots<T, LISTS> {
    pub(super) fn new() -> Self {
        let ends = [Ends { oldest: NONE, newest: NONE }; LISTS];
        Self { all: Vec::new(), free: Vec::new(), ends }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len().saturating_sub(self.free.len())
    }

    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.slot(id)?.value.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.slot_mut(id)?.value.as_mut()
    }

    /// Puts a value into a free slot, as the newest of a list.
    pub(super) fn insert(&mut self, list: usize, value: T) -> u32 {
        let slot = Slot { value: Some(value), list, older: NONE, newer: NONE };
        let id = if let Some(id) = self.free.pop() {
            if let Some(free) = self.slot_mut(id) {
                *free = slot;
            }
            id
        } else {
            let id = u32::try_from(self.all.len()).unwrap_or(NONE);
            self.all.push(slot);
            id
        };
        self.link(id, list);
        id
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let value = self.slot_mut(id)?.value.take()?;
        self.unlink(id);
        self.free.push(id);
        Some(value)
    }

    /// Makes a slot the newest of a list.
    pub(super) fn touch(&mut self, id: u32, list: usize) {
        let newest = self.ends.get(list).is_some_and(|ends| ends.newest == id);
        if !newest {
            self.unlink(id);
            self.link(id, list);
        }
    }

    /// The slot of a list that was touched longest ago.
    pub(super) fn oldest(&self, list: usize) -> Option<u32> {
        self.ends.get(list).map(|ends| ends.oldest).filter(|id| *id != NONE)
    }

    /// All slots of a list, oldest first.
    pub(super) fn ids(&self, list: usize) -> impl Iterator<Item = u32> {
        let newer = |id: &u32| self.slot(*id).map(|slot| slot.newer).filter(|id| *id != NONE);
        core::iter::successors(self.oldest(list), newer)
    }

    fn slot(&self, id: u32) -> Option<&Slot<T>> {
        self.all.get(usize::try_from(id).ok()?)
    }

    fn slot_mut(&mut self, id: u32) -> Option<&mut Slot<T>> {
        self.all.get_mut(usize::try_from(id).ok()?)
    }

    fn link(&mut self, id: u32, list: usize) {
        let Some(ends) = self.ends.get_mut(list) else { return };
        let newest = core::mem::replace(&mut ends.newest, id);
        if newest == NONE {
            ends.oldest = id;
        }
        if let Some(slot) = self.slot_mut(newest) {
            slot.newer = id;
        }
        if let Some(slot) = self.slot_mut(id) {
            (slot.list, slot.older, slot.newer) = (list, newest, NONE);
        }
    }

    fn unlink(&mut self, id: u32) {
        let Some(&Slot { list, older, newer, .. }) = self.slot(id) else { return };
        if let Some(slot) = self.slot_mut(older) {
            slot.newer = newer;
        } else if let Some(ends) = self.ends.get_mut(list) {
            ends.oldest = newer;
        }
        if let Some(slot) = self.slot_mut(newer) {
            slot.older = older;
        } else if let Some(ends) = self.ends.get_mut(list) {
            ends.newest = older;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(slots: &Slots<char, 2>, list: usize) -> String {
        slots.ids(list).filter_map(|id| slots.get(id)).collect()
    }

    #[test]
    fn lists_are_in_the_order_of_last_use() {
        let mut slots: Slots<char, 2> = Slots::new();
        let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(|letter| slots.insert(0, letter));
        assert_eq!(order(&slots, 0), "abcd");
        slots.touch(b, 0);
        assert_eq!(order(&slots, 0), "acdb");
        slots.touch(b, 0);
        slots.touch(a, 1);
        slots.touch(d, 1);
        assert_eq!((order(&slots, 0), order(&slots, 1)), ("cb".to_owned(), "ad".to_owned()));
        assert_eq!((slots.oldest(0), slots.oldest(1)), (Some(c), Some(a)));
    }

    #[test]
    fn a_freed_slot_is_used_again() {
        let mut slots: Slots<char, 2> = Slots::new();
        let [a, b] = ['a', 'b'].map(|letter| slots.insert(1, letter));
        assert_eq!(slots.remove(a), Some('a'));
        assert_eq!(slots.remove(a), None);
        assert_eq!((slots.len(), order(&slots, 1)), (1, "b".to_owned()));
        assert_eq!(slots.insert(0, 'c'), a);
        assert_eq!(slots.remove(b), Some('b'));
        assert_eq!((slots.oldest(1), slots.len(), order(&slots, 0)), (None, 1, "c".to_owned()));
    }
}
