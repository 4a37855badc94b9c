//! The log against a naive one, and against those who forge it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::merkle::perfect_subtrees;
use super::tile::{FULL, HEIGHT, TileId};
use super::*;
use crate::model::LogKey;

/// The root as RFC 6962 defines it.
fn naive(leaves: &[LogHash]) -> LogHash {
    match leaves {
        [] => LogHash::empty_root(),
        [one] => *one,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            LogHash::of_node(naive(&leaves[..middle]), naive(&leaves[middle..]))
        }
    }
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// A log in memory.
#[derive(Clone, Default)]
struct Folder {
    files: BTreeMap<String, Vec<u8>>,
    leaves: Vec<LogHash>,
}

impl Folder {
    fn of_size(size: u64) -> (Self, LogTree) {
        let mut folder = Self::default();
        let tree = folder.grow(LogTree::empty(), size);
        (folder, tree)
    }

    /// Adds entries up to a size.
    fn grow(&mut self, tree: LogTree, size: u64) -> LogTree {
        let mut appender = self.drive(|answers| Appender::new(tree, answers)).unwrap();
        for index in tree.size..size {
            self.leaves.push(LogHash::of_leaf(&entry(index)));
            assert!(appender.push(&entry(index)));
        }
        let (tree, files) = appender.finish();
        self.files.extend(files);
        tree
    }

    /// Answers a reader until it is done.
    fn drive<T>(&self, reader: impl Fn(&Answers) -> Result<T, ReadStop>) -> Result<T, LogFault> {
        self.asked(reader).0
    }

    /// Like `drive`; also returns what was asked for.
    fn asked<T>(&self, reader: impl Fn(&Answers) -> Result<T, ReadStop>) -> (Result<T, LogFault>, BTreeSet<String>) {
        let (mut answers, mut asked) = (Answers::default(), BTreeSet::new());
        loop {
            match reader(&answers) {
                Ok(value) => return (Ok(value), asked),
                Err(ReadStop::Fault(fault)) => return (Err(fault), asked),
                Err(ReadStop::Files(paths)) => {
                    assert!(!paths.is_empty());
                    for path in paths {
                        assert!(asked.insert(path.clone()), "{path} is asked for twice");
                        answers.add(path.clone(), self.files.get(&path).cloned());
                    }
                }
            }
        }
    }
}

/// Sizes with many set bits, and around those of full tiles.
const SIZES: [u64; 11] = [1, 2, 3, 255, 256, 257, 511, 1023, 65_535, 65_536, 66_047];

#[test]
fn paths_are_those_of_the_specification() {
    let path = |level, index, width| TileId { level, index, width }.path();
    assert_eq!(path(0, 1_234_067, FULL), "tile/0/x001/x234/067");
    assert_eq!(path(1, 999, 7), "tile/1/999.p/7");
    assert_eq!(entries_path(1_000, 3), "tile/entries/x001/000.p/3");
}

