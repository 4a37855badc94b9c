//! Inside a room, files use each other in one direction: whoever reads one can know what it rests on.
//!
//! The modules in one folder are compared, each together with what lies below it: one uses another where any of its files
//! names something of the other, be it by a re-export. A parent and its children may use each other, as a child is a part
//! of its parent, and a parent's re-exports are no use.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::layers::{Source, is_in_a_word, sources};

/// The path of a module or of something in one, from the crate's root.
type Path = Vec<String>;

#[test]
fn files_of_a_room_use_each_other_in_one_direction() {
    let modules = Modules::read(sources());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for parent in modules.code.keys().filter(|path| !path.is_empty()) {
        let circles = circles(&modules.uses_among_children(parent));
        if !circles.is_empty() {
            found.insert(parent.join("/"), circles.iter().map(|circle| circle.join(" -> ")).collect());
        }
    }
    assert!(found.is_empty(), "files that use each other: {found:#?}");
}

#[test]
fn a_circle_is_seen_through_re_exports_and_folders() {
    let source = |path: &str, code: &str| Source::of_code(path, code);
    let modules = Modules::read(vec![
        source("room/mod.rs", "mod one;\nmod two;\nmod three;\npub use two::{Second as Other, deep};\n"),
        source("room/one.rs", "use super::{Other, three};\n"),
        source("room/two/mod.rs", "mod below;\npub struct Second;\n"),
        source("room/two/below.rs", "fn f() { crate::room::one::g() }\n"),
        source("room/three.rs", "use crate::other::room::one;\nuse std::fmt::{self, Write};\n"),
    ]);
    let uses = modules.uses_among_children(&vec!["room".to_owned()]);
    let names = |of: &str| uses[of].iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!((names("one"), names("two"), names("three")), ("three two".into(), "one".into(), String::new()));
    assert_eq!(circles(&uses), [["one", "two", "one"]]);
}

/// The modules of the package, by their paths.
struct Modules {
    /// What each consists of.
    code: BTreeMap<Path, String>,
    /// What each imports, by the name that it has there.
    imports: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl Modules {
    fn read(sources: Vec<Source>) -> Self {
        let code: BTreeMap<Path, String> = sources.into_iter().map(|source| (source.modules, source.code)).collect();
        let imports = code.iter().map(|(path, code)| {
            let named = uses(code).into_iter().flat_map(|(_, tree)| leaves(tree));
            (path.clone(), named.filter_map(|leaf| Some((leaf.name.clone()?, leaf.path))).collect())
        });
        Self { imports: imports.collect(), code }
    }

    fn children(&self, parent: &Path) -> BTreeSet<String> {
        let below = self.code.keys().filter(|path| path.len() == parent.len() + 1 && path.starts_with(parent));
        below.filter_map(|path| path.last().cloned()).collect()
    }

    /// Returns which of a module's children use which.
    fn uses_among_children(&self, parent: &Path) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> =
            self.children(parent).into_iter().map(|child| (child, BTreeSet::new())).collect();
        let at = parent.len();
        for path in self.code.keys().filter(|path| path.len() > at && path.starts_with(parent)) {
            let child = &path[at];
            for used in self.used_by(path).into_iter().filter(|used| used.len() > at && used.starts_with(parent)) {
                if used[at] != *child {
                    found.entry(child.clone()).or_default().insert(used[at].clone());
                }
            }
        }
        found
    }

    /// Returns the modules that a module names.
    fn used_by(&self, module: &Path) -> BTreeSet<Path> {
        let code = &self.code[module];
        let is_parent = !self.children(module).is_empty();
        let imported = uses(code).into_iter().filter(|(is_public, _)| !(*is_public && is_parent));
        let imported = imported.flat_map(|(_, tree)| leaves(tree)).map(|leaf| leaf.path);
        let named = ["crate::", "super::", "self::"].into_iter().flat_map(|start| paths(code, start));
        imported.chain(named).filter_map(|path| self.absolute(module, &path)).map(|path| self.home(&path, 0)).collect()
    }

    /// Returns the path from the crate's root of what a module names; none where it is another crate's.
    fn absolute(&self, module: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let from = |base: &[String], rest: &[String]| Some([base, rest].concat());
        match first.as_str() {
            "crate" => from(&[], rest),
            "self" => from(module, rest),
            "super" => {
                let climbs = path.iter().take_while(|part| *part == "super").count();
                from(module.get(..module.len().checked_sub(climbs)?)?, &path[climbs..])
            }
            name if self.children(module).contains(name) => from(module, path),
            name => match self.imports[module].get(name) {
                Some(import) if import.first() != Some(first) => from(&self.absolute(module, import)?, rest),
                _ => None,
            },
        }
    }

