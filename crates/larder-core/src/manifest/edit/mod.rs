//! Edits of single lines that leave every other byte of the manifest unchanged.
//!
//! The text is parsed only to find the spans, and then spliced. It is never printed from the parsed form.

mod assets;
mod catalogs;
mod document;
mod flow_state;
mod quote;
mod requests;
mod splice;

use miette::{Diagnostic, SourceSpan};

use crate::diagnostic::{Exit, Failure, nearest};
use crate::model::{Ecosystem, Label};

use super::node::value_span;
use super::{DependencyLine, Manifest, ManifestErrors, syntax};
use document::{ManifestText, TextNode};
use splice::Splice;

pub use assets::remove_asset;
pub use catalogs::without_catalogs;
pub use flow_state::set_flow_state;
pub use quote::quoted;
pub use requests::without_package_nodes;

/// Returns the text with the nodes at these spans commented out.
pub fn commented_out(text: &str, nodes: impl Iterator<Item = SourceSpan>) -> String {
    let mut places: Vec<usize> = nodes.map(|node| node.offset()).collect();
    places.sort_unstable();
    let mut commented = text.to_owned();
    for place in places.into_iter().rev().filter(|place| text.is_char_boundary(*place)) {
        commented.insert_str(place, "/-");
    }
    commented
}

/// A block of dependency lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// `dependencies`
    Dependencies,
    /// `group NAME`. Blocks of the same name are one group. A new group `dev` is written with `dev=#true`.
    Group(Label),
}

impl Section {
    /// Returns the group; `None` for `dependencies`.
    pub fn group(&self) -> Option<&Label> {
        match self {
            Self::Dependencies => None,
            Self::Group(name) => Some(name),
        }
    }
}

/// Returns the dependency lines of a manifest, each with its block.
pub fn lines(manifest: &Manifest) -> impl Iterator<Item = (Section, &DependencyLine)> {
    let grouped = manifest
        .groups
        .iter()
        .flat_map(|group| group.dependencies.iter().map(|line| (Section::Group(group.name.value.clone()), line)));
    manifest.dependencies.iter().map(|line| (Section::Dependencies, line)).chain(grouped)
}

impl std::fmt::Display for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dependencies => f.write_str("`dependencies`"),
            Self::Group(name) => write!(f, "group `{name}`"),
        }
    }
}

/// A dependency line to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine<'a> {
    /// The node's name.
    pub ecosystem: Ecosystem,
    /// The name with its extras, the alias, or for `path` the folder.
    pub name: &'a str,
    /// The range. `None` for any version.
    pub range: Option<&'a str>,
    /// The properties to set. An existing line keeps its others.
    pub properties: Vec<(&'a str, PropertyValue<'a>)>,
}

/// A property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyValue<'a> {
    /// `"…"`
    Text(&'a str),
    /// `#true` or `#false`
    Flag(bool),
    /// `7`
    Number(u32),
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum EditError {
    /// The manifest has syntax errors.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] ManifestErrors),
    /// There is no such line.
    #[error("{section} has no {ecosystem} dependency `{name}`")]
    #[diagnostic(code(larder::manifest::not_there))]
    NotThere {
        section: Section,
        ecosystem: Ecosystem,
        name: String,
        #[help]
        help: Option<String>,
    },
    /// The manifest is written in a way that the edit cannot keep.
    #[error("the manifest is written in a way that cannot be edited in place")]
    #[diagnostic(
        code(larder::manifest::cannot_edit),
        help("edit it by hand: a line of {section} for {ecosystem} `{name}`")
    )]
    CannotEdit { section: Section, ecosystem: Ecosystem, name: String },
    /// The same, for a line that is no dependency.
    #[error("the manifest is written in a way that cannot be edited in place")]
    #[diagnostic(code(larder::manifest::cannot_edit), help("add this by hand: `{line}`"))]
    CannotAdd { line: String },
}

