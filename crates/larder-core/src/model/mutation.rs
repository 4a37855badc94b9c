//! Mutations of valid texts, to test parsers with what hurried people write and attackers send.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The number of mutations of each text: `LARDER_MUTATIONS=100000 cargo test mutated` builds tests that try more.
const ROUNDS: Option<&str> = option_env!("LARDER_MUTATIONS");

/// Pieces that parsers stumble over.
const WORDS: [&str; 58] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    ",",
    ";",
    ":",
    "=",
    "==",
    ">=",
    "~=",
    "^",
    "~",
    "||",
    "&&",
    "*",
    "x",
    "-",
    "+",
    ".",
    "..",
    "/",
    "//",
    "/*",
    "-/",
    "#",
    "%",
    "@",
    "!",
    "1!",
    "é",
    "\u{1F4A3}",
    "\u{202E}",
    "\u{FEFF}",
    "0",
    "-1",
    "18446744073709551616",
    "1e999",
    "2147483648",
    "null",
    " and ",
    " or ",
    " not in ",
    "99999999999999999999999999999999999999.1",
];

/// Hands mutations of each text to a parser, the same in each run.
pub fn of(texts: &[&str], mut parse: impl FnMut(&str)) {
    of_bytes(&texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), |bytes| {
        parse(&String::from_utf8_lossy(bytes));
    });
}

/// Hands mutations of bytes to a parser, the same in each run.
///
/// # Panics
/// When the parser does.
pub fn of_bytes(seeds: &[&[u8]], parse: impl FnMut(&[u8])) {
    rounds(300, seeds, parse);
}

/// Hands fewer mutations to a slow parser.
pub fn few_of(texts: &[&str], mut parse: impl FnMut(&str)) {
    let seeds: Vec<_> = texts.iter().map(|text| text.as_bytes()).collect();
    rounds(40, &seeds, |bytes| parse(&String::from_utf8_lossy(bytes)));
}

fn rounds(usual: usize, seeds: &[&[u8]], mut parse: impl FnMut(&[u8])) {
    let rounds = ROUNDS.map_or(usual, |text| text.parse().expect("a number"));
    for (at, seed) in seeds.iter().enumerate() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (at as u64) << 32 ^ seed.len() as u64);
        parse(seed);
        for _ in 0..rounds {
            let mut bytes = seed.to_vec();
            for _ in 0..=random.below(4) {
                mutate(&mut bytes, seed, &mut random);
            }
            let started = std::time::Instant::now();
            let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
            let parsed = catch_unwind(AssertUnwindSafe(|| parse(&bytes)));
            assert!(parsed.is_ok(), "panics at {:?}", shown());
            // Checked only in long runs: on a busy machine, anything can be slow at times.
            assert!(ROUNDS.is_none() || started.elapsed().as_secs() < 5, "takes long: {:?}", shown());
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, seed: &[u8], random: &mut Random) {
    const LONGEST: usize = 1 << 17;

    let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
    let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
    match random.below(11) {
        0 if from < bytes.len() => bytes[from] = random.next() as u8,
        1 if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
        2 => drop(bytes.drain(from..to)),
        3 => {
            let piece = bytes[from..to].repeat(1 + random.below(60));
            bytes.splice(from..from, piece);
        }
        4 => bytes.truncate(from),
        5 => {
            // A piece from elsewhere.
            let (start, length) = (random.below(seed.len() + 1), random.below(40));
            bytes.splice(from..to, seed[start..(start + length).min(seed.len())].iter().copied());
        }
        6 => {
            let deep = WORDS[random.below(WORDS.len())].repeat(1 << random.below(14));
            bytes.splice(from..from, deep.into_bytes());
        }
        7 | 8 => move_a_line(bytes, random),
        _ => drop(bytes.splice(from..to.min(from + random.below(3)), WORDS[random.below(WORDS.len())].bytes())),
    }
    bytes.truncate(LONGEST);
}

