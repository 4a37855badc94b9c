//! The warnings about a solution that its graph does not show.

use super::{GraphBuilder, PackageUse};
use crate::diagnostic::nearest;
use crate::model::ExtraName;
use crate::resolve::instances::DraftInstance;
use crate::resolve::resolution::{Warning, WarningKind};

impl GraphBuilder<'_> {
    pub(super) fn warn_of_extras(&mut self, draft: &DraftInstance, used: &PackageUse, declared: &[ExtraName]) {
        for &extra in used.extras.keys() {
            let extra = self.problem.catalog.interned.extra_name(extra);
            if let Some(package) = draft.key.clone().filter(|_| !declared.contains(&extra)) {
                let names: Vec<&str> = declared.iter().map(ExtraName::as_str).collect();
                let meant = match nearest(extra.as_str(), names.iter().copied()) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None if names.is_empty() => ": it has none".to_owned(),
                    None => format!(": it has {}", names.join(", ")),
                };
                let message = format!("has no extra `{extra}`{meant}");
                self.warnings.insert(Warning { package, kind: WarningKind::UnknownExtra, message });
            }
        }
    }
}