impl Failure for EditError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Writes a dependency: changes its line if the section has one, else adds a line after the last one of its ecosystem.
/// Creates a missing section.
pub fn add(file: &str, text: &str, section: &Section, line: &NewLine<'_>) -> Result<String, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let splices = match existing(&document, section, line) {
        Some(found) => replaced(&document, &found, line),
        None => splice::inserted(&document, section, line).into_iter().collect(),
    };
    let edited = splice::apply(text, splices);
    let holds = |edited: &str| {
        let parsed = syntax::parse(edited).ok()?;
        let document = ManifestText::new(edited, &parsed);
        let found = existing(&document, section, line)?;
        (found.range() == line.range).then_some(())
    };
    if holds(&edited).is_some() { Ok(edited) } else { Err(cannot_edit(section, line.ecosystem, line.name)) }
}

/// Where a line that is no dependency stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// At the top of the manifest.
    Top,
    /// In the block of this name, without arguments: `resolution`.
    Named(&'static str),
    /// In the block of this name and argument: `catalog "next"`.
    Argued(&'static str, String),
}

impl Block {
    /// Returns how the block begins.
    fn head(&self) -> Option<String> {
        match self {
            Self::Top => None,
            Self::Named(name) => Some((*name).to_owned()),
            Self::Argued(name, argument) => Some(format!("{name} {}", quoted(argument))),
        }
    }
}

/// Returns the text of the node in a block that begins with these words: its name and its first arguments, and those of its own
/// first line.
pub fn find_line(file: &str, text: &str, block: &Block, key: &[String]) -> Result<Option<String>, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let mut blocks = document.blocks_named(block);
    let found = blocks.find_map(|mut nodes| nodes.find(|node| node.words().get(..key.len()) == Some(key)));
    Ok(found.and_then(|node| text.get(node.start()..node.end())).map(str::to_owned))
}

/// Adds a line to a block, after the last one of its node's name; makes a block that is missing. The line must be a whole node.
pub fn add_line(file: &str, text: &str, block: &Block, line: &str) -> Result<String, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let splices = splice::added(&document, block, line).into_iter().collect();
    let edited = splice::apply(text, splices);
    let grown = |edited: &str| {
        let parsed = syntax::parse(edited).ok()?;
        let count = |document: &ManifestText<'_>| document.nodes_of(block).count();
        (count(&ManifestText::new(edited, &parsed)) == count(&document) + 1).then_some(())
    };
    match grown(&edited) {
        Some(()) => Ok(edited),
        None => Err(EditError::CannotAdd { line: line.to_owned() }),
    }
}

/// Returns the manifest with another version of its `package` and its `project`, where they state one. Returns `None` if neither
/// does.
pub fn set_version(file: &str, text: &str, version: &str) -> Result<Option<String>, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let nodes = document.top_level().filter(|node| matches!(node.node_name(), "package" | "project"));
    let splices: Vec<Splice> = nodes
        .filter_map(|node| node.property("version"))
        .map(|entry| Splice::over(value_span(document.blanked, entry), quoted(version)))
        .collect();
    Ok((!splices.is_empty()).then(|| splice::apply(text, splices)))
}

/// Removes a dependency's line with the comment at its end. Comments above it stay.
pub fn remove(
    file: &str,
    text: &str,
    section: &Section,
    ecosystem: Ecosystem,
    name: &str,
) -> Result<String, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let lines: Vec<TextNode<'_>> = document.lines(section).filter(|line| line.is_for(ecosystem, name)).collect();
    if lines.is_empty() {
        let help = elsewhere(&document, ecosystem, name).or_else(|| near(&document, section, ecosystem, name));
        return Err(EditError::NotThere { section: section.clone(), ecosystem, name: name.to_owned(), help });
    }
    let edited = splice::apply(text, lines.iter().map(|line| splice::removed(&document, line)).collect());
    match syntax::parse(&edited) {
        Ok(_) => Ok(edited),
        Err(_) => Err(cannot_edit(section, ecosystem, name)),
    }
}

fn parsed(file: &str, text: &str) -> Result<syntax::ParsedText, EditError> {
    let errors = match syntax::parse(text) {
        Ok(parsed) if parsed.repaired.is_empty() => return Ok(parsed),
        Ok(parsed) => parsed.repaired,
        Err(errors) => errors,
    };
    let all = ManifestErrors { file: file.into(), source_code: miette::NamedSource::new(file, text.into()), errors };
    Err(EditError::Manifest(all))
}

