//! Lists of values in a statement that is prepared once.
//!
//! On SQLite, diesel's `eq_any` writes a text for each length and keeps none of them: with the queues,
//! a third of the writer's time was spent reading SQL. Here a list is filled up with its last value to
//! the next power of two, so there are few texts, and each connection keeps them.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, SingleValue, SqlType, Untyped};

/// `column.among(values)`: the column has one of them.
pub(super) trait AmongMethods: Expression + Sized {
    fn among<I: IntoIterator>(self, values: I) -> Among<Self, I::Item> {
        Among {
            column: self,
            values: values.into_iter().collect(),
        }
    }
}

impl<C> AmongMethods for C
where
    C: Expression,
    C::SqlType: SqlType + SingleValue,
{
}

/// See [`AmongMethods::among`].
#[derive(Clone, Debug)]
pub(super) struct Among<C, V> {
    column: C,
    values: Vec<V>,
}

/// How often the last of so many values is repeated.
const fn repeats(count: usize) -> usize {
    count.next_power_of_two() - count
}

fn push_list<'b, DB, ST, V>(out: &mut AstPass<'_, 'b, DB>, values: &'b [V]) -> QueryResult<()>
where
    DB: Backend + HasSqlType<ST>,
    V: ToSql<ST, DB>,
{
    let last = values.last();
    let filling = std::iter::repeat_n(last, repeats(values.len())).flatten();
    out.push_sql("(");
    for (place, value) in values.iter().chain(filling).enumerate() {
        if place > 0 {
            out.push_sql(", ");
        }
        out.push_bind_param::<ST, _>(value)?;
    }
    out.push_sql(")");
    Ok(())
}

impl<C, V> Expression for Among<C, V>
where
    C: Expression,
{
    type SqlType = Bool;
}

impl<DB, C, V> QueryFragment<DB> for Among<C, V>
where
    DB: Backend + HasSqlType<C::SqlType>,
    C: Expression + QueryFragment<DB>,
    V: ToSql<C::SqlType, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN ");
        push_list(&mut out, &self.values)
    }
}

impl<C, V> QueryId for Among<C, V> {
    type QueryId = ();
    /// Kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<QS, C, V> AppearsOnTable<QS> for Among<C, V>
where
    C: AppearsOnTable<QS>,
    Self: Expression,
{
}

impl<QS, C, V> SelectableExpression<QS> for Among<C, V>
where
    C: SelectableExpression<QS>,
    Self: AppearsOnTable<QS>,
{
}

impl<G, C, V> ValidGrouping<G> for Among<C, V>
where
    C: ValidGrouping<G>,
{
    type IsAggregate = C::IsAggregate;
}

/// A statement in SQL's own words with numbers in it, prepared once for each text.
#[derive(Debug, Default)]
pub(super) struct Statement {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Words(&'static str),
    Number(i64),
    List(Vec<i64>),
}

impl Statement {
    pub fn new(words: &'static str) -> Self {
        Self::default().words(words)
    }

    pub fn words(mut self, words: &'static str) -> Self {
        self.parts.push(Part::Words(words));
        self
    }

    pub fn number(mut self, number: i64) -> Self {
        self.parts.push(Part::Number(number));
        self
    }

    /// Some numbers, at least one, in parentheses.
    pub fn list(mut self, numbers: &[i64]) -> Self {
        self.parts.push(Part::List(numbers.to_vec()));
        self
    }
}

impl<DB> QueryFragment<DB> for Statement
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for part in &self.parts {
            match part {
                Part::Words(words) => out.push_sql(words),
                Part::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Part::List(numbers) => push_list::<_, BigInt, _>(&mut out, numbers)?,
            }
        }
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();
    /// Kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Statement {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_lengths() {
        let lengths: Vec<usize> = [1, 2, 3, 5, 100, 1_000]
            .map(|count| count + repeats(count))
            .to_vec();
        assert_eq!(lengths, [1, 2, 4, 8, 128, 1_024]);
    }
}
