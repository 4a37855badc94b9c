//! The names of private packages, which are those of npm.

pub(in crate::model) use crate::model::npm::name::normal;
