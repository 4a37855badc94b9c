//! Indexes that are asked for everything, in their order, as registries with priorities.

use crate::import::{Imported, ImportedRegistry};

use super::ECOSYSTEM;

/// The URL of PyPI.
const PYPI: &str = "https://pypi.org/simple";

/// An index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OrderedIndex<'a> {
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) is_flat: bool,
}

impl<'a> OrderedIndex<'a> {
    /// PyPI itself.
    pub(super) const PYPI: Self = OrderedIndex { name: "pypi", url: PYPI, is_flat: false };

    /// An index that nothing names: it is called by its host.
    pub(super) fn of(url: &'a str) -> Self {
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        Self { name: host.unwrap_or("index"), url, is_flat: false }
    }

    fn is_pypi(&self) -> bool {
        is_pypi(self.url)
    }

    /// Returns the name of the line: that of PyPI's is PyPI's.
    fn line_name(&self) -> &str {
        if self.name.eq_ignore_ascii_case("pypi") && !self.is_pypi() { "index" } else { self.name }
    }
}

/// Returns whether a URL is that of PyPI, which is there without a line.
pub(super) fn is_pypi(url: &str) -> bool {
    matches!(url.trim_end_matches('/'), PYPI | "https://pypi.python.org/simple")
}

/// Adds indexes, of which the first that has a package serves it. Where PyPI is none of them, the last one is in its place.
pub(super) fn add_ordered(indexes: &[OrderedIndex<'_>], imported: &mut Imported) {
    let mut order: Vec<OrderedIndex<'_>> = Vec::new();
    for index in indexes {
        let index = if index.is_pypi() { OrderedIndex::PYPI } else { *index };
        if !order.iter().any(|known| known.url == index.url) {
            order.push(index);
        }
    }
    let has_pypi = order.iter().any(OrderedIndex::is_pypi);
    // PyPI is asked with the priority 0, and no index joins below that.
    let is_last_usual = order.last().is_some_and(|last| !has_pypi || last.is_pypi());
    let lowest = i64::from(!is_last_usual);
    for (index, priority) in order.iter().rev().zip(lowest..).collect::<Vec<_>>().into_iter().rev() {
        if index.is_pypi() && priority == 0 {
            continue;
        }
        imported.add_registry(ImportedRegistry {
            ecosystem: ECOSYSTEM,
            name: if priority == 0 { "pypi" } else { index.line_name() }.to_owned(),
            url: index.url.to_owned(),
            packages: Vec::new(),
            priority: Some(priority).filter(|priority| *priority > 0),
            is_flat: index.is_flat,
        });
    }
}

/// Adds an index that is asked for nothing but some packages.
pub(super) fn add_claiming(index: OrderedIndex<'_>, packages: Vec<String>, imported: &mut Imported) {
    let index = if index.is_pypi() { OrderedIndex { name: "pypi-public", ..OrderedIndex::PYPI } } else { index };
    if index.is_pypi() && packages.is_empty() {
        return;
    }
    imported.add_registry(ImportedRegistry {
        ecosystem: ECOSYSTEM,
        name: index.line_name().to_owned(),
        url: index.url.to_owned(),
        packages,
        priority: None,
        is_flat: index.is_flat,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_index_comes_first() {
        let index = |name: &'static str, url: &'static str| OrderedIndex { name, url, is_flat: false };
        let (a, b) = (index("a", "https://a.example/s"), index("b", "https://b.example/s"));
        let pypi = index("p", "https://pypi.org/simple/");
        for (order, expected) in [
            (vec![], ""),
            (vec![pypi], ""),
            (vec![a], "pypi a 0"),
            (vec![a, b], "a a 1, pypi b 0"),
            (vec![a, pypi], "a a 1"),
            (vec![a, b, pypi], "a a 2, b b 1"),
            (vec![pypi, a], "pypi pypi 2, a a 1"),
            (vec![a, pypi, b, pypi], "a a 3, pypi pypi 2, b b 1"),
        ] {
            let mut imported = Imported::default();
            add_ordered(&order, &mut imported);
            let taken = imported.registries.iter().map(|one| {
                let host = one.url.trim_start_matches("https://").split('.').next().unwrap_or_default();
                format!("{} {host} {}", one.name, one.priority.unwrap_or_default())
            });
            assert_eq!(taken.collect::<Vec<_>>().join(", "), expected);
        }
    }
}
