//! `'pending'` as a word of the statement itself.
//!
//! The queues' indexes hold only what is pending. Statements are prepared before their values are
//! known, so one that binds the state cannot use such an index, and reads everything that ever
//! passed through the queue instead.

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct Pending;

impl Expression for Pending {
    type SqlType = Text;
}

impl<DB: Backend> QueryFragment<DB> for Pending {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("'pending'");
        Ok(())
    }
}

impl<Source> AppearsOnTable<Source> for Pending {}

impl<Source> SelectableExpression<Source> for Pending {}

impl<Columns> ValidGrouping<Columns> for Pending {
    type IsAggregate = is_aggregate::Never;
}
