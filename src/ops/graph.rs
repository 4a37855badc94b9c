//! The packages of an environment as a graph.

use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::diagram::{self, Diagram, DiagramNode, EdgeRole};
use crate::fs;
use crate::lock::Closure;
use crate::model::{Ecosystem, PackageName};

use super::project::{head, host, selection};
use super::{Context, Project, Result, lock};

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphForm {
    /// A JSON document.
    Json,
    /// Graphviz' DOT.
    Dot,
    /// A flowchart of Mermaid.
    Mermaid,
    /// A picture.
    Svg,
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct GraphRequest {
    /// The packages or assets that it is about: with these, what leads to them and what they lead to. Empty: all.
    pub focus: Vec<String>,
    /// The most steps from the manifests or flows, or from the focus.
    pub depth: Option<usize>,
    /// The file that is written, relative to the folder that larder was started in.
    pub file: Option<PathBuf>,
}

/// `larder graph --format json`: see `schema/graph.json`.
#[derive(Debug, Serialize)]
pub struct GraphReport<'a> {
    /// The environment's name.
    pub environment: String,
    /// The project, its members, and packages.
    pub nodes: &'a [DiagramNode],
    /// Who needs what, by the nodes' names.
    pub edges: Vec<GraphEdge>,
}

/// An edge of a graph.
#[derive(Debug, Serialize)]
pub struct GraphEdge {
    /// The dependent.
    pub from: String,
    /// What it needs.
    pub to: String,
    /// How it needs it.
    pub role: EdgeRole,
}

/// The most nodes of a picture: more can neither be looked at nor laid out in good time.
const MOST_DRAWN: usize = 3_000;

/// Returns the graph of the environment on this machine's platform, as text in a form. Writes it if a file is named.
pub fn graph(context: &Context<'_>, form: GraphForm, request: &GraphRequest) -> Result<String> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let closure = Closure::of(&lockfile.graph, &selection(environment, host::platform()));
    let mut diagram = Diagram::of(&closure, &head(&project).0);
    let places = focus(&diagram, &request.focus)?;
    if !places.is_empty() {
        diagram = diagram.around(&places);
    }
    if let Some(depth) = request.depth {
        let places = focus(&diagram, &request.focus)?;
        diagram = diagram.within(depth, &places);
    }
    let text = written(&diagram, form, || document(environment.name.to_string(), &diagram))?;
    request.keep(context, &text)?;
    Ok(text)
}

/// Returns a diagram in a form; `document` makes the one for programs.
pub(super) fn written(diagram: &Diagram, form: GraphForm, document: impl FnOnce() -> String) -> Result<String> {
    if form == GraphForm::Svg && diagram.nodes.len() > MOST_DRAWN {
        return Err(GraphError::TooLarge { nodes: diagram.nodes.len() }.into());
    }
    Ok(match form {
        GraphForm::Json => document(),
        GraphForm::Dot => diagram::dot(diagram),
        GraphForm::Mermaid => diagram::mermaid(diagram),
        GraphForm::Svg => diagram::svg(diagram),
    })
}

impl GraphRequest {
    /// Writes the text of a graph, if a file is named.
    pub(super) fn keep(&self, context: &Context<'_>, text: &str) -> Result<()> {
        if let Some(file) = &self.file {
            fs::write_atomic(&context.folder.join(file), text.as_bytes(), fs::Durability::Lazy)?;
        }
        Ok(())
    }
}

fn document(environment: String, diagram: &Diagram) -> String {
    let edge = |edge: &diagram::DiagramEdge| GraphEdge {
        from: diagram.nodes[edge.from].id.clone(),
        to: diagram.nodes[edge.to].id.clone(),
        role: edge.role,
    };
    let edges = diagram.edges.iter().map(edge).collect();
    // Structs of strings can always be written.
    serde_json::to_string(&GraphReport { environment, edges, nodes: &diagram.nodes }).unwrap_or_default()
}

/// Returns the nodes that are meant: by ecosystem and name, by the name alone, or with the version behind it.
fn focus(diagram: &Diagram, named: &[String]) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for name in named {
        let means = |node: &DiagramNode| {
            let ecosystem = node.class.unwrap_or("path");
            let version = node.version.as_deref().map(|version| format!("@{version}")).unwrap_or_default();
            let name = name.strip_prefix(ecosystem).and_then(|rest| rest.strip_prefix(':')).unwrap_or(name);
            let name = name.strip_suffix(&*version).unwrap_or(name);
            name == node.name || is_same_name(ecosystem, name, &node.name)
        };
        let means = |node: &DiagramNode| node.id == *name || means(node);
        let found: Vec<usize> = (0..diagram.nodes.len()).filter(|place| means(&diagram.nodes[*place])).collect();
        if found.is_empty() {
            let near = nearest(name, diagram.nodes.iter().map(|node| node.name.as_str())).map(str::to_owned);
            return Err(GraphError::Unknown { name: name.clone(), near }.into());
        }
        places.extend(found);
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Returns whether two spellings are one name in an ecosystem.
fn is_same_name(ecosystem: &str, one: &str, other: &str) -> bool {
    let Ok(ecosystem) = ecosystem.parse::<Ecosystem>() else { return false };
    let name = |text| PackageName::parse(ecosystem, text).ok();
    name(one).is_some_and(|one| Some(one) == name(other))
}

/// Why there is no graph.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum GraphError {
    /// A name that no package has.
    #[error("the environment has no package `{name}`")]
    #[diagnostic(
        code(larder::graph::unknown),
        help("{}", near.as_ref().map_or_else(|| "`larder list` shows those that it has".to_owned(), |near| format!("did you mean `{near}`?")))
    )]
    Unknown { name: String, near: Option<String> },
    /// More than can be drawn.
    #[error("a picture of {nodes} nodes cannot be looked at")]
    #[diagnostic(code(larder::graph::too_large), help("show a part of it: --focus NAME, --depth N"))]
    TooLarge { nodes: usize },
}

impl Failure for GraphError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } => Exit::Manifest,
            Self::TooLarge { .. } => Exit::Refused,
        }
    }
}