/// Moves, doubles or removes a line.
fn move_a_line(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let at = random.below(lines.len());
    let what = random.below(3);
    let line = if what == 0 { lines[at].clone() } else { lines.remove(at) };
    if what < 2 {
        lines.insert(random.below(lines.len() + 1), line);
    }
    *bytes = lines.concat();
}

/// A pseudo-random generator that returns the same numbers in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{
        Digest, Ecosystem, Label, Marker, NpmRange, PackageName, Platform, PypiSpecifier, PythonVersion, Requirement,
        SemverRange, Version,
    };

    #[test]
    fn mutated_names_versions_and_digests_are_values_or_errors() {
        let names = ["react", "@scope/name", "zope.interface", "ruamel_yaml", "orders-schema"];
        super::of(&names, |text| {
            for ecosystem in Ecosystem::ALL {
                if let Ok(name) = PackageName::parse(ecosystem, text) {
                    assert_eq!(PackageName::parse(ecosystem, name.as_str()).as_ref(), Ok(&name), "{text:?}");
                }
            }
            let _ = text.parse::<Label>();
        });
        super::of(&["1.2.3", "1.0.0-rc.1+build.5", "1!2.0rc1.post2.dev3+cu.12", "2024.10.1"], |text| {
            for ecosystem in Ecosystem::ALL {
                let Ok(version) = Version::parse(ecosystem, text) else { continue };
                let written = version.to_string();
                let again = Version::parse(ecosystem, &written);
                assert!(again.is_ok_and(|again| again == version), "{text:?} is written as {written:?}");
            }
        });
        super::of(
            &["sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="],
            |text| {
                let _ = Digest::from_sri(text);
            },
        );
        super::of(&["linux-x64", "macos-arm64", "windows-x64"], |text| drop(text.parse::<Platform>()));
    }

    #[test]
    fn mutated_ranges_and_specifiers_are_values_or_errors() {
        let versions: Vec<Version> =
            ["1.2.3", "2.0.0-rc.1"].iter().map(|text| Version::parse(Ecosystem::Npm, text).unwrap()).collect();
        let ranges = ["^1.2.3 || >=2.0.0-rc.1 <3", "~1.2.x - 2", "1.2.3 - 2.3", "*", "latest", ">= 1 < 2 || 4.x"];
        super::of(&ranges, |text| {
            if let Ok(range) = text.parse::<NpmRange>() {
                assert_eq!(range.to_string().parse::<NpmRange>().map(|again| again.to_string()), Ok(range.to_string()));
                for version in &versions {
                    if let Version::Npm(version) = version {
                        range.matches(version);
                    }
                }
            }
            let _ = text.parse::<SemverRange>();
        });
        super::of(&[">=1.2,<2,!=1.5.*", "~=1.4.2", "==1.0+local", "===weird", ">=2!1.0a1"], |text| {
            if let Ok(specifier) = text.parse::<PypiSpecifier>() {
                for version in ["1.4.5", "2!1.0", "1.0+local"] {
                    specifier.admits(&version.parse().unwrap());
                }
            }
            let _ = text.parse::<PythonVersion>();
        });
    }

    #[test]
    fn mutated_markers_and_requirements_are_values_or_errors() {
        let markers = [
            "python_version >= '3.8' and (sys_platform == 'linux' or platform_machine in 'x86_64 arm64')",
            "extra == 'test' and implementation_name != 'pypy' and python_full_version < '3.13.0rc1'",
        ];
        let python: PythonVersion = "3.12".parse().unwrap();
        super::of(&markers, |text| {
            let Ok(marker) = text.parse::<Marker>() else { return };
            let written = marker.to_string();
            let again = written.parse::<Marker>();
            assert!(again.is_ok_and(|again| again == marker), "{text:?} is written as {written:?}");
            for platform in Platform::ALL {
                marker.holds(platform, &python, &[]);
            }
            marker.is_disjoint(&markers[0].parse().unwrap());
        });
        let requirements =
            ["fastapi[standard,all] (>=0.115,<1) ; python_version < '3.9'", "pip @ https://x.example/p.whl"];
        super::of(&requirements, |text| drop(Requirement::from_pep508(text)));
    }
}
