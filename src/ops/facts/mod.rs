//! What checks look at besides the manifest and the lock: looked up where a policy asks, in registries and in the store.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `attestations` | who built the packages |
//! | `registry_signatures` | what the registries' signatures are worth |
//! | `publication_times` | when packages were published |
//! | `registry_notices` | whether versions were yanked or deprecated since they were locked |
//! | `license_facts` | what packages say of their licenses |
//! | `locked_trees` | what packages consist of |

pub(super) mod attestations;
pub(super) mod license_facts;
pub(super) mod locked_trees;
pub(super) mod publication_times;
pub(super) mod registry_notices;
pub(super) mod registry_signatures;
