//! The ecosystems are siblings: a new one touches few files besides its own, and few files ask which one they deal with.
//!
//! Ecosystems are told apart only in `model`, `resolve`, the lock's text and the tables of registration; everything else goes through a
//! contract. What an ecosystem's own files say of itself (those in a folder or a file called as the ecosystem) counts for nothing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::layers::{Source, first_name, is_in_a_word, sources};

/// So many files may know which ecosystem they deal with.
const MOST_THAT_TELL_ECOSYSTEMS_APART: usize = 20;

/// So many files may name the youngest ecosystem, comments and unit tests included: those that the next one has to touch.
const MOST_THAT_NAME_ONE: usize = 20;

/// So many files outside of an ecosystem's folders may name a variant of one, as a question or as a value, or the youngest, in code.
const MOST_THAT_NAME_A_VARIANT: usize = 20;

/// So many files of other rooms than `model` and `resolve`, where ecosystems are told apart, may name the module of one: those that declare it
/// and keep a table, and few besides.
const MOST_THAT_NAME_A_MODULE: usize = 20;

/// So many files outside of an ecosystem's folders may name one in any way: by a variant of whatever enum, by a path into its module, or by
/// its word where something is compared. Tables that register ecosystems are among them.
const MOST_THAT_NAME_ONE_IN_ANY_WAY: usize = 20;

/// The variants that are called as an ecosystem, in whatever enum.
const VARIANTS: &[&str] = &["Npm", "Pypi", "Larder", "Creatio"];

/// The modules that are called as an ecosystem, and as nothing else.
const MODULES: &[&str] = &["npm", "pypi", "creatio"];

/// The ecosystem whose files are counted.
const YOUNGEST: &str = "creatio";

/// The enums that tell ecosystems apart. What is said of a variant of theirs is said of one ecosystem.
const ENUMS: &[&str] = &["Ecosystem", "Requirement", "Version", "ArtifactKind"];

/// The constants that name an ecosystem, each with its word. A value may be made with one; a comparison with one is a question.
const CONSTANTS: &[(&str, &str)] = &[
    ("OF_NODE", "npm"),
    ("OF_PYTHON", "pypi"),
    ("PRIVATE", "larder"),
    ("CREATIO", "creatio"),
    ("TOOLS", "archive"),
    ("LOCAL", "path"),
    ("OF_RUNTIMES", ""),
];

/// Methods that answer for one ecosystem alone, each with its word: `if let` in disguise.
const DOWNCASTS: &[(&str, &str)] = &[
    ("as_npm", "npm"),
    ("npm_range", "npm"),
    ("as_pypi", "pypi"),
    ("specifier", "pypi"),
    ("as_semver", "larder"),
    ("semver_range", "larder"),
    ("as_creatio", "creatio"),
];

/// The words of ecosystems that mean nothing else in code.
const WORDS: &[&str] = &["npm", "pypi", "larder", "creatio"];

#[test]
fn few_files_tell_ecosystems_apart() {
    let mut telling = Vec::new();
    for source in sources() {
        let told = told_apart(&source);
        if !told.is_empty() {
            telling.push(format!("{}: {}", source.path.display(), Vec::from_iter(told).join(", ")));
        }
    }
    assert!(
        telling.len() <= MOST_THAT_TELL_ECOSYSTEMS_APART,
        "{} files ask for an ecosystem, and {MOST_THAT_TELL_ECOSYSTEMS_APART} may: ask `Ecosystem`, `Requirement` or `Version` a \
         question, or add a method to the room's contract\n{}",
        telling.len(),
        telling.join("\n")
    );
}

#[test]
fn few_files_name_the_youngest_ecosystem() {
    let mut naming = Vec::new();
    for source in sources() {
        let is_own = source.modules.iter().any(|module| module == YOUNGEST || module.starts_with("creatio_"));
        if !is_own && names(&source.text, YOUNGEST) {
            naming.push(source.path.display().to_string());
        }
    }
    assert!(
        naming.len() <= MOST_THAT_NAME_ONE,
        "{} files outside of its own name `{YOUNGEST}`, and {MOST_THAT_NAME_ONE} may: speak of ecosystems in general\n{}",
        naming.len(),
        naming.join("\n")
    );
}

