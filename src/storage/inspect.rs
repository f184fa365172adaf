//! What the connected database says of its own schema: for tests, which compare it with what the
//! code knows and with the other database.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::error::Result;
use crate::storage::Connection;

/// A column as the database has it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Column {
    #[diesel(sql_type = Text)]
    pub table: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The type in the words of the database.
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Bool)]
    pub nullable: bool,
    /// It is the table's key, alone.
    #[diesel(sql_type = Bool)]
    pub is_key: bool,
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS \"table\", c.name AS name, c.type AS kind, c.\"notnull\" = 0 AS nullable, \
     c.pk = 1 AND (SELECT max(k.pk) FROM pragma_table_info(t.name) k) = 1 AS is_key \
     FROM sqlite_master t JOIN pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '__diesel_schema_migrations' \
     ORDER BY t.name, c.name";

const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text AS \"table\", c.column_name::text AS name, c.data_type::text AS kind, \
     c.is_nullable = 'YES' AS nullable, false AS is_key FROM information_schema.columns c \
     WHERE c.table_schema = current_schema() AND c.table_name <> '__diesel_schema_migrations' \
     ORDER BY c.table_name::text COLLATE \"C\", c.column_name::text COLLATE \"C\"";

/// All columns of all tables, in order of their names.
pub fn list_columns(connection: &mut Connection) -> Result<Vec<Column>> {
    let text = match connection {
        Connection::Postgres(_) => POSTGRES_COLUMNS,
        Connection::Sqlite(_) => SQLITE_COLUMNS,
    };
    Ok(diesel::sql_query(text).load(connection)?)
}

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The names of the indexes that migrations made, in order: not those of keys.
pub fn list_indexes(connection: &mut Connection) -> Result<Vec<String>> {
    let text = match connection {
        Connection::Postgres(_) => {
            "SELECT i.indexname::text AS name FROM pg_indexes i WHERE i.schemaname = current_schema() \
             AND i.indexname !~ '_(pkey|key)$' ORDER BY i.indexname::text COLLATE \"C\""
        }
        Connection::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%' ORDER BY name"
        }
    };
    let rows: Vec<IndexRow> = diesel::sql_query(text).load(connection)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
