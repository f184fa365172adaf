//! Long texts that are asked often: prepared once on each connection and kept there. Planning the
//! home timeline takes PostgreSQL longer than finding it.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, HasSqlType, Text, Untyped};

use crate::domain::Page;
use crate::policy::ReadScope;
use crate::storage::Connection;
use crate::storage::scope::{self, Binds};

/// A text with the binds of a scope and of a part of a list:
///
/// | bind | value |
/// |---|---|
/// | `$1`, `$2`, `$3` | the asking actor and host, and the present, as in every scope |
/// | `$4` | the place: a group, a topic, a person |
/// | `$5`, `$6` | only ids below, only ids above |
/// | `$7` | how many |
///
/// There are few texts, one for each kind of asker and list, so a connection can keep them all.
pub(super) struct Listing {
    /// Common table expressions, each begun by a comma.
    with: String,
    select: String,
    binds: Binds,
    place: i64,
    below: i64,
    above: i64,
    items: i64,
    /// Prepared once and kept; false for a text that names numbers and hardly comes again.
    kept: bool,
}

impl Listing {
    pub fn new(connection: &Connection, scope: &ReadScope, select: &str) -> Self {
        Self {
            with: String::new(),
            select: numbered(connection, select),
            binds: scope::binds(scope),
            place: 0,
            below: i64::MAX,
            above: 0,
            items: i64::MAX,
            kept: true,
        }
    }

    /// With a common table expression that the text uses.
    pub fn with(mut self, connection: &Connection, name: &str, select: &str) -> Self {
        let select = numbered(connection, select);
        // Both databases might otherwise work it out wherever it is named.
        self.with += &format!(", {name} AS MATERIALIZED ({select})");
        self
    }

    /// Not to be kept: the text hardly comes again.
    pub const fn once(mut self) -> Self {
        self.kept = false;
        self
    }

    pub const fn at(mut self, place: i64) -> Self {
        self.place = place;
        self
    }

    pub fn page(mut self, page: Page) -> Self {
        self.below = page.before.unwrap_or(i64::MAX);
        self.above = page.after.unwrap_or(0);
        self.items = page.items().into();
        self
    }
}

/// A text in the words of the connected database. SQLite takes `$3` for a name and numbers names
/// by their first appearance; `?3` is a number in any order.
fn numbered(connection: &Connection, text: &str) -> String {
    match connection {
        Connection::Postgres(_) => text.to_owned(),
        Connection::Sqlite(_) => text.replace('$', "?"),
    }
}

/// The text of a list of rows that refer to posts, by their own numbers: of `table` (`m`, with a `post_id`) those
/// of which `which` is true and whose post (`p`) the scope lets through. From the rows to their posts, never the
/// other way round: there are few of the one and many of the other.
pub(super) fn marked_posts(
    scope: &ReadScope,
    page: Page,
    table: &str,
    columns: &str,
    which: &str,
) -> String {
    let direction = if page.from_oldest { "ASC" } else { "DESC" };
    let some = |posts: &str, readable: &str| {
        format!(
            "SELECT s.* FROM (SELECT {columns} FROM {table} m CROSS JOIN {posts} WHERE p.id = m.post_id AND {which} \
             AND m.id < $5 AND m.id > $6 AND {readable} ORDER BY m.id {direction} LIMIT $7) s"
        )
    };
    let in_groups = some(scope::POSTS_OF_GROUPS, &scope::posts(scope));
    let outside = format!(
        "(p.group_id IS NULL AND {})",
        scope::posts_outside_groups(scope)
    );
    let outside = some(scope::POSTS_OUTSIDE_GROUPS, &outside);
    format!("{in_groups} UNION ALL {outside} ORDER BY id {direction} LIMIT $7")
}

impl<DB> QueryFragment<DB> for Listing
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: diesel::serialize::ToSql<BigInt, DB>,
    str: diesel::serialize::ToSql<Text, DB>,
{
    /// All binds come first, in their order and whether the text needs them or not; the text
    /// names them by number.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.kept {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("WITH binds AS (SELECT ");
        out.push_bind_param::<BigInt, _>(&self.binds.actor)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.binds.host.as_str())?;
        let numbers = [
            &self.binds.now,
            &self.place,
            &self.below,
            &self.above,
            &self.items,
        ];
        for number in numbers {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(")");
        out.push_sql(&self.with);
        out.push_sql(" ");
        out.push_sql(&self.select);
        Ok(())
    }
}

impl QueryId for Listing {
    type QueryId = ();
    /// Kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Listing {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Listing {}
