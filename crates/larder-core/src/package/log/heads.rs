//! The heads of all names: of each the length and the digest of its index file. They lie in shards of some 50 kB, so that a reader
//! of few names needs few of them.
//!
//! ```text
//! heads/<sha256>    orders-client 17 10432 9f86d0…    name, lines, bytes, digest of the index file; sorted by name
//! heads/<sha256>    orders-client 3a7bd3…             a list of shards: the first name and the digest of each
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::merkle::LogHash;

/// The bytes above which a shard is split.
const MAX_SHARD: usize = 50_000;

/// The most entries of a list of shards.
const MAX_REFS: usize = 256;

/// The most lists between a state and a shard.
pub(super) const MAX_DEPTH: u8 = 4;

/// The head of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The package.
    pub name: String,
    /// The number of lines of its index file.
    pub lines: u64,
    /// The number of bytes of its index file.
    pub bytes: u64,
    /// The digest of its index file.
    pub digest: LogHash,
}

impl Head {
    /// Returns the head of an index file.
    pub fn of(name: &str, index: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', index).count() as u64;
        Self { name: name.to_owned(), lines, bytes: index.len() as u64, digest: LogHash::of_file(index) }
    }

    fn line(&self) -> String {
        format!("{} {} {} {}\n", self.name, self.lines, self.bytes, self.digest)
    }
}

/// A shard, or a list of shards, by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRef {
    /// The first name in it.
    pub from: String,
    /// The digest of the file, which is its name.
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    pub sha256: LogHash,
}

impl ShardRef {
    /// Returns the path of the file.
    pub fn path(&self) -> String {
        format!("heads/{}", self.sha256)
    }

    /// Returns the one of these that a name lies in, if it lies in any.
    pub(super) fn find<'r>(refs: &'r [Self], name: &str) -> Option<&'r Self> {
        refs[..refs.partition_point(|one| one.from.as_str() <= name)].last()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn write_hash<S: Serializer>(hash: &LogHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}

fn read_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LogHash, D::Error> {
    let text = String::deserialize(deserializer)?;
    LogHash::from_hex(&text).ok_or_else(|| de::Error::custom("it is no SHA-256 digest"))
}

/// Reads a shard of heads.
pub fn parse_shard(bytes: &[u8]) -> Result<Vec<Head>, String> {
    let heads = lines(bytes)?.map(|line| {
        let mut words = line.split(' ');
        let mut next = || words.next().filter(|word| !word.is_empty());
        let head = Head {
            name: next()?.to_owned(),
            lines: next()?.parse().ok()?,
            bytes: next()?.parse().ok()?,
            digest: LogHash::from_hex(next()?)?,
        };
        words.next().is_none().then_some(head)
    });
    let heads: Vec<Head> = heads.collect::<Option<_>>().ok_or("a line is no head")?;
    if heads.is_sorted_by(|one, next| one.name < next.name) { Ok(heads) } else { Err("it is not sorted".to_owned()) }
}

/// Reads a list of shards.
pub(super) fn parse_list(bytes: &[u8]) -> Result<Vec<ShardRef>, String> {
    let refs = lines(bytes)?.map(|line| {
        let (from, sha256) = line.split_once(' ')?;
        Some(ShardRef { from: from.to_owned(), sha256: LogHash::from_hex(sha256)? })
    });
    let refs: Vec<ShardRef> = refs.collect::<Option<_>>().ok_or("a line names no shard")?;
    if refs.is_sorted_by(|one, next| one.from < next.from) { Ok(refs) } else { Err("it is not sorted".to_owned()) }
}

fn lines(bytes: &[u8]) -> Result<std::str::Split<'_, char>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text")?;
    Ok(text.strip_suffix('\n').ok_or("its last line does not end")?.split('\n'))
}

/// Heads as they are stored.
#[derive(Clone, Debug, Default)]
pub struct StoredHeads {
    /// How many lists lie above the shards.
    pub depth: u8,
    /// What a state names: shards, or lists of them.
    pub refs: Vec<ShardRef>,
    /// The files that are new, by their paths.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The heads of all names while some of them change. Only the shards that change are read.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    shards: Vec<Shard>,
}

