//! Where the files of a tool are: a URL with `{version}` and `{platform}` in it, what stands for each platform, and which programs the
//! files have.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::archive::version::ToolVersion;
use super::entry_path::EntryPath;
use super::file_url::{FileUrl, SourceError};
use super::platform::Platform;

/// The name of the file that a download without folders becomes: a program as it is, or a compressed one.
pub const PROGRAM: &str = "program";

const VERSION: &str = "{version}";
const PLATFORM: &str = "{platform}";

/// `url="https://…/{version}/…-{platform}.tar.gz" { platform "linux-x64" as="x86_64-unknown-linux-musl"; bin "rg"; }`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchiveSource {
    url: Arc<str>,
    version: ToolVersion,
    /// What stands for `{platform}`, by platform. Without any, each platform's own name does.
    words: BTreeMap<Platform, Arc<str>>,
    /// The programs, each with its path in the archive where it is stated.
    programs: BTreeMap<Arc<str>, Option<EntryPath>>,
}

impl ArchiveSource {
    /// Checks that the URL is one for every platform.
    pub fn new(
        url: &str,
        version: ToolVersion,
        words: BTreeMap<Platform, Arc<str>>,
        programs: BTreeMap<Arc<str>, Option<EntryPath>>,
    ) -> Result<Self, SourceError> {
        let rest = url.replace(VERSION, "").replace(PLATFORM, "");
        if rest.contains(['{', '}']) {
            return Err(SourceError::Placeholder);
        }
        if !words.is_empty() && !url.contains(PLATFORM) {
            return Err(SourceError::NoPlatform);
        }
        let source = Self { url: url.trim().into(), version, words, programs };
        for platform in Platform::ALL.into_iter().filter(|platform| source.serves(*platform)) {
            source.expanded(platform)?;
        }
        Ok(source)
    }

    /// Returns whether there is a file for a platform.
    pub fn serves(&self, platform: Platform) -> bool {
        self.words.is_empty() || self.words.contains_key(&platform)
    }

    /// Returns whether one file serves all platforms.
    pub fn is_same_everywhere(&self) -> bool {
        !self.url.contains(PLATFORM)
    }

    /// Returns the file for a platform. Returns `None` if there is none.
    pub fn file(&self, platform: Platform) -> Option<FileUrl> {
        if self.serves(platform) { self.expanded(platform).ok() } else { None }
    }

    /// Returns the URL as it is written.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the version.
    pub fn version(&self) -> &ToolVersion {
        &self.version
    }

    /// Returns what stands for `{platform}`, as lockfiles have it: `linux-x64=x86_64-unknown-linux-musl`.
    pub fn word_texts(&self) -> Vec<String> {
        self.words.iter().map(|(platform, word)| format!("{platform}={word}")).collect()
    }

    /// Returns the programs, as lockfiles have them: `rg`, or `rg=bin/rg` where the path is stated.
    pub fn program_texts(&self) -> Vec<String> {
        let text = |(name, path): (&Arc<str>, &Option<EntryPath>)| match path {
            None => name.to_string(),
            Some(path) => format!("{name}={}", path.as_str()),
        };
        self.programs.iter().map(text).collect()
    }

    /// Reads what [`Self::word_texts`] and [`Self::program_texts`] write.
    pub fn from_texts(url: &str, version: ToolVersion, words: &[&str], programs: &[&str]) -> Result<Self, SourceError> {
        let word = |text: &&str| {
            let (platform, word) = text.split_once('=')?;
            Some((platform.parse().ok()?, Arc::from(word)))
        };
        let program = |text: &&str| match text.split_once('=') {
            None => Some((program_name(text)?, None)),
            Some((name, path)) => Some((program_name(name)?, Some(EntryPath::parse(path).ok()?))),
        };
        let words = words.iter().map(word).collect::<Option<_>>().ok_or(SourceError::Placeholder)?;
        let programs = programs.iter().map(program).collect::<Option<_>>().ok_or(SourceError::NoProgram)?;
        Self::new(url, version, words, programs)
    }

    /// Finds the programs among the files of an archive: at the stated path, else the file that is called like it, else the one
    /// file of a download without folders.
    ///
    /// # Errors
    /// The name of a program that is not there, or is there several times.
    pub fn find_programs<'f>(
        &self,
        files: &(impl Iterator<Item = &'f str> + Clone),
    ) -> Result<BTreeMap<Arc<str>, Arc<str>>, MissingProgram> {
        let mut found = BTreeMap::new();
        for (name, stated) in &self.programs {
            let is_called = |file: &&str| {
                let own = file.rsplit('/').next().unwrap_or(file);
                own == &**name || own.strip_suffix(".exe") == Some(name)
            };
            let candidates: Vec<&str> = match stated {
                Some(path) => files.clone().filter(|file| *file == path.as_str()).collect(),
                None => files.clone().filter(is_called).collect(),
            };
            let mut all = files.clone();
            let file = match (&candidates[..], all.next(), all.next()) {
                (&[file], ..) => file,
                (&[], Some(PROGRAM), None) if stated.is_none() => PROGRAM,
                _ => {
                    let found = candidates.into_iter().map(str::to_owned).collect();
                    return Err(MissingProgram { name: name.to_string(), found });
                }
            };
            found.insert(Arc::clone(name), file.into());
        }
        Ok(found)
    }

