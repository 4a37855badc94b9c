//! The order of the nodes in a column, so that few edges cross: each moves to the middle of its neighbours, back and forth.

/// Sweeps over all columns: more make no difference that is seen.
const SWEEPS: usize = 12;

/// Orders the nodes of each layer. `layers` has the nodes of each in some order, `edges` lead from one layer to the next.
pub(super) fn order(layers: &mut [Vec<usize>], edges: &[(usize, usize)], count: usize) {
    let (mut before, mut after) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for &(from, to) in edges {
        after[from].push(to);
        before[to].push(from);
    }
    let mut best = (crossings(layers, &after, count), layers.to_vec());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let mut places = places(layers, count);
        let order: Vec<usize> =
            if forward { (1..layers.len()).collect() } else { (0..layers.len().saturating_sub(1)).rev().collect() };
        for layer in order {
            let neighbours = if forward { &before } else { &after };
            let middle = |node: usize| median(&neighbours[node], &places).unwrap_or(number(places[node]));
            let mut keyed: Vec<(f64, usize)> = layers[layer].iter().map(|node| (middle(*node), *node)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            layers[layer] = keyed.into_iter().map(|(_, node)| node).collect();
            for (place, node) in layers[layer].iter().enumerate() {
                places[*node] = place;
            }
        }
        let crossed = crossings(layers, &after, count);
        if crossed < best.0 {
            best = (crossed, layers.to_vec());
        }
    }
    layers.clone_from_slice(&best.1);
}

/// Returns a count as a number that can be divided.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn places(layers: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut places = vec![0; count];
    for layer in layers {
        for (place, node) in layer.iter().enumerate() {
            places[*node] = place;
        }
    }
    places
}

/// Returns the mean of the neighbours' places. `None` if there are none.
fn median(neighbours: &[usize], places: &[usize]) -> Option<f64> {
    let sum: usize = neighbours.iter().map(|node| places[*node]).sum();
    (!neighbours.is_empty()).then(|| number(sum) / number(neighbours.len()))
}

/// Counts the crossings between neighbouring layers, by counting inversions.
fn crossings(layers: &[Vec<usize>], after: &[Vec<usize>], count: usize) -> usize {
    let places = places(layers, count);
    let mut crossed = 0;
    for pair in layers.windows(2) {
        let mut tree = vec![0_usize; pair[1].len() + 1];
        let mut seen = 0;
        for node in &pair[0] {
            let mut ends: Vec<usize> = after[*node].iter().map(|to| places[*to]).collect();
            ends.sort_unstable();
            for end in &ends {
                crossed += seen - sum(&tree, end + 1);
            }
            for end in ends {
                add(&mut tree, end + 1);
                seen += 1;
            }
        }
    }
    crossed
}

/// Returns how many of the first `end` elements of a Fenwick tree are counted.
fn sum(tree: &[usize], mut end: usize) -> usize {
    let mut total = 0;
    while end > 0 {
        total += tree[end];
        end &= end - 1;
    }
    total
}

fn add(tree: &mut [usize], mut place: usize) {
    while place < tree.len() {
        tree[place] += 1;
        place += place & place.wrapping_neg();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossed_edges_are_uncrossed() {
        let mut layers = vec![vec![0, 1, 2], vec![3, 4, 5]];
        let edges = [(0, 5), (1, 4), (2, 3)];
        order(&mut layers, &edges, 6);
        let mut after = vec![Vec::new(); 6];
        for (from, to) in edges {
            after[from].push(to);
        }
        assert_eq!(crossings(&layers, &after, 6), 0);
        assert_eq!(crossings(&[vec![0, 1, 2], vec![3, 4, 5]], &after, 6), 3);
        order(&mut [], &[], 0);
    }
}
