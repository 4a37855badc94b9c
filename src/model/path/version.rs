//! The versions of local folders, which are written as those of private packages.

pub(in crate::model) use crate::model::larder::version::parse;
