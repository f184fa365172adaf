//! The rules, said three ways: in the words of the tables ([`rules`]), as laws that hold in every
//! case ([`metamorphic`]), and as the matrix that people read in `docs/ACCESS.md` ([`matrix`]).

mod cast;
mod matrix;
mod metamorphic;
mod people;
mod profiles;
// Tables read better as tables.
#[rustfmt::skip]
mod rules;