#[derive(Clone, Debug)]
enum Shard {
    /// As it is.
    Stored(ShardRef),
    /// Read, and changed.
    Open(Vec<Head>),
}

impl Shard {
    fn from(&self) -> &str {
        match self {
            Self::Stored(stored) => &stored.from,
            Self::Open(heads) => heads.first().map_or("", |head| &head.name),
        }
    }
}

impl Heads {
    /// Begins with all shards of a state.
    pub fn new(shards: Vec<ShardRef>) -> Self {
        Self { shards: shards.into_iter().map(Shard::Stored).collect() }
    }

    /// Returns the shard that has to be opened before the head of a name is set.
    pub fn unopened(&self, name: &str) -> Option<&ShardRef> {
        match self.shards.get(self.place(name))? {
            Shard::Stored(stored) => Some(stored),
            Shard::Open(_) => None,
        }
    }

    /// Opens a shard.
    pub fn open(&mut self, shard: &ShardRef, heads: Vec<Head>) {
        let is_it = |one: &&mut Shard| matches!(one, Shard::Stored(stored) if stored == shard);
        if let Some(one) = self.shards.iter_mut().find(is_it) {
            *one = Shard::Open(heads);
        }
    }

    /// Returns the head of a name, whose shard is open.
    pub fn get(&self, name: &str) -> Option<&Head> {
        match self.shards.get(self.place(name))? {
            Shard::Stored(_) => None,
            Shard::Open(heads) => heads.iter().find(|head| head.name == name),
        }
    }

    /// Sets the head of a name, whose shard is open.
    pub fn set(&mut self, head: Head) {
        let place = self.place(&head.name);
        if self.shards.is_empty() {
            self.shards.push(Shard::Open(Vec::new()));
        }
        if let Shard::Open(heads) = &mut self.shards[place] {
            match heads.binary_search_by(|known| known.name.cmp(&head.name)) {
                Ok(at) => heads[at] = head,
                Err(at) => heads.insert(at, head),
            }
        }
    }

    /// Returns the heads as they are to be stored.
    pub fn finish(self) -> StoredHeads {
        let mut stored = StoredHeads::default();
        for shard in self.shards {
            match shard {
                Shard::Stored(shard) => stored.refs.push(shard),
                Shard::Open(heads) => {
                    let lines: Vec<_> = heads.iter().map(|head| (head.name.as_str(), head.line())).collect();
                    for part in split(&lines) {
                        let text: String = part.iter().map(|(_, line)| line.as_str()).collect();
                        let added = stored.add(part[0].0, text);
                        stored.refs.push(added);
                    }
                }
            }
        }
        while stored.refs.len() > MAX_REFS {
            let below = std::mem::take(&mut stored.refs);
            for part in below.chunks(MAX_REFS) {
                let mut text = String::new();
                for one in part {
                    text.extend([one.from.as_str(), " ", &one.sha256.to_string(), "\n"]);
                }
                let added = stored.add(&part[0].from, text);
                stored.refs.push(added);
            }
            stored.depth += 1;
        }
        stored
    }

    /// Returns the place of the shard that a name belongs to.
    fn place(&self, name: &str) -> usize {
        self.shards.partition_point(|shard| shard.from() <= name).saturating_sub(1)
    }
}

impl StoredHeads {
    /// Adds a file.
    fn add(&mut self, from: &str, text: String) -> ShardRef {
        let added = ShardRef { from: from.to_owned(), sha256: LogHash::of_file(text.as_bytes()) };
        self.files.push((added.path(), text.into_bytes()));
        added
    }
}

/// Splits the lines of heads, each with its name, into parts of the size of a shard.
fn split<'l, 'n>(lines: &'l [(&'n str, String)]) -> Vec<&'l [(&'n str, String)]> {
    let size = lines.iter().map(|(_, line)| line.len()).sum::<usize>();
    if size <= MAX_SHARD || lines.len() < 2 {
        return if lines.is_empty() { Vec::new() } else { vec![lines] };
    }
    let (left, right) = lines.split_at(lines.len() / 2);
    [split(left), split(right)].concat()
}
