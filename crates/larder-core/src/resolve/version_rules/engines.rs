//! Which Node a package runs on, whatever ecosystem it is of: `engines.node` against the Node that the manifest declares.

use crate::model::{Engines, NpmRange, Settings, parse_npm_version};

/// Returns whether `engines.node` admits the declared Node. `22` stands for any 22, so it is enough that the range
/// takes the first or the last of them.
pub fn engine_admits(settings: &Settings, engine: Option<&str>) -> bool {
    let (Some(node), Some(engine)) = (settings.node.as_deref(), engine) else { return true };
    let Ok(range) = engine.parse::<NpmRange>() else { return true };
    if range.tag().is_some() {
        return true;
    }
    let parts: Vec<&str> = node.trim_start_matches('v').split('.').collect();
    let filled = |filler: &str| {
        let part = |place: usize| parts.get(place).copied().unwrap_or(filler);
        parse_npm_version(&format!("{}.{}.{}", part(0), part(1), part(2)))
    };
    ["0", "9999"].into_iter().any(|filler| filled(filler).is_none_or(|version| range.matches(&version)))
}

/// Returns why a version cannot be chosen under `engines "strict"`.
pub(in crate::resolve) fn refused_engine(settings: &Settings, engine: Option<&str>) -> Option<String> {
    if settings.engines != Engines::Strict || engine_admits(settings, engine) {
        return None;
    }
    let (node, engine) = (settings.node.as_deref()?, engine?);
    Some(format!("it needs Node {engine}, and the manifest declares {node}"))
}
