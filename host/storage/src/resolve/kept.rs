//! What is known of whole repositories: read from the store when it is asked for, corrected by
//! every change, and let go of when other repositories are asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use roadstead_oci::Repository;

/// Something known of a whole repository.
pub(crate) trait Whole: Default {
    /// How many there may be of it in all repositories together.
    const MAX: usize;

    /// How many there are.
    fn count(&self) -> usize;
}

/// The repositories of which it is known, the one that was asked for last at the end.
#[derive(Debug, Default)]
pub(crate) struct Kept<T>(Mutex<Vec<(Repository, Arc<Index<T>>)>>);

/// What is known of one.
#[derive(Debug, Default)]
pub(crate) struct Index<T> {
    /// once the store was read; false where there is too much to keep
    pub(super) built: OnceCell<bool>,
    known: Mutex<T>,
}

/// A change that is under way. If it does not come to its end, nobody knows what it did, and the
/// store is asked again.
pub(crate) struct Unsure<'a, T> {
    kept: &'a Kept<T>,
    repository: &'a Repository,
}

impl<T: Whole> Kept<T> {
    /// The index of a repository, as far as it is built.
    pub(super) fn of(&self, repository: &Repository) -> Arc<Index<T>> {
        let mut all = self.all();
        let position = all.iter().position(|(of, _)| of == repository);
        let entry = position.map(|position| all.remove(position));
        let (name, index) = entry.unwrap_or_else(|| (repository.clone(), Arc::default()));
        all.push((name, Arc::clone(&index)));
        index
    }

    /// Lets go of what was asked for longest ago, as far as all together are too many.
    pub(super) fn trim(&self) {
        let mut all = self.all();
        let mut room = T::MAX;
        let sizes = all.iter().rev().map(|(_, index)| index.known().count() + 1);
        let kept = sizes.take_while(|size| {
            let fits = *size <= room;
            room = room.saturating_sub(*size);
            fits
        });
        let kept = kept.count();
        let gone = all.len() - kept;
        all.drain(..gone);
    }

    /// Changes what is known of a repository, if anything is.
    pub(super) fn change(&self, repository: &Repository, change: impl FnOnce(&mut T)) {
        let index = {
            let all = self.all();
            all.iter().find(|(of, _)| of == repository).map(|(_, index)| Arc::clone(index))
        };
        // of what is too much to keep, changes would be noted down for ever
        if let Some(index) = index.filter(|index| index.built.get() != Some(&false)) {
            change(&mut index.known());
        }
    }

    /// Whether changes reach an index: nobody let go of it.
    pub(super) fn reaches(&self, repository: &Repository, index: &Arc<Index<T>>) -> bool {
        self.all().iter().any(|(of, kept)| of == repository && Arc::ptr_eq(kept, index))
    }

    /// Begins a change.
    pub(super) fn unsure<'a>(&'a self, repository: &'a Repository) -> Unsure<'a, T> {
        Unsure { kept: self, repository }
    }
}

impl<T> Kept<T> {
    fn all(&self) -> MutexGuard<'_, Vec<(Repository, Arc<Index<T>>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Index<T> {
    pub(super) fn known(&self) -> MutexGuard<'_, T> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Unsure<'_, T> {
    /// It came to its end.
    pub(crate) fn settled(self) {
        std::mem::forget(self);
    }
}

impl<T> Drop for Unsure<'_, T> {
    fn drop(&mut self) {
        self.kept.all().retain(|(of, _)| of != self.repository);
    }
}
