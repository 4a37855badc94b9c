//! Sizes for people.

/// Writes a size to three digits: `812 B`, `4.7 kB`, `172 MB`.
pub fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut tenth) = (bytes, 0);
    for next in ["kB", "MB", "GB", "TB"] {
        if whole < 1000 {
            break;
        }
        (whole, tenth, unit) = (whole / 1000, whole % 1000 / 100, next);
    }
    if whole < 100 && unit != "B" { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [0, 999, 1000, 4_790, 172_000_000, 99_949_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "4.7 kB", "172 MB", "99.9 GB"]);
    }
}
