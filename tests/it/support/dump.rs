//! Everything in a database as text: two dumps are compared to see that nothing changed.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

/// What says nothing of what people wrote, did or may do: clocks, pools, what is written for the
/// operator about attempts that failed, and the record of what went in and out.
const NOT_CONTENT: &[&str] = &[
    "__diesel_schema_migrations",
    "destinations",
    "dialects",
    "key_pool",
    "ledger",
    "ledger_links",
    "peers",
    "received",
    "security_log",
    "sessions",
];

/// Columns that only say when something was last looked at.
const NOT_CONTENT_COLUMNS: &[(&str, &str)] =
    &[("actors", "fetched_at"), ("actor_keys", "created_at")];

/// The rows of each table as JSON, in no order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    pub tables: BTreeMap<String, BTreeSet<String>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

impl Dump {
    /// Reads all tables, in one transaction.
    pub fn of(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut connection = SqliteConnection::establish(path).expect("the database");
                connection
                    .batch_execute("PRAGMA busy_timeout = 10000")
                    .expect("a setting");
                connection.transaction(sqlite).expect("the tables")
            }
            None => {
                let mut connection = PgConnection::establish(url).expect("the database");
                connection
                    .build_transaction()
                    .repeatable_read()
                    .read_only()
                    .run(postgres)
                    .expect("the tables")
            }
        }
    }

    /// Without what is kept about attempts.
    pub fn content(mut self) -> Self {
        self.tables
            .retain(|table, _| !NOT_CONTENT.contains(&table.as_str()));
        self
    }

    /// Also without these tables.
    pub fn without(mut self, tables: &[&str]) -> Self {
        self.tables
            .retain(|table, _| !tables.contains(&table.as_str()));
        self
    }

    pub fn rows(&self, table: &str) -> &BTreeSet<String> {
        let rows = self.tables.get(table);
        rows.unwrap_or_else(|| panic!("there is no table {table}"))
    }

    /// Rows of a table that contain something.
    pub fn count(&self, table: &str, what: &str) -> usize {
        self.rows(table)
            .iter()
            .filter(|row| row.contains(what))
            .count()
    }

    /// Rows of any table that contain something.
    pub fn count_everywhere(&self, what: &str) -> usize {
        self.tables
            .keys()
            .map(|table| self.count(table, what))
            .sum()
    }

    /// What came and what went since another dump, a line a row; empty when they are the same.
    pub fn since(&self, before: &Self) -> Vec<String> {
        let none = BTreeSet::new();
        let mut lines = Vec::new();
        let names: BTreeSet<_> = self.tables.keys().chain(before.tables.keys()).collect();
        for name in names {
            let old = before.tables.get(name).unwrap_or(&none);
            let new = self.tables.get(name).unwrap_or(&none);
            lines.extend(old.difference(new).map(|row| format!("- {name} {row}")));
            lines.extend(new.difference(old).map(|row| format!("+ {name} {row}")));
        }
        lines
    }
}

fn sqlite(connection: &mut SqliteConnection) -> diesel::QueryResult<Dump> {
    let tables =
        "SELECT name AS row FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut dump = Dump::default();
    for Row { row: table } in sql_query(tables).load::<Row>(connection)? {
        let columns = format!("SELECT name AS row FROM pragma_table_info('{table}')");
        let members: Vec<_> = sql_query(columns)
            .load::<Row>(connection)?
            .into_iter()
            .map(|column| column.row)
            .filter(|column| counts(&table, column))
            .map(|column| format!("'{column}', \"{column}\""))
            .collect();
        let rows = format!(
            "SELECT json_object({}) AS row FROM \"{table}\"",
            members.join(", ")
        );
        let rows = sql_query(rows).load::<Row>(connection)?;
        dump.tables
            .insert(table, rows.into_iter().map(|row| row.row).collect());
    }
    Ok(dump)
}

fn postgres(connection: &mut PgConnection) -> diesel::QueryResult<Dump> {
    let tables = "SELECT table_name::text AS row FROM information_schema.tables \
                  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'";
    let mut dump = Dump::default();
    for Row { row: table } in sql_query(tables).load::<Row>(connection)? {
        let columns = format!(
            "SELECT column_name::text AS row FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{table}'"
        );
        let columns: Vec<_> = sql_query(columns)
            .load::<Row>(connection)?
            .into_iter()
            .map(|column| column.row)
            .filter(|column| counts(&table, column))
            .map(|column| format!("\"{column}\""))
            .collect();
        let rows = format!(
            "SELECT row_to_json(one)::text AS row FROM (SELECT {} FROM \"{table}\") AS one",
            columns.join(", ")
        );
        let rows = sql_query(rows).load::<Row>(connection)?;
        dump.tables
            .insert(table, rows.into_iter().map(|row| row.row).collect());
    }
    Ok(dump)
}

fn counts(table: &str, column: &str) -> bool {
    !NOT_CONTENT_COLUMNS.contains(&(table, column))
}
