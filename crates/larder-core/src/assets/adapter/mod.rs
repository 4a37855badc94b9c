//! Adapters: where documents come from, and where they go.
//!
//! ```kdl
//! adapter kind="sftp" direction="in" {
//!     schema "order#Order"
//!     host "sftp.partner.example"; port 22; path "/out"; pattern "*.xml"
//!     credentials env="PARTNER_SFTP"
//!     environment "production" { host "sftp.prod.partner.example"; }
//! }
//! ```
//!
//! | file | what it owns |
//! | --- | --- |
//! | `kind` | the kinds, and the parameters of each |
//! | `parameter` | the value of a parameter: read, and held to its rule |
//! | `read` | an adapter's file |
//! | `secret` | secrets in clear text, which are refused |

mod kind;
mod parameter;
mod read;
pub mod secret;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diagnostic::Position;

pub use kind::{AdapterKind, KindRules, ParameterFormat, ParameterRule, ParameterType};
pub use parameter::{ParameterValue, SecretPlace};
pub use read::{PARAMETER, SECRET, SYNTAX};

use super::Reference;

/// Whether documents come in or go out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A flow takes documents from it.
    In,
    /// A flow hands documents to it.
    Out,
}

impl Direction {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// An adapter, read.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The kind.
    pub kind: AdapterKind,
    /// Whether documents come in or go out.
    pub direction: Direction,
    /// `schema`: what the documents look like; of a service `request`.
    pub document: Option<Reference>,
    /// `response` of a service.
    pub response: Option<Reference>,
    /// Where the credentials are.
    pub credentials: Option<SecretPlace>,
    /// The parameters.
    pub parameters: Parameters,
    /// What is otherwise in an environment.
    pub environments: BTreeMap<String, EnvironmentParameters>,
    /// The nodes that it has, right or wrong.
    stated: Vec<Box<str>>,
    /// The place of the `adapter` node.
    pub position: Position,
}

/// Parameters by their names.
pub type Parameters = BTreeMap<String, ParameterValue>;

/// What an adapter has instead in an environment.
#[derive(Clone, Debug)]
pub struct EnvironmentParameters {
    /// Where the credentials are.
    pub credentials: Option<SecretPlace>,
    /// The parameters.
    pub parameters: Parameters,
    /// The nodes that it has, right or wrong.
    stated: Vec<Box<str>>,
    /// The place of the node.
    pub position: Position,
}

impl Adapter {
    /// Returns the schemas that it names.
    pub fn schemas(&self) -> impl Iterator<Item = &Reference> {
        self.document.iter().chain(&self.response)
    }

    /// Returns the parameters that hold in an environment. Returns none of the defaults.
    pub fn parameters_in(&self, environment: &str) -> Parameters {
        let mut parameters = self.parameters.clone();
        if let Some(own) = self.environments.get(environment) {
            parameters.extend(own.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        parameters
    }
}

#[cfg(test)]
mod tests;
