//! Diagrams as pictures.

use std::fmt::Write;

use super::graph::{Diagram, EdgeRole, NodeRole};
use super::layout::{BOX_HEIGHT, Layout, NodeBox, PADDING, layout};

/// Colours that are told apart on white, and by those who see red and green alike. `l` is a line, `n` a node.
const STYLE: &str = "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#111827}\
    .l{fill:none;stroke:#9ca3af;stroke-width:1}.optional{stroke-dasharray:5 3}.peer{stroke-dasharray:1 3}\
    rect{stroke-width:1;rx:4}.manifest rect{fill:#e5e7eb;stroke:#374151}.npm rect{fill:#fff7ed;stroke:#ea580c}\
    .pypi rect{fill:#eff6ff;stroke:#2563eb}.larder rect{fill:#f5f3ff;stroke:#7c3aed}.path rect{fill:#f0fdf4;stroke:#16a34a}\
    .schema rect{fill:#eff6ff;stroke:#2563eb}.adapter rect{fill:#fff7ed;stroke:#ea580c}.mapping rect{fill:#f5f3ff;stroke:#7c3aed}\
    .direct rect{stroke-width:2.5}.direct text{font-weight:bold}";

/// Draws a diagram: who needs something stands to the left of it. What a manifest names is bold; optional edges are dashed, those to
/// peers dotted.
pub fn svg(diagram: &Diagram) -> String {
    let Layout { width, height, boxes, paths } = layout(diagram);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} \
         {height:.0}\">\n<style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\" stroke=\"none\"/>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#6b7280\"/></marker></defs>\n"
    );
    for (edge, path) in diagram.edges.iter().zip(&paths) {
        let role = match edge.role {
            EdgeRole::Normal => "",
            EdgeRole::Optional => " optional",
            EdgeRole::Peer => " peer",
        };
        let ends = format!("{} needs {}", diagram.nodes[edge.from].id, diagram.nodes[edge.to].id);
        let _ = writeln!(
            text,
            "<path class=\"l{role}\" marker-end=\"url(#arrow)\" d=\"{}\"><title>{}</title></path>",
            curve(path),
            escaped(&ends)
        );
    }
    for (node, NodeBox { left, top, width }) in diagram.nodes.iter().zip(boxes) {
        let class = match node.role {
            NodeRole::Root => "manifest".to_owned(),
            NodeRole::Direct => format!("{} direct", node.class.unwrap_or_default()),
            NodeRole::Indirect => node.class.unwrap_or_default().to_owned(),
        };
        let (x, y) = (left + PADDING, top + BOX_HEIGHT / 2.0 + 4.0);
        let _ = writeln!(
            text,
            "<g class=\"{class}\"><title>{}</title><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{BOX_HEIGHT}\"/><text x=\"{x:.1}\" y=\"{y:.1}\">{}</text></g>",
            escaped(&node.id),
            escaped(&node.label())
        );
    }
    text + "</svg>\n"
}

/// Returns a path through points: straight along a column, and bent between columns.
fn curve(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in points {
        let _ = match last {
            None => write!(text, "M{x:.1} {y:.1}"),
            Some((_, before)) if (before - y).abs() < 0.05 => write!(text, "H{x:.1}"),
            Some((from, before)) => {
                let middle = f64::midpoint(from, x);
                write!(text, "C{middle:.1} {before:.1} {middle:.1} {y:.1} {x:.1} {y:.1}")
            }
        };
        last = Some((x, y));
    }
    text
}

fn escaped(text: &str) -> String {
    let plain = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    plain.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::graph::tests::diagram;

    #[test]
    fn every_node_and_edge_is_drawn() {
        let picture = svg(&diagram("p>a a>b p>b b>p"));
        assert_eq!(picture.matches("<rect x=").count(), 3);
        assert_eq!(picture.matches("class=\"l").count(), 4);
        assert!(picture.contains(">a 1.0.0</text>") && picture.contains("<title>a needs b</title>"), "{picture}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        assert_eq!(escaped("<a & \"b\">\n"), "&lt;a &amp; &quot;b&quot;&gt; ");
        assert_eq!(curve(&[(0.0, 0.0), (10.0, 0.0), (20.0, 8.0)]), "M0.0 0.0H10.0C15.0 0.0 15.0 8.0 20.0 8.0");
    }
}
