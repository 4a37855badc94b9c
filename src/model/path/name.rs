//! The names of local folders, which are those of npm.

pub(in crate::model) use crate::model::npm::name::normal;
