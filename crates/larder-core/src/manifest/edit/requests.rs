//! Manifests without what they ask for.

use super::document::{ManifestText, TextNode};
use crate::manifest::syntax;
use crate::model::Ecosystem;

/// Nodes that change packages, whatever their arguments.
const CHANGES: [&str; 4] = ["override", "extend", "patch", "exempt"];

/// Returns a manifest's text without the nodes that ask for packages, change them or rule on them: what is left names a package only
/// where something uses it, or in a comment. Returns `None` if the text is not KDL.
pub fn without_package_nodes(text: &str) -> Option<String> {
    let parsed = syntax::parse(text).ok()?;
    let document = ManifestText::new(text, &parsed);
    let mut cut = Vec::new();
    // Tasks are commands under names of the project's own choice.
    for node in document.top_level().filter(|node| node.node_name() != "tasks") {
        find(node, &mut cut);
    }
    let mut rest = text.to_owned();
    for (start, end) in cut.into_iter().rev() {
        rest.replace_range(start..end, "");
    }
    Some(rest)
}

/// Finds the nodes about packages, in the order of the text.
fn find(node: TextNode<'_>, cut: &mut Vec<(usize, usize)>) {
    let is_ecosystem = |word: &str| word.parse::<Ecosystem>().is_ok();
    let name = node.node_name();
    if is_ecosystem(name) || CHANGES.contains(&name) || node.name().is_some_and(is_ecosystem) {
        cut.push((node.start(), node.end()));
    } else {
        node.children().for_each(|child| find(child, cut));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_packages_is_cut_and_what_uses_them_stays() {
        let text = "dependencies { npm \"left\" \"1\"; npm \"right\" \"1\" /* why */; pypi \"a\" }\n\
                    group \"dev\" {\n    npm \"left\" { when \"x\" } // for b\n}\n\
                    policy { deny npm \"left\" reason=\"c\"; age \"3d\" { exempt npm \"left\" } }\n\
                    override npm \"left\" \"2\"\ntasks { npm \"d\"; x \"left --all\"; }\n";
        assert_eq!(
            without_package_nodes(text).unwrap(),
            "dependencies { ;  /* why */;  }\ngroup \"dev\" {\n     // for b\n}\npolicy { ; age \"3d\" {  } }\n\n\
             tasks { npm \"d\"; x \"left --all\"; }\n"
        );
        assert_eq!(without_package_nodes("dependencies {"), None);
    }
}
