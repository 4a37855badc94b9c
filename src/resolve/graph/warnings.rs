//! What a user should hear of a solution.

use super::links::Link;
use super::{Builder, PythonUse};
use crate::diagnostic::nearest;
use crate::model::{Engines, ExtraName, PypiSpecifier};
use crate::resolve::index::IndexError;
use crate::resolve::instances::DraftInstance;
use crate::resolve::npm;
use crate::resolve::resolution::Warning;
use crate::resolve::variable::Owner;

impl Builder<'_> {
    pub(super) fn warn_of_peer(&mut self, draft: &DraftInstance, link: &Link) -> Result<(), IndexError> {
        let (Some(range), Some(package)) = (&link.unmet, draft.key.clone()) else { return Ok(()) };
        if let Owner::Release(found, ordinal) = self.problem.catalog.node(link.to).owner {
            let found = self.problem.catalog.key(found, ordinal)?;
            let message = format!("wants peer {} {range}, and gets {} {}", link.name, found.id.name, found.version);
            self.warnings.insert(Warning { package, message });
        }
        Ok(())
    }

    pub(super) fn warn_of_extras(&mut self, draft: &DraftInstance, used: &PythonUse, declared: &[ExtraName]) {
        for &extra in used.extras.keys() {
            let extra = self.problem.catalog.extra_name(extra);
            if let Some(package) = draft.key.clone().filter(|_| !declared.contains(&extra)) {
                let names: Vec<&str> = declared.iter().map(ExtraName::as_str).collect();
                let meant = match nearest(extra.as_str(), names.iter().copied()) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None if names.is_empty() => ": it has none".to_owned(),
                    None => format!(": it has {}", names.join(", ")),
                };
                self.warnings.insert(Warning { package, message: format!("has no extra `{extra}`{meant}") });
            }
        }
    }

    /// Upper bounds of `Requires-Python` keep no version from being chosen, but they may well be meant.
    pub(super) fn warn_of_python(&mut self, draft: &DraftInstance) -> Result<(), IndexError> {
        let catalog = self.problem.catalog;
        let (Some(python), Some(package)) = (&catalog.requirements.settings.python, &draft.key) else { return Ok(()) };
        let Some(prepared) = self.problem.prepared(catalog.node(draft.node))? else { return Ok(()) };
        let Some(wanted) = prepared.release.facts.requires_python.as_deref() else { return Ok(()) };
        if wanted.parse().is_ok_and(|wanted: PypiSpecifier| !wanted.admits(&python.full())) {
            let message = format!("wants Python {wanted}, and the manifest declares {python}");
            self.warnings.insert(Warning { package: package.clone(), message });
        }
        Ok(())
    }

    pub(super) fn warn_of_engine(&mut self, draft: &DraftInstance) -> Result<(), IndexError> {
        let settings = &self.problem.catalog.requirements.settings;
        let (Engines::Warn, Some(node)) = (settings.engines, settings.node.as_deref()) else { return Ok(()) };
        let Some(prepared) = self.problem.prepared(self.problem.catalog.node(draft.node))? else { return Ok(()) };
        let Some(engine) = prepared.release.facts.node.as_deref() else { return Ok(()) };
        // A thousand packages say one of a few dozen texts.
        let admits = if let Some(&admits) = self.engines.get(engine) {
            admits
        } else {
            let admits = npm::engine_admits(settings, Some(engine));
            self.engines.insert(engine.to_owned(), admits);
            admits
        };
        if !admits && let Some(package) = draft.key.clone() {
            let message = format!("wants Node {engine}, and the manifest declares {node}");
            self.warnings.insert(Warning { package, message });
        }
        Ok(())
    }
}
