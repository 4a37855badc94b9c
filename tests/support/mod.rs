//! What command tests stand on: a registry on loopback whose packages are described in the test, and a project in a
//! folder of its own.

pub(crate) mod archive;
#[cfg(target_os = "linux")]
pub(crate) mod build;
pub(crate) mod creatio;
pub(crate) mod creatio_product;
mod git;
mod npm;
mod output;
mod package_server;
mod private;
mod project;
mod pypi;
mod random;
mod registry;
mod release_server;
pub(crate) mod runtime;
mod schema;
mod universe;

pub(crate) use archive::sha256_hex;
pub(crate) use git::{GitRepository, GitServer};
pub(crate) use npm::{NpmPackage, SigningKey};
pub(crate) use output::{FILTERS, Output, assert_transcript};
pub(crate) use package_server::{PackageServer, TOKEN as PACKAGE_TOKEN};
pub(crate) use private::PrivateRegistry;
pub(crate) use project::{Project, host_platform, python_executable, python_full_version, python_version};
pub(crate) use pypi::{Metadata, PypiPackage};
pub(crate) use random::Random;
pub(crate) use registry::Registry;
pub(crate) use release_server::{RELEASE_TOKEN, ReleaseServer};
pub(crate) use schema::conforms;
pub(crate) use universe::Universe;

mod tests;