#[test]
fn few_files_name_a_variant_or_the_youngest_in_code() {
    let is_folder = |source: &Source| {
        let folders = source.path.parent().into_iter().flat_map(Path::components);
        let mut folders = folders.filter_map(|folder| folder.as_os_str().to_str());
        folders.any(|folder| CONSTANTS.iter().any(|(_, word)| *word == folder))
    };
    let all = sources();
    let naming: Vec<_> = all
        .iter()
        .filter(|source| !is_folder(source) && (names_a_variant(&source.code) || names(&source.code, YOUNGEST)))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(
        naming.len() <= MOST_THAT_NAME_A_VARIANT,
        "{} files name a variant or `{YOUNGEST}`, and {MOST_THAT_NAME_A_VARIANT} may: make the value where the ecosystem's own files are, or \
         add it to a table\n{}",
        naming.len(),
        naming.join("\n")
    );
}

#[test]
fn few_files_name_the_module_of_an_ecosystem() {
    let mut naming = Vec::new();
    for source in sources() {
        let may = |module: &String| module == "model" || module == "resolve";
        let is_own = CONSTANTS.iter().any(|(_, word)| source.modules.iter().any(|module| is_of(module, word)));
        let named: Vec<&str> = modules_named(&source.code).collect();
        if !named.is_empty() && !is_own && !source.modules.first().is_some_and(may) {
            naming.push(format!("{}: {}", source.path.display(), named.join(", ")));
        }
    }
    assert!(
        naming.len() <= MOST_THAT_NAME_A_MODULE,
        "{} files name the module of an ecosystem, and {MOST_THAT_NAME_A_MODULE} may: ask through the room's contract\n{}",
        naming.len(),
        naming.join("\n")
    );
}

#[test]
fn few_files_name_an_ecosystem_in_any_way() {
    let mut naming = Vec::new();
    for source in sources() {
        let is_own = CONSTANTS.iter().any(|(_, word)| source.modules.iter().any(|module| is_of(module, word)));
        let named = named_in_any_way(&source.code);
        if !named.is_empty() && !is_own {
            naming.push(format!("{}: {}", source.path.display(), Vec::from_iter(named).join(", ")));
        }
    }
    assert!(
        naming.len() <= MOST_THAT_NAME_ONE_IN_ANY_WAY,
        "{} files name an ecosystem, and {MOST_THAT_NAME_ONE_IN_ANY_WAY} may: ask through a contract, or name a thing by what it is, as the \
         solver's variables are named by what they decide\n{}",
        naming.len(),
        naming.join("\n")
    );
}

#[test]
fn ecosystems_are_seen_in_whatever_way_they_are_named() {
    let named = |code: &str| Vec::from_iter(named_in_any_way(code)).join(", ");
    assert_eq!(
        named("match x { PathKind::Npm => 1, Self::Creatio => 2, a::Kind::Pypi { .. } => 3 }"),
        "Creatio, Npm, Pypi"
    );
    assert_eq!(named("Kind::NpmPeers Kind::npm() MyNpm::NEW x::Npm::new() Npm { }"), "");
    assert_eq!(named("table.pick(npm::preferred(x), super::pypi::pick(y))"), "npm::, pypi::");
    assert_eq!(named("mod npm; pub use npm::{a, b}; code(larder::npm::bad) PackageName::npm(x)"), "");
    assert_eq!(named("match word { \"npm\" => 1, _ => f(\"pypi\") }"), "\"npm\"");
}

