//! The blocks of an archive: POSIX ustar, with a pax header only where a path needs one. Every file has exactly one form.

/// The bytes of a block.
pub const BLOCK: usize = 512;
/// The blocks at the end.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// The most bytes of a path's end, and of what precedes it.
const NAME: usize = 100;
const PREFIX: usize = 155;
/// The name of a pax header, which no file has.
const PAX: &str = "././@PaxHeader";

/// Returns the headers of a file: one block; or three where its path does not fit into one.
pub fn headers(path: &str, executable: bool, size: u64) -> Vec<u8> {
    if let Some((prefix, name)) = split(path) {
        return header(prefix, name, b'0', executable, size).to_vec();
    }
    let record = pax_record(path);
    let mut blocks = header("", PAX, b'x', false, record.len() as u64).to_vec();
    blocks.extend_from_slice(record.as_bytes());
    pad(&mut blocks);
    let end = (0..=NAME).rev().find(|end| path.is_char_boundary(*end)).unwrap_or(0);
    blocks.extend_from_slice(&header("", &path[..end], b'0', executable, size));
    blocks
}

/// Fills the last block with zeros.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
}

/// What a header says, of those that [`headers`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The path; of a pax header, its fixed name.
    pub(super) path: String,
    /// `0` or `x`
    pub(super) kind: u8,
    pub(super) executable: bool,
    pub(super) size: u64,
}

impl Header {
    /// Reads a block. Returns `None` for one that no header of [`headers`] could be.
    pub(super) fn read(block: &[u8; BLOCK]) -> Option<Self> {
        let text = |from: usize, length: usize| {
            let field = &block[from..from + length];
            std::str::from_utf8(&field[..field.iter().position(|byte| *byte == 0).unwrap_or(length)]).ok()
        };
        let (name, prefix) = (text(0, NAME)?, text(345, PREFIX)?);
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let number = |from: usize, length: usize| u64::from_str_radix(text(from, length)?, 8).ok();
        let executable = number(100, 8)? == 0o755;
        Some(Self { path, kind: block[156], executable, size: number(124, 12)? })
    }

    /// Returns whether it is a pax header.
    pub(super) fn is_pax(&self) -> bool {
        self.kind == b'x'
    }
}

/// Splits the content of a pax header off its padding: the path that it states.
pub(super) fn pax_path(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let path = text.split_once(" path=")?.1.strip_suffix('\n')?;
    (pax_record(path) == text).then_some(path)
}

/// Splits a path that is too long for a name: at its first `/` behind which no more than a name is left.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME {
        return Some(("", path));
    }
    let mut slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    let at = slashes.find(|at| path.len() - at - 1 <= NAME)?;
    let (prefix, name) = (&path[..at], &path[at + 1..]);
    (prefix.len() <= PREFIX && !name.is_empty()).then_some((prefix, name))
}

/// Returns `LENGTH path=PATH\n`, where the length covers all of it.
fn pax_record(path: &str) -> String {
    let rest = " path=".len() + path.len() + 1;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} path={path}\n")
}

fn header(prefix: &str, name: &str, kind: u8, executable: bool, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, if executable { b"0000755" } else { b"0000644" });
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000");
    put(337, b"0000000");
    put(345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}
