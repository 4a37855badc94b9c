//! The names of private packages: npm's grammar.

pub(in crate::model) use crate::model::npm::name::normal;