#[test]
fn variants_and_modules_are_seen() {
    for code in ["Ecosystem::Npm", "x(crate::model::Requirement::Path { .. })", "Version::Semver(v)"] {
        assert!(names_a_variant(code), "{code}");
    }
    for code in ["Ecosystem::ALL", "Ecosystem::PRIVATE", "Requirement::npm(a)", "Version::from(v)", "MyVersion::Npm"] {
        assert!(!names_a_variant(code), "{code}");
    }
    let named = |code: &str| modules_named(code).collect::<Vec<_>>().join(" ");
    assert_eq!(named("mod npm;"), "npm");
    assert_eq!(named("pub(super) mod pypi; use a::{b, creatio}; npm::pick()"), "npm pypi creatio");
    assert_eq!(named("use crate::x::npm;"), "npm");
    assert_eq!(named("#[diagnostic(code(larder::npm::bad_metadata))]"), "");
    assert_eq!(named("let npm = 1; f(npm); PackageName::npm(x); PerEcosystem { npm: 1, pypi: None }"), "");
}

#[test]
fn whatever_tells_ecosystems_apart_is_seen() {
    let told = |path: &str, code: &str| Vec::from_iter(told_apart(&Source::of_code(path, code))).join(", ");
    let code = "match x { Ecosystem::Npm => Version::from(y), crate::model::Requirement::Pypi { .. } => Ecosystem::ALL } \
                use crate::model::Ecosystem::{Larder, Path}; PerEcosystem::New; Requirement::npm()";
    assert_eq!(told("ops/x.rs", code), "Ecosystem::Npm, Ecosystem::{, Requirement::Pypi");
    let compared = "if key.ecosystem == Ecosystem::PRIVATE { } if Ecosystem::TOOLS != one { } \
                    matches!(kind, Ecosystem::LOCAL) if let ArtifactKind::OF_RUNTIMES = kind {} id(Ecosystem::CREATIO, name)";
    assert_eq!(
        told("ops/x.rs", compared),
        "ArtifactKind::OF_RUNTIMES, Ecosystem::LOCAL, Ecosystem::PRIVATE, Ecosystem::TOOLS"
    );
    let asked = "if let Some(range) = asked.npm_range() {} version.as_pypi()?; fn as_npm() {}";
    assert_eq!(told("ops/x.rs", asked), "as_pypi(), npm_range()");
    let words =
        "match word { \"npm\" => 1, \"pip\" | \"pypi\" => 2, _ => f(\"larder\") } word != \"creatio\"; \"npm\".parse()";
    assert_eq!(told("ops/x.rs", words), "\"creatio\", \"npm\", \"pypi\"");
    assert_eq!(told("model/x.rs", "pub enum Version { Npm }"), "enum Version");
    // Its own files may say what it is.
    assert_eq!(told("registry/pypi/x.rs", "Ecosystem::Pypi version.as_pypi() Ecosystem::Npm"), "Ecosystem::Npm");
}

/// Returns whether a text has the word, be it a part of another name; `creation` and its like are other words.
fn names(text: &str, word: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices(word).any(|(at, _)| !text[at + word.len()..].starts_with('n'))
}

/// Returns whether code names a variant of what tells ecosystems apart.
fn names_a_variant(code: &str) -> bool {
    ["Ecosystem", "Requirement", "Version"].iter().any(|name| {
        code.match_indices(&format!("{name}::")).any(|(at, path)| {
            let variant = first_name(&code[at + path.len()..]).unwrap_or_default();
            let is_camel = variant.starts_with(|c: char| c.is_ascii_uppercase())
                && variant.chars().any(|c| c.is_ascii_lowercase());
            !is_in_a_word(code, at) && is_camel
        })
    })
}

/// Returns by what code names ecosystems: variants of any enum, paths into modules, and words that something is compared with. A
/// folder's own file may declare the modules in it, and re-export what they have.
fn named_in_any_way(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    for variant in VARIANTS {
        let path = format!("::{variant}");
        let is_named = code.match_indices(&path).any(|(at, _)| {
            let rest = &code[at + path.len()..];
            let of = code[..at].rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
            of.starts_with(|c: char| c.is_ascii_uppercase()) && !goes_on(rest) && !rest.starts_with("::")
        });
        if is_named {
            named.insert((*variant).to_owned());
        }
    }
    for module in MODULES {
        let path = format!("{module}::");
        let declares = code.contains(&format!("mod {module};"));
        let is_named = code.match_indices(&path).any(|(at, _)| {
            let before = &code[..at];
            let statement = before.rsplit([';', '}']).next().unwrap_or_default();
            let is_reexported = declares && statement.contains("use ");
            !is_in_a_word(code, at) && !before.ends_with("larder::") && !is_reexported
        });
        if is_named {
            named.insert(path);
        }
    }
    for word in MODULES {
        let quoted = format!("\"{word}\"");
        if code.match_indices(&quoted).any(|(at, _)| is_question(&code[..at], &code[at + quoted.len()..])) {
            named.insert(quoted);
        }
    }
    named
}

