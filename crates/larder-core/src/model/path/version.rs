//! The versions of local folders: the grammar of private packages.

pub(in crate::model) use crate::model::larder::version::parse;
