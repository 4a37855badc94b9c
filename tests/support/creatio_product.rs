//! Packages in the shape of a whole product of the platform: how many there are, and how they depend on each other.

use std::collections::BTreeSet;

use super::Random;
use super::creatio::{CreatioPackage, application};

/// How many packages there are.
pub(crate) const PACKAGES: usize = 324;
/// How many dependencies they state, all together.
pub(crate) const EDGES: usize = 844;
/// The most dependencies of one package.
pub(crate) const FAN_OUT: usize = 74;
/// How many packages follow each other on the longest way.
pub(crate) const DEPTH: usize = 20;
/// How many packages nobody depends on.
pub(crate) const ROOTS: usize = 12;

/// The most dependencies of any other package.
const MOST_OF_OTHERS: usize = 24;

/// A product: packages, made up by a seed.
pub(crate) struct Product {
    /// The packages. Each depends only on those before it.
    pub(crate) packages: Vec<CreatioPackage>,
    /// Which depends on which, by their places.
    pub(crate) edges: BTreeSet<(usize, usize)>,
}

impl Product {
    /// Makes a product up.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let edges = edges(&mut random);
        let mut packages: Vec<CreatioPackage> = (0..PACKAGES).map(|place| package(place, &mut random)).collect();
        for (from, to) in &edges {
            let (name, version) = (packages[*to].name.clone(), packages[*to].version.clone().unwrap_or_default());
            // What packages state is advisory, and often nothing, or not what is there.
            let stated = if random.below(5) == 0 { "7.8.0".to_owned() } else { version };
            let needing = packages[*from].clone().needs(&name, &stated);
            packages[*from] = needing;
        }
        Self { packages, edges }
    }

    /// Returns the names of the packages that nobody depends on.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &str> {
        let is_root = |place: &usize| self.edges.iter().all(|(_, to)| to != place);
        (0..PACKAGES).filter(is_root).map(|place| self.packages[place].name.as_str())
    }

    /// Returns how many packages follow each other on the longest way.
    pub(crate) fn depth(&self) -> usize {
        let mut depths = vec![1; PACKAGES];
        for (from, to) in &self.edges {
            // Edges are sorted by where they begin, and lead back: where one leads, all is known.
            depths[*from] = depths[*from].max(depths[*to] + 1);
        }
        depths.into_iter().max().unwrap_or_default()
    }

    /// Returns the files of a folder that has the packages: most have one of their own, some are in applications.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let (alone, joined) = self.packages.split_at(PACKAGES * 3 / 4);
        let own = alone.iter().map(|package| (format!("{}.gz", package.name), package.gz()));
        let applications = joined.chunks(9).enumerate().map(|(place, packages)| {
            (format!("application-{place}.zip"), application(&packages.iter().collect::<Vec<_>>()))
        });
        own.chain(applications).collect()
    }
}

/// Returns a package: names with dots, versions that are not there, byte order marks, and both separators occur.
fn package(place: usize, random: &mut Random) -> CreatioPackage {
    let name = match random.below(6) {
        0 => format!("Crt.Area{}.Part{place}", place % 7),
        1 => format!("ABS{place}.BASE"),
        2 => format!("usr_{place}"),
        _ => format!("CrtProduct{place}"),
    };
    let version = match random.below(12) {
        0 => "",
        1 => "1.5.21",
        2 => "8.1.3.2240",
        3 => "1.0.0-rc",
        _ => "7.8.0",
    };
    let mut package = CreatioPackage::new(&name, version);
    for file in 0..random.below(5) {
        let path = ["Schemas/S/Properties/en-US.xml", "Data/D/data.json", "Files/cs/a.cs", "Resources/R/resource.xml"];
        package =
            package.file(&path[file].replace("/a", &format!("/a{place}")), &format!("content {place} {file}\r\n"));
    }
    if random.below(3) == 0 { package.packed_on_unix() } else { package }
}

/// Returns which package depends on which. Each leads back to one before it.
fn edges(random: &mut Random) -> BTreeSet<(usize, usize)> {
    // A package depends only on those of lower levels: no way is longer than there are levels. The first ones are such a way, but for
    // the root at its end.
    let (first_root, last_level) = (PACKAGES - ROOTS, DEPTH - 1);
    let levels: Vec<usize> = (0..PACKAGES)
        .map(|place| match place {
            place if place < last_level => place,
            place if place < first_root => random.below(last_level),
            _ => last_level,
        })
        .collect();
    let may = |from: usize, to: usize| to < from && levels[to] < levels[from];
    let count = |edges: &BTreeSet<(usize, usize)>, from: usize| edges.range((from, 0)..(from + 1, 0)).count();
    let mut edges: BTreeSet<(usize, usize)> = (1..last_level).map(|place| (place, place - 1)).collect();
    let most = first_root;
    while count(&edges, most) < FAN_OUT {
        edges.insert((most, random.below(first_root)));
    }
    let takes = |edges: &BTreeSet<(usize, usize)>, from: usize, to: usize| {
        from != most && may(from, to) && count(edges, from) < MOST_OF_OTHERS
    };
    // Somebody depends on everything but the roots.
    for to in 0..first_root {
        if !edges.iter().any(|edge| edge.1 == to) {
            let users: Vec<usize> = (to + 1..PACKAGES).filter(|from| takes(&edges, *from, to)).collect();
            edges.insert((users[random.below(users.len())], to));
        }
    }
    while edges.len() < EDGES {
        let (from, to) = (random.below(PACKAGES), random.below(PACKAGES));
        if takes(&edges, from, to) {
            edges.insert((from, to));
        }
    }
    edges
}