/// Returns the modules of ecosystems that code declares, imports or looks into.
fn modules_named(code: &str) -> impl Iterator<Item = &'static str> {
    let is_named = |word: &&str| {
        code.match_indices(*word).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + word.len()..]);
            let is_whole = !is_in_a_word(code, at) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            // The statement that it stands in, as far as it goes on before the word.
            let statement = before.rsplit([';', '}']).next().unwrap_or_default().trim_start();
            let is_imported = statement.starts_with("use ") || statement.contains(" use ");
            // `larder::npm::bad_metadata` is the code of an error.
            let is_path = after.starts_with("::") && !before.ends_with("larder::");
            is_whole && (is_path || before.ends_with("mod ") || is_imported)
        })
    };
    MODULES.iter().copied().filter(move |word| is_named(word))
}

/// Returns whether a module is one of an ecosystem's own.
fn is_of(module: &str, word: &str) -> bool {
    module == word || module.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'))
}

/// Returns by what code tells ecosystems apart, other than what is its own.
fn told_apart(source: &Source) -> BTreeSet<String> {
    let is_own = |word: &str| source.modules.iter().any(|module| is_of(module, word));
    let mut told = BTreeSet::new();
    for name in ENUMS {
        if source.code.contains(&format!("enum {name} ")) {
            told.insert(format!("enum {name}"));
        }
        for (at, path) in source.code.match_indices(&format!("{name}::")) {
            if is_in_a_word(&source.code, at) {
                continue;
            }
            let (before, rest) = (&source.code[..at], &source.code[at + path.len()..]);
            let variant = if rest.starts_with('{') { "{".to_owned() } else { first_name(rest).unwrap_or_default() };
            let after = &rest[variant.len()..];
            let constant = CONSTANTS.iter().find(|(constant, _)| *constant == variant);
            let is_variant = variant.starts_with(|first: char| first.is_ascii_uppercase() || first == '{')
                && (variant.len() == 1 || variant.chars().any(|c| c.is_ascii_lowercase()));
            let own = constant.map_or_else(|| variant.to_lowercase(), |(_, word)| (*word).to_owned());
            if (is_variant || constant.is_some() && is_question(before, after)) && !is_own(&own) {
                told.insert(format!("{name}::{variant}"));
            }
        }
    }
    for (method, word) in DOWNCASTS {
        let call = format!("{method}()");
        let is_called = source.code.contains(&format!(".{call}")) || source.code.contains(&format!("::{method})"));
        if is_called && !is_own(word) {
            told.insert(call);
        }
    }
    for word in WORDS {
        let quoted = format!("\"{word}\"");
        let is_asked = |(at, _): (usize, &str)| is_question(&source.code[..at], &source.code[at + quoted.len()..]);
        if source.code.match_indices(&quoted).any(is_asked) && !is_own(word) {
            told.insert(quoted);
        }
    }
    told
}

/// Returns whether what stands between two pieces of code is compared with something, a pattern, or a word that stands for an ecosystem.
fn is_question(before: &str, after: &str) -> bool {
    // The path to what is named.
    let before = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ':').trim_end();
    let after = after.trim_start();
    let is_pattern = after.starts_with("=>")
        || after.starts_with('|') && !after.starts_with("||")
        || before.ends_with('|') && !before.ends_with("||");
    let is_matched = before.rfind("matches!(").is_some_and(|at| !before[at..].contains(')'))
        || before.ends_with("if let")
        || before.ends_with("let");
    let is_compared = ["==", "!="].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign));
    is_pattern || is_matched || is_compared || after.starts_with(".parse()")
}