fn cannot_edit(section: &Section, ecosystem: Ecosystem, name: &str) -> EditError {
    EditError::CannotEdit { section: section.clone(), ecosystem, name: name.to_owned() }
}

/// Returns the line that a new one replaces. If there are several, prefers the one with the same `when=`.
fn existing<'a>(document: &ManifestText<'a>, section: &Section, new: &NewLine<'_>) -> Option<TextNode<'a>> {
    let mut lines: Vec<TextNode<'a>> =
        document.lines(section).filter(|line| line.is_for(new.ecosystem, new.name)).collect();
    let when = new.properties.iter().find_map(|(key, value)| match value {
        PropertyValue::Text(text) if *key == "when" => Some(*text),
        _ => None,
    });
    let same = lines.iter().position(|line| line.when() == when).unwrap_or(0);
    (!lines.is_empty()).then(|| lines.swap_remove(same))
}

/// Returns the changes that give an existing line the new one's range, extras and properties.
fn replaced(document: &ManifestText<'_>, line: &TextNode<'_>, new: &NewLine<'_>) -> Vec<Splice> {
    let text = document.blanked;
    let end = |entry: &kdl::KdlEntry| {
        let span = value_span(text, entry);
        span.offset() + span.len()
    };
    let mut splices = Vec::new();
    let mut appended = String::new();
    let Some(name) = line.argument(0) else { return splices };
    if name.value().as_string() != Some(new.name) && new.name.contains('[') {
        splices.push(Splice::over(value_span(text, name), quoted(new.name)));
    }
    match (line.argument(1), new.range) {
        (Some(range), Some(text)) if range.value().as_string() == Some(text) => {}
        (Some(range), Some(new)) => splices.push(Splice::over(value_span(text, range), quoted(new))),
        (Some(range), None) => {
            let start = range.span().offset();
            let spaces = text[..start].len() - text[..start].trim_end_matches([' ', '\t']).len();
            splices.push(Splice { start: start - spaces, end: end(range), text: String::new() });
        }
        (None, Some(new)) => splices.push(Splice::at(end(name), format!(" {}", quoted(new)))),
        (None, None) => {}
    }
    for (key, value) in &new.properties {
        let value = written(*value);
        if let Some(entry) = line.property(key) {
            splices.push(Splice::over(value_span(text, entry), value));
        } else {
            appended.push(' ');
            appended.push_str(key);
            appended.push('=');
            appended.push_str(&value);
        }
    }
    if let Some(last) = line.entries().last().filter(|_| !appended.is_empty()) {
        splices.push(Splice::at(end(last), appended));
    }
    splices
}

/// Returns the text of a whole new line.
fn composed(line: &NewLine<'_>) -> String {
    let mut text = format!("{} {}", line.ecosystem, quoted(line.name));
    if let Some(range) = line.range {
        text.push(' ');
        text.push_str(&quoted(range));
    }
    for (key, value) in &line.properties {
        text.push(' ');
        text.push_str(key);
        text.push('=');
        text.push_str(&written(*value));
    }
    text
}

fn written(value: PropertyValue<'_>) -> String {
    match value {
        PropertyValue::Text(text) => quoted(text),
        PropertyValue::Flag(flag) => format!("#{flag}"),
        PropertyValue::Number(number) => number.to_string(),
    }
}

/// Returns a help text that names the section which has the dependency.
fn elsewhere(document: &ManifestText<'_>, ecosystem: Ecosystem, name: &str) -> Option<String> {
    let section =
        document.sections().find(|section| document.lines(section).any(|line| line.is_for(ecosystem, name)))?;
    Some(format!("it is in {section}"))
}

/// Returns a help text that suggests a similar name in the section.
fn near(document: &ManifestText<'_>, section: &Section, ecosystem: Ecosystem, name: &str) -> Option<String> {
    let lines = document.lines(section).filter(|line| line.node_name() == ecosystem.as_str());
    let names: Vec<String> = lines.filter_map(|line| line.name().map(str::to_owned)).collect();
    nearest(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests;
