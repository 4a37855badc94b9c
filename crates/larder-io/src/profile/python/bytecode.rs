//! Byte-code: what Python makes of a module as it is first imported, made ahead, once per wheel and interpreter.
//!
//! It is compiled and never run, and it is kept in the store as a tree of its own, found by the wheel's tree and the
//! interpreter's format. It names its source by the source's hash and asks Python not to look again (PEP 552,
//! "unchecked"): the source lies beside it read-only, and `verify` checks both. Unchecked byte-code of anybody else is damage.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Digest, EntryPath, TreeDigest};
use crate::store::{Store, Tree, TreeEntry};

use super::super::ProfileError;
use super::Interpreter;

/// The byte-code of wheels, by the digests of the wheels' trees.
pub type Bytecode = BTreeMap<TreeDigest, Arc<Tree>>;

/// Returns the byte-code of these wheels; compiles what the store does not have. A module that this Python cannot read
/// has none: Python says so where it is imported.
pub fn compile(store: &Store, interpreter: &Interpreter, wheels: &[Arc<Tree>]) -> Result<Bytecode, ProfileError> {
    let _span = tracing::info_span!("compile", wheels = wheels.len()).entered();
    let mut found = Bytecode::new();
    let mut missing: Vec<&Arc<Tree>> = Vec::new();
    for wheel in wheels {
        match store.tree(&name(interpreter, wheel))? {
            Some(tree) => drop(found.insert(wheel.digest, Arc::new(tree))),
            None => missing.push(wheel),
        }
    }
    // The largest first, so that no thread is left alone with it at the end.
    missing
        .sort_by_key(|wheel| std::cmp::Reverse(modules(interpreter, wheel).map(|(entry, _)| entry.size).sum::<u64>()));
    let next = AtomicUsize::new(0);
    let done: Mutex<Result<Bytecode, ProfileError>> = Mutex::new(Ok(found));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(missing.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut compiler = Compiler { interpreter, running: None };
                while let Some(wheel) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tree = compiler.compile(store, wheel);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    match (tree, done.as_mut()) {
                        (Ok(tree), Ok(found)) => drop(found.insert(wheel.digest, Arc::new(tree))),
                        (Err(error), Ok(_)) => *done = Err(error),
                        (_, Err(_)) => return,
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the digests under which the store keeps the byte-code of these wheels, for a lease.
pub fn names(interpreter: &Interpreter, wheels: &[Arc<Tree>]) -> Vec<Digest> {
    wheels.iter().map(|wheel| name(interpreter, wheel)).collect()
}

/// Returns the digest under which the store keeps a wheel's byte-code.
fn name(interpreter: &Interpreter, wheel: &Tree) -> Digest {
    let text = format!("larder byte-code 1\0{}\0{}\0{}", interpreter.cache_tag, interpreter.magic, wheel.digest);
    Digest::sha256_of(text)
}

/// Returns a wheel's modules with the paths of their byte-code, where the wheel does not bring that itself.
fn modules<'a>(interpreter: &'a Interpreter, wheel: &'a Tree) -> impl Iterator<Item = (&'a TreeEntry, String)> {
    wheel.entries.iter().filter_map(|entry| {
        let (folder, file) = entry.path.rsplit_once('/').map_or(("", &*entry.path), |(folder, file)| (folder, file));
        let module = file.strip_suffix(".py").filter(|_| !entry.path.contains('\n'))?;
        if in_no_package(folder) {
            return None;
        }
        let slash = if folder.is_empty() { "" } else { "/" };
        let path = format!("{folder}{slash}__pycache__/{module}.{}.pyc", interpreter.cache_tag);
        wheel.entry(&path).is_none().then_some((entry, path))
    })
}

/// Returns the module that a byte-code file is of, by their places.
pub(super) fn source(bytecode: &str) -> Option<String> {
    let (folder, file) = bytecode.rsplit_once("__pycache__/")?;
    let module = file.split('.').next()?;
    Some(format!("{folder}{module}.py"))
}

/// Returns whether a folder of a wheel comes to lie outside `site-packages`.
fn in_no_package(folder: &str) -> bool {
    let mut parts = folder.split('/');
    parts.next().is_some_and(|first| first.strip_suffix(".data").is_some())
        && !matches!(parts.next(), Some("purelib" | "platlib"))
}

/// A Python that compiles, started when it is needed first.
struct Compiler<'a> {
    interpreter: &'a Interpreter,
    running: Option<CompilerProcess>,
}

struct CompilerProcess {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Compiler<'_> {
    fn compile(&mut self, store: &Store, wheel: &Tree) -> Result<Tree, ProfileError> {
        let name = name(self.interpreter, wheel);
        let mut staging = store.stage(Some(&name), |_| {})?;
        if let Some(tree) = store.tree(&name)? {
            return Ok(tree);
        }
        for (entry, path) in modules(self.interpreter, wheel) {
            let Ok(path) = EntryPath::parse(&path) else { continue };
            let source = wheel.folder.join(&*entry.path);
            let Some(source) = source.to_str().filter(|source| !source.contains('\n')) else { continue };
            let Some(code) = self.ask(source, &entry.path) else { continue };
            staging.write(&path, false, &code)?;
        }
        Ok(staging.commit(&name)?)
    }

    /// Compiles one file. A Python that ends over it, or answers something else, is replaced by a new one.
    fn ask(&mut self, source: &str, name: &str) -> Option<Vec<u8>> {
        if self.running.is_none() {
            self.running = CompilerProcess::start(self.interpreter);
        }
        let answer = self.running.as_mut()?.ask(source, name);
        if answer.is_none() {
            self.running = None;
        }
        answer.filter(|code| !code.is_empty())
    }
}

impl CompilerProcess {
    fn start(interpreter: &Interpreter) -> Option<Self> {
        let mut child = Command::new(&interpreter.path)
            .args(["-I", "-S", "-B", "-W", "ignore", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (questions, answers) = (child.stdin.take()?, child.stdout.take()?);
        Some(Self { child, questions, answers: BufReader::new(answers) })
    }

    /// Returns byte-code; empty where there is none.
    fn ask(&mut self, source: &str, name: &str) -> Option<Vec<u8>> {
        self.questions.write_all(format!("{source}\0{name}\n").as_bytes()).ok()?;
        let mut line = String::new();
        self.answers.by_ref().take(32).read_line(&mut line).ok()?;
        let length: u64 = line.trim_end().parse().ok()?;
        let mut code = Vec::new();
        self.answers.by_ref().take(length).read_to_end(&mut code).ok()?;
        (code.len() as u64 == length).then_some(code)
    }
}

impl Drop for CompilerProcess {
    fn drop(&mut self) {
        // It may hang over a file: nothing of it is wanted any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers each line, `SOURCE\0NAME`, with a length and so many bytes. Python puts the file's own path in the place of
/// the name as it loads it. The format is that of PEP 552: magic number, flags (1: by hash, unchecked), hash of the
/// source, code.
const SCRIPT: &str = r#"
import marshal, sys
from importlib.util import MAGIC_NUMBER, source_hash
answers = sys.stdout.buffer
for line in iter(sys.stdin.buffer.readline, b""):
    path, _, name = line[:-1].partition(b"\0")
    try:
        with open(path, "rb") as file:
            source = file.read()
        code = compile(source, name.decode(), "exec", dont_inherit=True, optimize=0)
        made = MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source) + marshal.dumps(code)
    except Exception:
        made = b""
    answers.write(b"%d\n" % len(made))
    answers.write(made)
    answers.flush()
"#;
