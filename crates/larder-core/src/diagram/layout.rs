//! Where the nodes and the edges of a picture are: packages in columns, each to the right of all that need it, and edges that pass a
//! column between its nodes (Sugiyama's method).

use std::collections::BTreeMap;

use super::graph::Diagram;
use super::order::{self, number};

/// The place of everything, in points.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The boxes of the nodes, by their places in the diagram.
    pub(super) boxes: Vec<NodeBox>,
    /// The points that each edge passes, by its place in the diagram: from the right side of a box to the left side of another.
    pub(super) paths: Vec<Vec<(f64, f64)>>,
}

/// The box of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeBox {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
}

/// The height of a box.
pub(super) const BOX_HEIGHT: f64 = 22.0;
/// The width of a character of the label.
pub(super) const CHARACTER: f64 = 7.25;
/// The space around the picture.
const MARGIN: f64 = 24.0;
/// The space between a label and the sides of its box.
pub(super) const PADDING: f64 = 8.0;
/// The distance of two boxes in a column, from middle to middle.
const NODE_STEP: f64 = 32.0;
/// The distance of two edges that pass a column.
const EDGE_STEP: f64 = 12.0;
/// The least space between two columns.
const COLUMN_GAP: f64 = 70.0;
/// How often positions are evened out.
const ROUNDS: usize = 10;

/// Lays out a diagram.
pub(super) fn layout(diagram: &Diagram) -> Layout {
    let count = diagram.nodes.len();
    let edges: Vec<(usize, usize)> = diagram.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let forward = without_cycles(count, &edges);
    let layer_of = layers(count, &forward);
    // An edge over several columns is a chain with a place of its own in each of them.
    let (mut layer, mut chains, mut steps) = (layer_of, Vec::with_capacity(edges.len()), Vec::new());
    for &(from, to) in &forward {
        let mut chain = vec![from];
        for between in layer[from] + 1..layer[to] {
            chain.push(layer.len());
            layer.push(between);
        }
        chain.push(to);
        steps.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
        chains.push(chain);
    }
    let depth = layer.iter().copied().max().map_or(0, |last| last + 1);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); depth];
    layer.iter().enumerate().for_each(|(node, layer)| columns[*layer].push(node));
    order::order(&mut columns, &steps, layer.len());
    let heights = heights(&columns, &steps, layer.len(), count);
    let label_width = |node: usize| number(diagram.nodes[node].label().chars().count()) * CHARACTER + 2.0 * PADDING;
    let (mut left, mut column_at) = (MARGIN, Vec::with_capacity(depth));
    for (place, column) in columns.iter().enumerate() {
        let width = column.iter().filter(|node| **node < count).map(|node| label_width(*node)).fold(0.0, f64::max);
        column_at.push((left, width));
        // Many edges between two columns need room to be told apart.
        let between = steps.iter().filter(|(from, _)| layer[*from] == place).count();
        left += width + COLUMN_GAP + number(between).min(120.0);
    }
    let lowest = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = heights.iter().copied().fold(0.0, f64::max);
    let top = |node: usize| heights[node] - lowest + MARGIN;
    let boxes: Vec<NodeBox> = (0..count)
        .map(|node| NodeBox { left: column_at[layer[node]].0, top: top(node), width: label_width(node) })
        .collect();
    let middle = |node: usize| top(node) + BOX_HEIGHT / 2.0;
    let paths = chains.iter().zip(&edges).map(|(chain, (from, _))| {
        let mut points = Vec::new();
        for &node in chain {
            let (left, width) = column_at[layer[node]];
            let own = if node < count { label_width(node) } else { width };
            let is_first = points.is_empty();
            if !is_first {
                points.push((left, middle(node)));
            }
            if node >= count || is_first {
                points.push((left + own, middle(node)));
            }
            if node < count && own < width && is_first {
                points.push((left + width, middle(node)));
            }
        }
        // An edge against the direction was turned to be laid out.
        if chain.first() != Some(from) {
            points.reverse();
        }
        points
    });
    let paths = paths.collect();
    let last = column_at.last().map_or(MARGIN, |(left, width)| left + width);
    let height = if count == 0 { 2.0 * MARGIN } else { highest - lowest + BOX_HEIGHT + 2.0 * MARGIN };
    Layout { width: last + MARGIN, height, boxes, paths }
}

/// Returns the edges with those turned around that close a cycle.
fn without_cycles(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        Open,
        Done,
    }
    let mut next: Vec<Vec<(usize, usize)>> = vec![Vec::new(); count];
    edges.iter().enumerate().for_each(|(place, (from, to))| next[*from].push((*to, place)));
    let mut visits = vec![Visit::New; count];
    let mut turned = vec![false; edges.len()];
    for start in 0..count {
        if visits[start] != Visit::New {
            continue;
        }
        visits[start] = Visit::Open;
        let mut open: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((node, at)) = open.pop() {
            let Some(&(to, place)) = next[node].get(at) else {
                visits[node] = Visit::Done;
                continue;
            };
            open.push((node, at + 1));
            match visits[to] {
                Visit::New => {
                    visits[to] = Visit::Open;
                    open.push((to, 0));
                }
                Visit::Open => turned[place] = true,
                Visit::Done => {}
            }
        }
    }
    edges.iter().zip(turned).map(|(&(from, to), turned)| if turned { (to, from) } else { (from, to) }).collect()
}

