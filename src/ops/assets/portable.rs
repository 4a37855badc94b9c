//! What keeps assets from leaving a project, and from coming into one: secrets, and files that cannot be read, in which some may be.

use crate::assets::adapter::{Adapter, SECRET, secret};
use crate::assets::{AssetIndex, AssetSet, CarriedFlows, MAPPING_SECRET};
use crate::diagnostic::{Exit, Failure, FindingLevel, SourceFinding};
use crate::document::SourceFile;
use crate::mapping::Mapping;
use crate::model::AssetKind;
use crate::ops::Result;
use crate::package::find_secret;

/// Findings for which assets are carried nowhere: something is missing, is a secret, or was not looked at, as it cannot be read.
const CODES: [&str; 9] = [
    SECRET,
    MAPPING_SECRET,
    "adapter.syntax",
    "adapter.parameter",
    "mapping.syntax",
    "flow.syntax",
    "asset.file",
    "asset.dangling",
    "schema.import",
];

/// Returns whether assets with a finding can be carried nowhere.
pub(super) fn keeps_back(finding: &SourceFinding) -> bool {
    finding.level == FindingLevel::Error && CODES.contains(&&*finding.code)
}

/// Fails if a file looks as if it had a secret, as publishing does; of adapters also in what is commented out.
pub(super) fn refuse_secrets(
    carried: &CarriedFlows,
    set: &AssetSet<'_>,
    assets: impl Iterator<Item = AssetIndex>,
) -> Result<()> {
    let adapters = assets.filter(|at| set.asset(*at).id.kind == AssetKind::Adapter);
    for source in adapters.filter_map(|at| set.content(at).source.as_ref()) {
        if let Some((line, what)) = secret::find_in_text(&source.text) {
            return Err(HasSecret { place: format!("{}:{line}", source.file), what }.into());
        }
    }
    for (path, text) in carried.all_files() {
        if let Some((line, what)) = find(path.as_str(), &text) {
            return Err(HasSecret { place: format!("{}{line}", path.as_str()), what }.into());
        }
    }
    Ok(())
}

/// Returns why a file of another folder is not taken over, as a line that says where: it has a secret, or is an adapter that cannot be
/// read, in which one may be.
pub(super) fn problem_of_file(path: &str, text: &str, kind: Option<AssetKind>) -> Option<String> {
    if kind == Some(AssetKind::Adapter) {
        let (_, findings) = Adapter::parse(&SourceFile { file: path.into(), text: text.into() });
        if let Some(finding) = findings.iter().find(|finding| keeps_back(finding)) {
            return Some(format!("{path}:{}: {}", finding.position.line, finding.message));
        }
        if let Some((line, what)) = secret::find_in_text(text) {
            return Some(format!("{path}:{line}: it has {what}"));
        }
    }
    if kind == Some(AssetKind::Mapping)
        && let Ok(mapping) = Mapping::parse(&SourceFile { file: path.into(), text: text.into() })
        && let Some((position, what)) = secret::find_in_mapping(&mapping).first()
    {
        return Some(format!("{path}:{}: it has {what}", position.line));
    }
    find(path, text).map(|(line, what)| format!("{path}{line}: it has {what}"))
}

/// Returns what looks like a secret in a file: `:7`, or nothing where its name tells, and what it is.
fn find(path: &str, text: &str) -> Option<(String, &'static str)> {
    let found = find_secret(path, text.as_bytes())?;
    Some((found.line.map(|line| format!(":{line}")).unwrap_or_default(), found.what))
}

/// A secret that would leave, or come in.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{place} has {what}")]
#[diagnostic(
    code(larder::flows::secret),
    help(
        "files of flows name secrets, and never have them: take it out, and say where it is by `env=`, `file=` or `keyring=`"
    )
)]
struct HasSecret {
    place: String,
    what: &'static str,
}

impl Failure for HasSecret {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