    /// Returns whether it brings programs.
    pub fn has_programs(&self) -> bool {
        !self.programs.is_empty()
    }

    fn expanded(&self, platform: Platform) -> Result<FileUrl, SourceError> {
        let word = self.words.get(&platform).map_or(platform.as_str(), |word| word);
        let url: FileUrl = self.url.replace(VERSION, self.version.as_str()).replace(PLATFORM, word).parse()?;
        if url.file_name().is_empty() { Err(SourceError::NoUrl) } else { Ok(url) }
    }
}

/// Returns the name of a program, if it can be one: a file's name that does not begin with a dot.
pub fn program_name(text: &str) -> Option<Arc<str>> {
    let path = EntryPath::parse(text).ok()?;
    let is_name = path.as_str() == text && !text.contains(['/', '=']) && !text.starts_with('.');
    (is_name && path.check_portable().is_ok()).then(|| text.into())
}

/// A program that an archive does not have, or has several times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub struct MissingProgram {
    name: String,
    found: Vec<String>,
}

impl MissingProgram {
    fn reason(&self) -> String {
        let Self { name, found } = self;
        if found.is_empty() {
            format!("it has no program `{name}`: state its path, `bin \"{name}\" \"PATH\"`")
        } else {
            format!(
                "it has several files called `{name}`, {}: state which, `bin \"{name}\" \"PATH\"`",
                found.join(", ")
            )
        }
    }
}

impl fmt::Display for ArchiveSource {
    /// Writes the URL with the version in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url.replace(VERSION, self.version.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> ToolVersion {
        ToolVersion::parse("14.1.1").unwrap()
    }

    fn source(url: &str, words: &[&str], programs: &[&str]) -> Result<ArchiveSource, SourceError> {
        ArchiveSource::from_texts(url, version(), words, programs)
    }

    #[test]
    fn a_url_is_one_for_each_platform() {
        let url = "https://h/{version}/rg-{version}-{platform}.tar.gz";
        let named = source(url, &["linux-x64=x86_64-musl"], &[]).unwrap();
        let file = |source: &ArchiveSource, platform| source.file(platform).map(|url| url.as_str().to_owned());
        assert_eq!(file(&named, Platform::LinuxX64).as_deref(), Some("https://h/14.1.1/rg-14.1.1-x86_64-musl.tar.gz"));
        assert_eq!(file(&named, Platform::MacosArm64), None);
        assert_eq!(named.word_texts(), ["linux-x64=x86_64-musl"]);
        let own = source(url, &[], &[]).unwrap();
        assert!(file(&own, Platform::MacosArm64).unwrap().ends_with("-macos-arm64.tar.gz"));
        assert!(source("https://h/x", &[], &[]).unwrap().is_same_everywhere());
        for (url, words, error) in [
            ("https://h/{arch}", &[][..], SourceError::Placeholder),
            ("https://h/x", &["linux-x64=a"], SourceError::NoPlatform),
            ("http://h/{platform}", &[], SourceError::Plain),
            ("https://me:secret@h/{platform}", &[], SourceError::Credentials),
            ("https://h/{platform}/", &[], SourceError::NoUrl),
            ("https://h/x-{platform}", &["linux-x64=../../../etc"], SourceError::Outside),
        ] {
            let found = source(url, words, &[]);
            match error {
                // What a URL's parser makes of it stays on its host.
                SourceError::Outside => {
                    assert!(found.unwrap().file(Platform::LinuxX64).unwrap().as_str().starts_with("https://h/"));
                }
                error => assert_eq!(found.unwrap_err(), error, "{url}"),
            }
        }
    }

    #[test]
    fn programs_are_found_by_name_or_by_path() {
        let find = |programs: &[&str], files: &[&str]| {
            let found = source("https://h/x", &[], programs).unwrap().find_programs(&files.iter().copied());
            found.map(|found| found.into_iter().map(|(name, file)| format!("{name}={file}")).collect::<Vec<_>>())
        };
        assert_eq!(find(&["rg"], &["rg-14/rg", "rg-14/doc/rg.1"]).unwrap(), ["rg=rg-14/rg"]);
        assert_eq!(find(&["rg=a/rg"], &["a/rg", "b/rg"]).unwrap(), ["rg=a/rg"]);
        assert_eq!(find(&["jq"], &[PROGRAM]).unwrap(), ["jq=program"]);
        assert_eq!(find(&["rg"], &["bin/rg.exe"]).unwrap(), ["rg=bin/rg.exe"]);
        assert!(find(&["rg"], &["a/rg", "b/rg"]).unwrap_err().to_string().contains("a/rg, b/rg"));
        assert!(find(&["rg=c/rg"], &["a/rg"]).unwrap_err().to_string().contains("no program `rg`"));
        for bad in ["../rg", "a/b", "", ".hidden", "con", "a\0b"] {
            assert_eq!(source("https://h/x", &[], &[bad]).unwrap_err(), SourceError::NoProgram, "{bad}");
        }
    }
}
