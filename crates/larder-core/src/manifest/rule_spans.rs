//! Where a manifest changes what packages ask for.

use miette::SourceSpan;

use crate::model::Extension;

use super::Spanned;

/// Where the rules of `resolution` are written.
#[derive(Clone, Debug, Default)]
pub struct RuleSpans {
    /// The lines of [`crate::model::Settings::overrides`], in their order.
    pub overrides: Vec<SourceSpan>,
    /// The lines of `extend` blocks.
    pub extensions: Vec<Spanned<Extension>>,
}

impl RuleSpans {
    /// Returns where an extension is written, whatever was made of what it adds.
    pub fn of_extension(&self, extension: &Extension) -> Option<SourceSpan> {
        let is_it = |one: &&Spanned<Extension>| {
            one.value.package == extension.package && one.value.dependency.seen_as() == extension.dependency.seen_as()
        };
        self.extensions.iter().find(is_it).map(|one| one.span)
    }
}
