//! The objects we write and read: one file each.

pub mod grant;
