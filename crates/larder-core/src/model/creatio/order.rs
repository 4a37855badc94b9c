//! The order in which packages are installed: what a package depends on comes before it.

use std::collections::{BTreeMap, BTreeSet};

/// The file of a generation that lists the packages in their order.
pub const FILE: &str = "order.json";

/// Returns everything in an order in which what it depends on comes first; of what can come next, the least does.
///
/// # Errors
/// A cycle, each depending on the next, and the last on the first.
pub fn install_order<T: Ord + Clone>(depends: &BTreeMap<T, BTreeSet<T>>) -> Result<Vec<T>, Vec<T>> {
    let is_there = |one: &&T| depends.contains_key(*one);
    let mut left: BTreeMap<&T, usize> =
        depends.iter().map(|(one, on)| (one, on.iter().filter(is_there).count())).collect();
    let mut dependents: BTreeMap<&T, Vec<&T>> = BTreeMap::new();
    for (one, on) in depends {
        on.iter().filter(is_there).for_each(|other| dependents.entry(other).or_default().push(one));
    }
    let mut ready: BTreeSet<&T> = left.iter().filter(|(_, count)| **count == 0).map(|(one, _)| *one).collect();
    let mut ordered = Vec::with_capacity(depends.len());
    while let Some(next) = ready.pop_first() {
        left.remove(next);
        ordered.push(next.clone());
        for dependent in dependents.get(next).into_iter().flatten() {
            if let Some(count) = left.get_mut(dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependent);
                }
            }
        }
    }
    let Some((first, _)) = left.first_key_value() else { return Ok(ordered) };
    // Everything that is left depends on something that is left.
    let mut chain: Vec<&T> = vec![first];
    loop {
        let last = chain[chain.len() - 1];
        let Some(next) = depends.get(last).and_then(|on| on.iter().find(|one| left.contains_key(one))) else {
            return Ok(ordered);
        };
        if let Some(start) = chain.iter().position(|one| *one == next) {
            return Err(chain[start..].iter().map(|one| (*one).clone()).collect());
        }
        chain.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(depends: &[(&'static str, &[&'static str])]) -> Result<Vec<&'static str>, Vec<&'static str>> {
        install_order(&depends.iter().map(|(one, on)| (*one, on.iter().copied().collect())).collect())
    }

    #[test]
    fn what_is_needed_comes_first_and_names_decide_between_equals() {
        let depends = [("App", &["Base", "Ui", "Elsewhere"][..]), ("Base", &[]), ("Ui", &["Base"]), ("Aux", &[])];
        assert_eq!(order(&depends).unwrap(), ["Aux", "Base", "Ui", "App"]);
        assert_eq!(order(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn a_cycle_is_told_without_what_leads_to_it() {
        let depends = [("A", &["C"][..]), ("C", &["D"]), ("D", &["E"]), ("E", &["C"]), ("F", &[])];
        assert_eq!(order(&depends).unwrap_err(), ["C", "D", "E"]);
        assert_eq!(order(&[("A", &["A"])]).unwrap_err(), ["A"]);
    }
}