    /// Returns the module in which something is defined.
    fn home(&self, path: &[String], depth: usize) -> Path {
        let length = (0..=path.len()).rev().find(|length| self.code.contains_key(&path[..*length])).unwrap_or(0);
        let module = path[..length].to_vec();
        let import = path.get(length).and_then(|name| self.imports.get(&module)?.get(name));
        match import.and_then(|import| self.absolute(&module, import)) {
            Some(target) if target != path && depth < 8 => {
                self.home(&[&target, &path[length + 1..]].concat(), depth + 1)
            }
            _ => module,
        }
    }
}

/// Returns one way round in each set of modules that lead to each other.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |from: &String| {
        let mut way: BTreeMap<&String, Option<&String>> = BTreeMap::new();
        let mut waiting: VecDeque<&String> = [from].into();
        while let Some(at) = waiting.pop_front() {
            for next in &uses[at] {
                if !way.contains_key(next) {
                    way.insert(next, Some(at));
                    waiting.push_back(next);
                }
            }
        }
        way.into_iter().map(|(to, before)| (to.clone(), before.cloned())).collect::<BTreeMap<_, _>>()
    };
    let reached: BTreeMap<&String, _> = uses.keys().map(|name| (name, reach(name))).collect();
    let (mut found, mut done) = (Vec::new(), BTreeSet::new());
    for name in uses.keys().filter(|name| reached[name].contains_key(*name)) {
        if done.contains(name) {
            continue;
        }
        // Around all that lead to each other, from one to the next.
        let set: Vec<&String> = uses
            .keys()
            .filter(|other| reached[name].contains_key(*other) && reached[other].contains_key(name))
            .collect();
        done.extend(set.iter().copied());
        let mut way = vec![name.clone()];
        for next in set.into_iter().filter(|next| *next != name).chain([name]) {
            if way.contains(next) && next != name {
                continue;
            }
            let from = way.last().cloned().unwrap_or_default();
            let (mut back, mut at) = (vec![next.clone()], next);
            while let Some(Some(before)) = reached[&from].get(at).filter(|before| before.as_ref() != Some(&from)) {
                back.push(before.clone());
                at = before;
            }
            way.extend(back.into_iter().rev());
        }
        found.push(way);
    }
    found
}

/// A path that a `use` imports, and the name that it has from then on; none for a glob.
struct Leaf {
    path: Path,
    name: Option<String>,
}

/// Returns the trees of the `use` items of a piece of code, and whether each is public.
fn uses(code: &str) -> Vec<(bool, &str)> {
    let mut found = Vec::new();
    for (at, start) in code.match_indices("use ") {
        if is_in_a_word(code, at) {
            continue;
        }
        let before = code[..at].trim_end();
        let is_public = before.ends_with("pub")
            || before.ends_with(')') && before[before.len().saturating_sub(24)..].contains("pub(");
        if let Some((tree, _)) = code[at + start.len()..].split_once(';') {
            found.push((is_public, tree));
        }
    }
    found
}

/// Returns the paths of a `use` tree.
fn leaves(tree: &str) -> Vec<Leaf> {
    let tree = tree.trim();
    if let Some((start, list)) = tree.split_once('{') {
        let before = parts(start);
        let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
        let mut depth = 0;
        let inner = list.split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        let below = inner.filter(|inner| !inner.trim().is_empty()).flat_map(leaves);
        return below
            .map(|leaf| {
                let mut path = [before.clone(), leaf.path].concat();
                if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                    path.pop();
                }
                let name =
                    leaf.name.map(|name| if name == "self" { path.last().cloned().unwrap_or(name) } else { name });
                Leaf { path, name }
            })
            .collect();
    }
    let (path, alias) =
        tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim().to_owned())));
    let mut path = parts(path);
    if path.last().is_some_and(|last| last == "*") {
        path.pop();
        return vec![Leaf { path, name: None }];
    }
    let name = alias.or_else(|| path.last().cloned());
    vec![Leaf { path, name }]
}

fn parts(path: &str) -> Path {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Returns the paths in a piece of code that begin in this way.
fn paths(code: &str, start: &str) -> Vec<Path> {
    let begins = code.match_indices(start).map(|(at, _)| at).filter(|at| !is_in_a_word(code, *at));
    begins
        .map(|at| {
            parts(code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default())
        })
        .collect()
}
