//! Requirements that name a folder or an archive by where the project lies: `lib @ {root:uri}/../lib` (Hatch), `lib @ file:///${PROJECT_ROOT}/lib`
//! (PDM).

use std::collections::BTreeMap;

use crate::model::PackageName;

use super::project_table::GroupItem;

/// The folders of packages, relative to the project's.
pub(super) type NamedFolders = BTreeMap<PackageName, String>;

/// Takes the folders out of requirements.
pub(super) fn take_all<'t>(requirements: impl Iterator<Item = &'t mut String>, folders: &mut NamedFolders) {
    for text in requirements {
        let Some((wanted, folder)) = split(text) else { continue };
        let bare = wanted.split(['[', ';']).next().unwrap_or_default().trim();
        if let Ok(name) = PackageName::pypi(bare) {
            folders.entry(name).or_insert(folder);
            *text = wanted;
        }
    }
}

/// Returns the texts of a group's requirements.
pub(super) fn texts(items: &mut [GroupItem]) -> impl Iterator<Item = &mut String> {
    items.iter_mut().filter_map(|item| match item {
        GroupItem::Requirement(text) => Some(text),
        GroupItem::Include { .. } | GroupItem::Folder(_) => None,
    })
}

/// Splits a requirement into what it is without its folder, and the folder. Returns `None` if it names none.
pub(super) fn split(text: &str) -> Option<(String, String)> {
    let (wanted, place) = text.split_once('@')?;
    let (place, marker) = place.split_once(" ;").unwrap_or((place, ""));
    let folder = folder(place.trim())?;
    let (wanted, marker) = (wanted.trim(), marker.trim());
    Some((if marker.is_empty() { wanted.to_owned() } else { format!("{wanted}; {marker}") }, folder))
}

/// Returns the folder that a URL with the project's own place in it stands for.
pub(super) fn folder(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default();
    let (up, below) = match url.strip_prefix("file:///${PROJECT_ROOT}") {
        Some(below) => (0, below),
        None => of_hatch(url.strip_prefix("file://").unwrap_or(url))?,
    };
    let below = below.trim_matches('/');
    let parts: Vec<&str> =
        std::iter::repeat_n("..", up).chain([below].into_iter().filter(|below| !below.is_empty())).collect();
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// Reads `{root:parent:uri}/folder`: how many folders it goes up, and the folder below.
fn of_hatch(place: &str) -> Option<(usize, &str)> {
    let (modifiers, below) = place.strip_prefix("{root")?.split_once('}')?;
    let mut up = 0;
    for modifier in modifiers.split(':').filter(|modifier| !modifier.is_empty()) {
        match modifier {
            "parent" => up += 1,
            "uri" | "real" => {}
            _ => return None,
        }
    }
    (up <= 32).then_some((up, below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_from_where_the_project_lies() {
        for (text, expect) in [
            ("a @ {root:uri}/projects/a", Some(("a", "projects/a"))),
            ("a[x,y] @ {root:uri}/a/ ; python_version < '3.12'", Some(("a[x,y]; python_version < '3.12'", "a"))),
            ("a @ {root:parent:parent:uri}/a", Some(("a", "../../a"))),
            ("a @ {root:parent:uri}", Some(("a", ".."))),
            ("a @ file://{root}/a", Some(("a", "a"))),
            ("a @ file:///${PROJECT_ROOT}/../a#egg=a", Some(("a", "../a"))),
            ("a @ file:///${PROJECT_ROOT}/a-1-py3-none-any.whl", Some(("a", "a-1-py3-none-any.whl"))),
            ("a @ {root:base64}/a", None),
            ("a @ {home}/a", None),
            ("a @ https://h/a.whl", None),
            ("a>=1", None),
        ] {
            let found = split(text);
            let found = found.as_ref().map(|(wanted, folder)| (wanted.as_str(), folder.as_str()));
            assert_eq!(found, expect, "{text}");
        }
    }
}
