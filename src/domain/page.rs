//! Parts of long lists, walked by key so that a list that grows meanwhile repeats or skips nothing.

/// Most items one page may hold.
pub const PAGE_ITEMS_MAX: u32 = 100;
/// Items when nobody says how many.
pub const PAGE_ITEMS_DEFAULT: u32 = 20;

/// Which part of a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only items with a smaller id (Mastodon's `max_id`).
    pub before: Option<i64>,
    /// Only items with a larger id (Mastodon's `since_id`).
    pub after: Option<i64>,
    /// With `after`: the items just above it, not the newest ones (Mastodon's `min_id`).
    pub from_oldest: bool,
    items: u32,
}

impl Page {
    /// The newest `items`, at least 1 and at most [`PAGE_ITEMS_MAX`].
    pub fn first(items: u32) -> Self {
        Self {
            before: None,
            after: None,
            from_oldest: false,
            items: items.clamp(1, PAGE_ITEMS_MAX),
        }
    }

    #[must_use]
    pub const fn before(mut self, id: Option<i64>) -> Self {
        self.before = id;
        self
    }

    #[must_use]
    pub const fn after(mut self, id: Option<i64>) -> Self {
        self.after = id;
        self
    }

    /// With `after`: the items just above that id.
    #[must_use]
    pub const fn from_oldest(mut self) -> Self {
        self.from_oldest = true;
        self
    }

    pub const fn items(&self) -> u32 {
        self.items
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(PAGE_ITEMS_DEFAULT)
    }
}
