//! Diagrams as text, for the tools that draw them: Graphviz and Mermaid.

use std::fmt::Write;

use super::graph::{Diagram, EdgeRole, NodeRole};

/// Writes a diagram in Graphviz' language.
pub fn dot(diagram: &Diagram) -> String {
    let mut text = String::from(
        "digraph packages {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"monospace\", fontsize=10];\n",
    );
    for (place, node) in diagram.nodes.iter().enumerate() {
        let style = match node.role {
            NodeRole::Root => ", style=\"filled,rounded\", fillcolor=\"#e5e7eb\"",
            NodeRole::Direct => ", penwidth=2",
            NodeRole::Indirect => "",
        };
        let label = escaped(&node.label());
        let _ = writeln!(text, "    n{place} [label=\"{label}\", tooltip=\"{}\"{style}];", escaped(&node.id));
    }
    for edge in &diagram.edges {
        let style = match edge.role {
            EdgeRole::Normal => "",
            EdgeRole::Optional => " [style=dashed]",
            EdgeRole::Peer => " [style=dotted]",
        };
        let _ = writeln!(text, "    n{} -> n{}{style};", edge.from, edge.to);
    }
    text + "}\n"
}

/// Writes a diagram as a flowchart of Mermaid.
pub fn mermaid(diagram: &Diagram) -> String {
    let mut text = String::from("flowchart LR\n");
    for (place, node) in diagram.nodes.iter().enumerate() {
        let label = node.label().replace('#', "#35;").replace('"', "#quot;").replace(['<', '>'], "");
        let (open, close) = if node.role == NodeRole::Root { ("([", "])") } else { ("[", "]") };
        let _ = writeln!(text, "    n{place}{open}\"{label}\"{close}");
    }
    for edge in &diagram.edges {
        let arrow = if edge.role == EdgeRole::Normal { "-->" } else { "-.->" };
        let _ = writeln!(text, "    n{} {arrow} n{}", edge.from, edge.to);
    }
    text
}

/// Returns a text as it stands between the quotes of Graphviz' language.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::graph::tests::diagram;

    #[test]
    fn nodes_and_edges_are_written() {
        let diagram = diagram("p>a a>b");
        let dot = dot(&diagram);
        assert!(dot.contains("n1 [label=\"a 1.0.0\", tooltip=\"a\"];\n") && dot.contains("    n1 -> n2;\n"), "{dot}");
        let mermaid = mermaid(&diagram);
        assert!(
            mermaid.starts_with("flowchart LR\n    n0([\"p 1.0.0\"])\n") && mermaid.ends_with("    n1 --> n2\n"),
            "{mermaid}"
        );
        assert_eq!(escaped("a\"\\\n"), "a\\\"\\\\ ");
    }
}
