//! `larder.kdl`: KDL text → [`Manifest`], with every error of a file at once; and edits that keep the text.

mod model;

pub use model::{
    Dependency, Environment, FilesMode, Group, Layout, LockedMode, Manifest, Policy, Project, Registry, RegistryKind,
    RegistryUrl, Spanned, Token, Wanted,
};
