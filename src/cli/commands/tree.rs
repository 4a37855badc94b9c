//! `larder tree`

use crate::cli::args::TreeArgs;
use crate::ops::tree::DependencyNode;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &TreeArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let tree = ops::tree::tree(context, arguments.depth)?;
    output.json(&tree);
    let mut lines = vec![tree.environment.clone()];
    draw(&tree.dependencies, "", &mut lines);
    for line in &lines {
        output.data_line(line);
    }
    DONE
}

fn draw(nodes: &[DependencyNode], indent: &str, lines: &mut Vec<String>) {
    for (place, node) in nodes.iter().enumerate() {
        let last = place + 1 == nodes.len();
        let (branch, below) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let again = if node.repeated { " (*)" } else { "" };
        let alias = node.alias.as_ref().map(|alias| format!(" as {alias}")).unwrap_or_default();
        lines.push(format!("{indent}{branch}{}:{} {}{alias}{again}", node.ecosystem, node.name, node.version));
        draw(&node.dependencies, &format!("{indent}{below}"), lines);
    }
}
