//! What a user agrees to send to registries.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::fs::{self, Durability};

use super::registries::{
    self,
    grants::{self, Grant},
};
use super::{Context, Project, Result};

/// `larder login --json`: see `schema/login.json`.
#[derive(Debug, Serialize)]
pub struct Allowed {
    /// The pairs of variable and host that were agreed to now.
    pub allowed: Vec<String>,
}

/// Notes that variables may be sent to hosts; without any, those that the project asks for, if `confirm` says so.
pub fn allow(context: &Context<'_>, pairs: &[String], confirm: impl FnOnce(&[String]) -> bool) -> Result<Allowed> {
    let wanted = if pairs.is_empty() {
        let wanted = Vec::from_iter(registries::unconfirmed(context, &Project::open(context)?)?);
        let shown: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        if !wanted.is_empty() && !confirm(&shown) {
            return Err(NotConfirmed(shown).into());
        }
        wanted
    } else {
        pairs.iter().map(|pair| pair.parse()).collect::<std::result::Result<Vec<Grant>, _>>()?
    };
    let known = grants::kept(context)?;
    let all: BTreeSet<&Grant> = known.iter().chain(&wanted).collect();
    if all.len() > known.len() {
        let mut text = "# Variables that larder may send to hosts, NAME@HOST: `larder login --allow`\n".to_owned();
        for grant in all {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{grant}");
        }
        fs::create_dir_all(&context.configuration)?;
        fs::write_atomic(&grants::agreements(context), text.as_bytes(), Durability::Whole)?;
    }
    Ok(Allowed { allowed: wanted.iter().map(ToString::to_string).collect() })
}

/// Pairs that nobody agreed to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("not allowed, as nobody confirmed it:{}", list(.0))]
#[diagnostic(code(larder::login::not_confirmed), help("name them: `larder login --allow {}`", .0.join(" ")))]
struct NotConfirmed(Vec<String>);

impl Failure for NotConfirmed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