#[test]
fn hashes_are_those_of_the_specification() {
    // From the test vectors of RFC 6962's authors.
    assert_eq!(LogHash::of_leaf(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    assert_eq!(Folder::of_size(0).1, LogTree::empty());
}

#[test]
fn every_hash_of_a_tile_counts() {
    for size in SIZES {
        let (mut folder, tree) = Folder::of_size(size);
        assert_eq!(tree.root, naive(&folder.leaves), "{size}");
        for level in 0..3 {
            let count = size >> (HEIGHT * level);
            for index in 0..count.div_ceil(FULL) {
                let id = TileId::of_tree(level, index, size);
                let place = (index * 7 + u64::from(level)) % id.width;
                let leaf = (index * FULL + place) << (HEIGHT * level);
                assert_eq!(folder.drive(|answers| tree.leaf(leaf, answers)), Ok(entry(leaf)));
                let flip = |folder: &mut Folder| {
                    folder.files.get_mut(&id.path()).unwrap()[place as usize * LogHash::SIZE] ^= 1;
                };
                flip(&mut folder);
                let read = folder.drive(|answers| tree.leaf(leaf, answers));
                flip(&mut folder);
                assert!(matches!(read, Err(LogFault::Forged { .. })), "{size} {id:?}: {read:?}");
            }
        }
    }
}

#[test]
fn a_leaf_is_the_bytes_that_were_hashed() {
    let (mut folder, tree) = Folder::of_size(300);
    let bundle = folder.files.get_mut("tile/entries/001.p/44").unwrap();
    let last = bundle.len() - 1;
    bundle[last] ^= 1;
    assert_eq!(folder.drive(|answers| tree.leaf(298, answers)), Ok(entry(298)));
    let forged = folder.drive(|answers| tree.leaf(299, answers));
    assert_eq!(forged, Err(LogFault::Forged { path: "tile/entries/001.p/44".to_owned() }));
}

#[test]
fn the_last_leaf_needs_the_right_edge_only() {
    let (folder, tree) = Folder::of_size(66_047);
    let (leaf, asked) = folder.asked(|answers| tree.leaf(66_046, answers));
    assert_eq!(leaf, Ok(entry(66_046)));
    let expected = ["tile/0/257.p/255", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/257.p/255"];
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_full_tile_stands_for_a_partial_one_that_is_gone() {
    let (mut folder, tree) = Folder::of_size(300);
    folder.grow(tree, 512);
    folder.files.retain(|path, _| !path.contains(".p/"));
    // The level above has no full tile, so its partial one stays.
    folder.files.insert("tile/1/000.p/1".to_owned(), folder.leaves.chunks(256).next().map(naive).unwrap().0.to_vec());
    assert_eq!(folder.drive(|answers| tree.leaf(299, answers)), Ok(entry(299)));
    folder.files.remove("tile/0/001");
    let missing = folder.drive(|answers| tree.leaf(299, answers));
    assert_eq!(missing, Err(LogFault::Missing { path: "tile/0/001.p/44".to_owned() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn growing_in_steps_is_growing_at_once(steps in prop::collection::vec(1_u64..400, 1..6)) {
        let mut folder = Folder::default();
        let (mut tree, mut seen) = (LogTree::empty(), Vec::new());
        for step in steps {
            tree = folder.grow(tree, tree.size + step);
            seen.push(tree);
        }
        let (at_once, whole) = Folder::of_size(tree.size);
        prop_assert_eq!(tree, whole);
        prop_assert!(at_once.files.iter().all(|(path, content)| folder.files.get(path) == Some(content)));
        for earlier in seen {
            prop_assert_eq!(folder.drive(|answers| tree.begins_with(earlier, answers)), Ok(()));
            let other = LogTree { root: LogHash::of_file(b"x"), ..earlier };
            let rewritten = Err(LogFault::Rewritten { seen: other, now: tree });
            prop_assert_eq!(folder.drive(|answers| tree.begins_with(other, answers)), rewritten);
        }
    }

    #[test]
    fn every_leaf_and_every_beginning_can_be_proven(size in 1_u64..1200, at in any::<prop::sample::Index>()) {
        let (folder, tree) = Folder::of_size(size);
        let at = at.index(size as usize) as u64;
        prop_assert_eq!(folder.drive(|answers| tree.leaf(at, answers)), Ok(entry(at)));
        let before = LogTree { size: at, root: naive(&folder.leaves[..at as usize]) };
        prop_assert_eq!(folder.drive(|answers| tree.begins_with(before, answers)), Ok(()));
        prop_assert_eq!(perfect_subtrees(size).map(|(level, _)| 1_u64 << level).sum::<u64>(), size);
    }

    #[test]
    fn nothing_that_is_read_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,80}\n{0,2}(\u{2014} \\PC{0,40})?\n?") {
        let key = [LogSigner::from_seed("log", [7; 32]).unwrap().key().clone()];
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(Checkpoint::verify(bytes, &key).is_err());
            let _ = (parse_shard(bytes), StateLeaf::parse(bytes), EntryBundle::new(bytes.to_vec()).entries());
        }
        prop_assert!(text.parse::<LogSigner>().is_err());
    }
}

fn signer(name: &str) -> LogSigner {
    LogSigner::from_seed(name, [7; 32]).unwrap()
}

#[test]
fn keys_and_notes_are_those_of_the_specification() {
    // The example of golang.org/x/mod/sumdb/note.
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let signer: LogSigner = secret.parse().unwrap();
    assert_eq!((signer.key().to_string(), signer.to_secret()), (public.to_owned(), secret.to_owned()));
    let key: LogKey = public.parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let read = note::SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(read.signed_by(std::slice::from_ref(&key)), Some(&key));
    for wrong in [note.replace("answer", "Answer"), note.replace("x08go", "x08gp")] {
        let read = note::SignedNote::parse(wrong.as_bytes()).unwrap();
        assert_eq!(read.signed_by(std::slice::from_ref(&key)), None);
    }
}

#[test]
fn a_checkpoint_counts_if_the_log_signed_it() {
    let (ours, theirs) = (signer("a.example"), LogSigner::from_seed("a.example", [8; 32]).unwrap());
    let tree = LogTree { size: 20, root: LogHash::of_file(b"x") };
    let note = Checkpoint::sign(tree, &ours);
    let keys = [theirs.key().clone(), ours.key().clone()];
    assert_eq!(Checkpoint::verify(note.as_bytes(), &keys).unwrap().tree, tree);
    let unsigned = Checkpoint::verify(note.as_bytes(), &keys[..1]);
    assert!(matches!(unsigned, Err(LogFault::NotSigned { .. })));
    assert!(matches!(
        Checkpoint::verify(note.replace("\n20\n", "\n21\n").as_bytes(), &keys),
        Err(LogFault::NotSigned { .. })
    ));
    for odd in ["\n020\n", "\n+20\n", "\n\n", "\n99999999999999999999\n"] {
        assert_eq!(Checkpoint::verify(note.replace("\n20\n", odd).as_bytes(), &keys), Err(LogFault::NoCheckpoint));
    }
}

/// A registry in memory: a log whose last leaf is a state.
fn registry(names: &[String]) -> (Folder, LogTree) {
    let mut folder = Folder::default();
    let tree = publish(&mut folder, LogTree::empty(), Heads::default(), names, "1");
    (folder, tree)
}

fn publish(folder: &mut Folder, tree: LogTree, mut heads: Heads, names: &[String], content: &str) -> LogTree {
    let mut appender = folder.drive(|answers| Appender::new(tree, answers)).unwrap();
    for name in names {
        if let Some(shard) = heads.unopened(name).cloned() {
            let read = parse_shard(&folder.files[&shard.path()]).unwrap();
            heads.open(&shard, read);
        }
        heads.set(Head::of(name, format!("{name} {content}\n").as_bytes()));
        assert!(appender.push(format!("{name} {content}").as_bytes()));
    }
    let stored = heads.finish();
    folder.files.extend(stored.files);
    let leaf = StateLeaf::new("2026-11-26T12:00:00Z".to_owned(), stored.depth, stored.refs);
    assert!(appender.push(&leaf.to_bytes()));
    let (tree, files) = appender.finish();
    folder.files.extend(files);
    folder.files.insert(CHECKPOINT.to_owned(), Checkpoint::sign(tree, &signer("log")).into_bytes());
    tree
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("package-{index:06}")).collect()
}

#[test]
fn heads_are_found_in_few_files() {
    let keys = [signer("log").key().clone()];
    let names = names(10_000);
    let (folder, _) = registry(&names);
    let (state, asked) = folder.asked(|answers| read_state(&keys, &Witness::default(), answers));
    let state = state.unwrap();
    assert!(asked.len() <= 5 && state.leaf.depth == 0, "{asked:?}");
    for name in [&names[0], &names[4_711], &names[9_999]] {
        let (head, asked) = folder.asked(|answers| find_head(&state.leaf, name, answers));
        assert_eq!((head, asked.len()), (Ok(Some(Head::of(name, format!("{name} 1\n").as_bytes()))), 1));
    }
    for none in ["a", "package-000000x", "z"] {
        assert_eq!(folder.drive(|answers| find_head(&state.leaf, none, answers)), Ok(None));
    }
    let shards = folder.drive(|answers| state.all_shards(answers)).unwrap();
    let all = shards.iter().flat_map(|shard| folder.drive(|answers| state.heads_of(shard, answers)).unwrap());
    assert!(all.map(|head| head.name).eq(names.iter().cloned()));
    assert!(shards.iter().all(|shard| folder.files[&shard.path()].len() <= 50_000));
}

#[test]
fn above_256_shards_there_are_lists_of_shards() {
    let keys = [signer("log").key().clone()];
    let names = names(200_000);
    let mut folder = Folder::default();
    let mut heads = Heads::default();
    for name in &names {
        heads.set(Head::of(name, name.as_bytes()));
    }
    let tree = publish(&mut folder, LogTree::empty(), heads, &[], "1");
    let state = folder.drive(|answers| read_state(&keys, &Witness::default(), answers)).unwrap();
    assert_eq!((state.leaf.depth, state.checkpoint.tree), (1, tree));
    let (head, asked) = folder.asked(|answers| find_head(&state.leaf, &names[123_456], answers));
    assert_eq!((head.unwrap().unwrap().name, asked.len()), (names[123_456].clone(), 2));
    // One more name changes one shard and its list.
    let shards = folder.drive(|answers| state.all_shards(answers)).unwrap();
    assert!(shards.len() > 256);
    let known: BTreeSet<String> = folder.files.keys().cloned().collect();
    publish(&mut folder, tree, Heads::new(shards), &["package-123456a".to_owned()], "1");
    let new = folder.files.keys().filter(|path| path.starts_with("heads/") && !known.contains(*path)).count();
    assert!(new <= 3, "{new}");
}

#[test]
fn a_shard_is_what_the_state_says() {
    let keys = [signer("log").key().clone()];
    let (mut folder, _) = registry(&names(3));
    let state = folder.drive(|answers| read_state(&keys, &Witness::default(), answers)).unwrap();
    let path = state.leaf.heads[0].path();
    let honest = folder.files.insert(path.clone(), b"package-000000 9 9 x\n".to_vec()).unwrap();
    let find = |folder: &Folder| folder.drive(|answers| find_head(&state.leaf, "package-000001", answers));
    assert_eq!(find(&folder), Err(LogFault::Forged { path: path.clone() }));
    folder.files.remove(&path);
    assert_eq!(find(&folder), Err(LogFault::Missing { path: path.clone() }));
    folder.files.insert(path, honest);
    let head = find(&folder).unwrap().unwrap();
    let index = b"package-000001 1\n".to_vec();
    assert_eq!(head.check(index.clone()), Ok(index.clone()));
    assert_eq!(head.check([&index[..], b"later\n"].concat()), Ok(index.clone()));
    assert!(matches!(head.check(index[1..].to_vec()), Err(LogFault::Withheld { .. })));
    assert!(matches!(head.check(b"package-000001 2\n".to_vec()), Err(LogFault::Altered { .. })));
}

#[test]
fn what_was_seen_stays() {
    let keys = [signer("log").key().clone()];
    let (first, one) = registry(&names(3));
    let state = |folder: &Folder, seen: &[LogTree]| {
        folder
            .drive(|answers| read_state(&keys, &Witness::new(seen.iter().copied()), answers))
            .map(|state| state.freshness)
    };
    let shards = first.drive(|answers| read_state(&keys, &Witness::default(), answers)).unwrap().leaf.heads;
    let mut second = first.clone();
    let two = publish(&mut second, one, Heads::new(shards.clone()), &names(300)[3..], "1");
    let mut fork = first.clone();
    let other = publish(&mut fork, one, Heads::new(shards), &names(300)[4..], "1");
    assert_eq!(state(&second, &[one]), Ok(StateFreshness::Newest));
    assert_eq!(state(&second, &[one, two]), Ok(StateFreshness::Newest));
    // The older state is one that was seen.
    assert_eq!(state(&first, &[one, two]), Ok(StateFreshness::Older { newest: two.size }));
    // It was not, but the newer tree is known to begin with it as soon as its tiles are there.
    assert_eq!(state(&first, &[two]).map_err(|fault| fault.is_between_states()), Err(true));
    let mut old = second.clone();
    old.files.insert(CHECKPOINT.to_owned(), first.files[CHECKPOINT].clone());
    assert_eq!(state(&old, &[two]), Ok(StateFreshness::Older { newest: two.size }));
    // Another history is told from this one as soon as it is as long, or tiles of this one are there.
    assert!(matches!(state(&fork, &[one, two]), Err(LogFault::Missing { .. })));
    let mut longer = fork.clone();
    let shards = fork.drive(|answers| read_state(&keys, &Witness::default(), answers)).unwrap().leaf.heads;
    let third = publish(&mut longer, other, Heads::new(shards), &names(9)[7..], "2");
    assert_eq!(state(&longer, &[one, two]), Err(LogFault::Rewritten { seen: two, now: third }));
    for (path, content) in &second.files {
        fork.files.entry(path.clone()).or_insert_with(|| content.clone());
    }
    assert!(matches!(state(&fork, &[one, two]), Err(LogFault::Forged { .. })));
    let (elsewhere, third) = registry(&names(9)[2..]);
    assert_eq!(state(&elsewhere, &[one]), Err(LogFault::Rewritten { seen: one, now: third }));
}
