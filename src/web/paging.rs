//! Walking long lists: newest first by id, so that a list that grows meanwhile repeats nothing.

use serde::Deserialize;

use crate::domain::{PAGE_ITEMS_DEFAULT, Page};
use crate::web::views::Pager;

/// Which part of a list the address asks for. What cannot be read asks for the beginning.
#[derive(Debug, Default, Deserialize)]
pub struct Listing {
    before: Option<String>,
    after: Option<String>,
}

impl Listing {
    /// One more than is shown, to know whether there are more.
    pub fn page(&self) -> Page {
        let page = Page::first(PAGE_ITEMS_DEFAULT + 1);
        match (self.before(), self.after()) {
            (None, Some(after)) => page.after(Some(after)).from_oldest(),
            (before, _) => page.before(before),
        }
    }

    /// Asks for another part than the beginning.
    pub fn is_later(&self) -> bool {
        self.before().is_some() || self.after().is_some()
    }

    pub fn before(&self) -> Option<i64> {
        number(self.before.as_deref())
    }

    fn after(&self) -> Option<i64> {
        number(self.after.as_deref())
    }

    /// Cuts off the one that was too many, and links to the neighbours.
    pub fn cut<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> i64, path: &str) -> (Vec<T>, Pager) {
        let upwards = self.before().is_none() && self.after().is_some();
        let more = items.len() > PAGE_ITEMS_DEFAULT as usize;
        if more && upwards {
            items.remove(0);
        } else if more {
            items.pop();
        }
        let (newest, oldest) = (items.first().map(&id), items.last().map(&id));
        let has_newer = if upwards {
            more
        } else {
            self.before().is_some()
        };
        let has_older = if upwards { true } else { more };
        let newer = newest.filter(|_| has_newer);
        let older = oldest.filter(|_| has_older);
        let pager = Pager {
            newer: newer.map(|id| format!("{path}?after={id}")),
            older: older.map(|id| format!("{path}?before={id}")),
        };
        (items, pager)
    }
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok().filter(|number| *number > 0)
}

/// The `number`th page (from 1) of a list that is already here.
pub fn slice<T>(
    items: Vec<T>,
    per_page: usize,
    number: Option<usize>,
    path: &str,
) -> (Vec<T>, Pager) {
    let pages = items.len().div_ceil(per_page).max(1);
    let number = number.unwrap_or(1).clamp(1, pages);
    let address = |number: usize| format!("{path}?page={number}");
    let pager = Pager {
        newer: (number > 1).then(|| address(number - 1)),
        older: (number < pages).then(|| address(number + 1)),
    };
    let shown = items.into_iter().skip((number - 1) * per_page);
    (shown.take(per_page).collect(), pager)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(before: Option<i64>, after: Option<i64>) -> Listing {
        let text = |id: i64| id.to_string();
        Listing {
            before: before.map(text),
            after: after.map(text),
        }
    }

    #[test]
    fn a_list_is_walked_down_and_up_again() {
        let down: Vec<i64> = (10..=30).rev().collect();
        let (shown, pager) = listing(None, None).cut(down.clone(), |id| *id, "/");
        assert_eq!((shown.len(), shown[19]), (20, 11));
        assert_eq!(pager.newer, None);
        assert_eq!(pager.older.as_deref(), Some("/?before=11"));

        let (shown, pager) = listing(Some(31), None).cut(down[..5].to_vec(), |id| *id, "/");
        assert_eq!(shown.len(), 5);
        assert_eq!(pager.newer.as_deref(), Some("/?after=30"));
        assert_eq!(pager.older, None);

        let (shown, pager) = listing(None, Some(9)).cut(down, |id| *id, "/");
        assert_eq!((shown[0], shown[19]), (29, 10));
        assert_eq!(pager.newer.as_deref(), Some("/?after=29"));
        assert_eq!(pager.older.as_deref(), Some("/?before=10"));
    }

    #[test]
    fn pages_of_a_whole_list_stay_inside_it() {
        let list: Vec<i32> = (0..25).collect();
        let (shown, pager) = slice(list.clone(), 10, Some(3), "/x");
        assert_eq!(shown, [20, 21, 22, 23, 24]);
        assert_eq!(
            (pager.newer.as_deref(), pager.older),
            (Some("/x?page=2"), None)
        );
        assert_eq!(slice(list, 10, Some(99), "/x").0.len(), 5);
        assert!(slice(Vec::<i32>::new(), 10, Some(0), "/x").0.is_empty());
    }
}
