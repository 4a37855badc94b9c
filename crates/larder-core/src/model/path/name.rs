//! The names of local folders: npm's grammar.

pub(in crate::model) use crate::model::npm::name::normal;