/// Returns the layer of each node: one more than the last of those that need it. What nobody needs is moved next to what it needs.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut next, mut waits) = (vec![Vec::new(); count], vec![0_usize; count]);
    for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
        next[from].push(to);
        waits[to] += 1;
    }
    let mut layers = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| waits[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &next[node] {
            layers[to] = layers[to].max(layers[node] + 1);
            waits[to] -= 1;
            if waits[to] == 0 {
                ready.push(to);
            }
        }
    }
    layers
}

/// Returns the height of each node and of each place where an edge passes a column: near the middle of its neighbours, with the
/// distances kept.
fn heights(columns: &[Vec<usize>], steps: &[(usize, usize)], all: usize, count: usize) -> Vec<f64> {
    let mut neighbours: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(from, to) in steps {
        neighbours.entry(from).or_default().push(to);
        neighbours.entry(to).or_default().push(from);
    }
    let step = |above: usize, below: usize| {
        let half = |node: usize| if node < count { NODE_STEP / 2.0 } else { EDGE_STEP / 2.0 };
        half(above) + half(below)
    };
    let mut heights = vec![0.0; all];
    for column in columns {
        let mut at = 0.0;
        for (place, node) in column.iter().enumerate() {
            at += if place == 0 { 0.0 } else { step(column[place - 1], *node) };
            heights[*node] = at;
        }
        // Begin with all columns around one line.
        for node in column {
            heights[*node] -= at / 2.0;
        }
    }
    for round in 0..ROUNDS {
        let forward: Vec<&Vec<usize>> =
            if round % 2 == 0 { columns.iter().collect() } else { columns.iter().rev().collect() };
        for column in forward {
            let wanted: Vec<f64> = column
                .iter()
                .map(|node| match neighbours.get(node) {
                    Some(others) => others.iter().map(|other| heights[*other]).sum::<f64>() / number(others.len()),
                    None => heights[*node],
                })
                .collect();
            let steps: Vec<f64> = column.windows(2).map(|pair| step(pair[0], pair[1])).collect();
            for (node, height) in column.iter().zip(spread(&wanted, &steps)) {
                heights[*node] = height;
            }
        }
    }
    heights
}

/// Returns the heights nearest to the wanted ones that keep the order and the distances: those that are too near share the middle of
/// what they want.
fn spread(wanted: &[f64], steps: &[f64]) -> Vec<f64> {
    // With the distances taken off, heights have to rise.
    let offsets: Vec<f64> = [0.0]
        .into_iter()
        .chain(steps.iter().scan(0.0, |sum, step| {
            *sum += step;
            Some(*sum)
        }))
        .collect();
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (height, offset) in wanted.iter().zip(&offsets) {
        blocks.push((height - offset, 1));
        while let [.., (above, many), (below, few)] = blocks[..] {
            if above <= below {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push(((above * number(many) + below * number(few)) / number(many + few), many + few));
        }
    }
    let risen = blocks.into_iter().flat_map(|(height, many)| std::iter::repeat_n(height, many));
    risen.zip(offsets).map(|(height, offset)| height + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::graph::tests::diagram;

    /// A few hundred nodes, of which each needs some that come later.
    fn large() -> Diagram {
        let edges = (0..300_usize).flat_map(|node| {
            let to = |factor: usize| (node * factor + 7 * factor) % 300;
            [2, 3, 5].map(|factor| (node, to(factor))).into_iter().filter(|(from, to)| from < to)
        });
        let texts: Vec<String> = edges.map(|(from, to)| format!("n{from}>n{to}")).collect();
        diagram(&texts.join(" "))
    }

    #[test]
    fn no_boxes_overlap_and_no_edge_crosses_a_label() {
        for diagram in [diagram("p>a a>b b>c c>a p>d d>c p>c"), large()] {
            let Layout { boxes, paths, width, height } = layout(&diagram);
            for (place, one) in boxes.iter().enumerate() {
                assert!(
                    one.left >= 0.0
                        && one.left + one.width <= width
                        && one.top >= 0.0
                        && one.top + BOX_HEIGHT <= height
                );
                for other in &boxes[place + 1..] {
                    let apart = one.left + one.width < other.left
                        || other.left + other.width < one.left
                        || (one.top - other.top).abs() >= BOX_HEIGHT;
                    assert!(apart, "{one:?} {other:?}");
                }
            }
            for (edge, path) in diagram.edges.iter().zip(&paths) {
                assert!(path.len() >= 2, "{edge:?}");
                for one in boxes
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| *place != edge.from && *place != edge.to)
                    .map(|(_, one)| one)
                {
                    let inside = |(x, y): &(f64, f64)| {
                        *x > one.left && *x < one.left + one.width && *y > one.top && *y < one.top + BOX_HEIGHT
                    };
                    assert!(!path.iter().any(inside), "{edge:?} passes {one:?}");
                }
            }
        }
        assert!(layout(&Diagram::default()).boxes.is_empty());
    }

    #[test]
    fn what_is_needed_stands_to_the_right() {
        let diagram = diagram("p>a a>b p>b b>p");
        let boxes = layout(&diagram).boxes;
        assert!(boxes[0].left < boxes[1].left && boxes[1].left < boxes[2].left);
    }

    #[test]
    fn heights_keep_their_distance() {
        assert_eq!(format!("{:?}", spread(&[0.0, 0.0, 9.0], &[2.0, 2.0])), "[-1.0, 1.0, 9.0]");
        assert!(spread(&[], &[]).is_empty());
    }
}
