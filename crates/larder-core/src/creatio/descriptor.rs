//! `descriptor.json` at the root of a package: which package it is, and what it depends on.
//!
//! ```json
//! { "Descriptor": { "UId": "d40c3488-…", "PackageVersion": "1.0.0", "Name": "UsrOrders", "Type": 1,
//!     "ModifiedOnUtc": "\/Date(1701358154000)\/", "Maintainer": "Acme", "InstallBehavior": 1,
//!     "DependsOn": [ { "UId": "06d9ef10-…", "PackageVersion": "7.8.0", "Name": "CrtBase" } ] } }
//! ```
//!
//! A byte order mark and a comma behind the last item are taken, as packages have them; a key that is there twice is not.

use serde_json::Value;

use super::json;
use crate::model::{CreatioVersion, Ecosystem, PackageName, Uid};

/// The name of the file. Case does not count.
pub const DESCRIPTOR: &str = "descriptor.json";

/// The most packages that one may depend on.
const MOST_DEPENDENCIES: usize = 10_000;

/// What a package says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// `UId`
    pub uid: Uid,
    /// `Name`
    pub name: PackageName,
    /// `PackageVersion`, if there is one.
    pub version: Option<CreatioVersion>,
    /// `Type`: 0 is general, 1 an assembly.
    pub kind: u32,
    /// `InstallBehavior`; 0 is none.
    pub install_behavior: u32,
    /// `Maintainer`, on one line.
    pub maintainer: Option<String>,
    /// `ModifiedOnUtc`, in milliseconds since 1970.
    pub modified: Option<i64>,
    /// `DependsOn`, in the order of the file.
    pub depends_on: Vec<PackageReference>,
}

/// A package that another one depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageReference {
    /// `UId`
    pub uid: Uid,
    /// `Name`
    pub name: PackageName,
    /// `PackageVersion`, if there is one.
    pub version: Option<CreatioVersion>,
}

/// Why a file is no descriptor, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// It is not JSON, or a key is there twice.
    #[error("cannot be read: {0}")]
    Json(String),
    /// It lacks something.
    #[error("has no `{0}`")]
    Missing(&'static str),
    /// A value that cannot be.
    #[error("has a `{key}` that cannot be: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

/// Returns whether a path in a package is that of its descriptor.
pub fn is_descriptor(path: &str) -> bool {
    path.eq_ignore_ascii_case(DESCRIPTOR)
}

impl Descriptor {
    /// Parses the content of the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let document = json::parse_with_trailing_commas(bytes).map_err(DescriptorError::Json)?;
        let own = document.get("Descriptor").filter(|own| own.is_object());
        let own = own.ok_or(DescriptorError::Missing("Descriptor"))?;
        let depends_on = match own.get("DependsOn") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(list)) if list.len() <= MOST_DEPENDENCIES => list,
            Some(Value::Array(_)) => return Err(wrong("DependsOn", format!("more than {MOST_DEPENDENCIES} packages"))),
            Some(_) => return Err(wrong("DependsOn", "it is no list")),
        };
        Ok(Self {
            uid: uid(own)?,
            name: name(own)?,
            version: version(own)?,
            kind: number(own, "Type")?,
            install_behavior: number(own, "InstallBehavior")?,
            maintainer: text(own, "Maintainer")?.map(one_line).filter(|text| !text.is_empty()),
            modified: text(own, "ModifiedOnUtc")?.map(date).transpose()?,
            depends_on: depends_on.iter().map(PackageReference::read).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the version, that of an unversioned package if there is none.
    pub fn version_or_none(&self) -> CreatioVersion {
        self.version.clone().unwrap_or_else(CreatioVersion::unversioned)
    }
}

impl PackageReference {
    fn read(value: &Value) -> Result<Self, DescriptorError> {
        if !value.is_object() {
            return Err(wrong("DependsOn", "an item of it is no object"));
        }
        Ok(Self { uid: uid(value)?, name: name(value)?, version: version(value)? })
    }
}

fn uid(of: &Value) -> Result<Uid, DescriptorError> {
    let text = text(of, "UId")?.ok_or(DescriptorError::Missing("UId"))?;
    text.parse().map_err(|error: crate::model::UidError| wrong("UId", error.to_string()))
}

fn name(of: &Value) -> Result<PackageName, DescriptorError> {
    let text = text(of, "Name")?.ok_or(DescriptorError::Missing("Name"))?;
    PackageName::parse(Ecosystem::CREATIO, text).map_err(|error| wrong("Name", error.to_string()))
}

/// An empty version is none.
fn version(of: &Value) -> Result<Option<CreatioVersion>, DescriptorError> {
    let text = text(of, "PackageVersion")?.map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| {
        CreatioVersion::parse(text)
            .map_err(|reason| wrong("PackageVersion", format!("`{}`: {reason}", text.escape_debug())))
    })
    .transpose()
}

fn text<'v>(of: &'v Value, key: &'static str) -> Result<Option<&'v str>, DescriptorError> {
    match of.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(key, "it is no text")),
    }
}

/// Returns a number, 0 if there is none.
fn number(of: &Value, key: &'static str) -> Result<u32, DescriptorError> {
    match of.get(key) {
        None | Some(Value::Null) => Ok(0),
        Some(value) => value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| wrong(key, "it is no number, or one that is negative or too large")),
    }
}

fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads `/Date(1701358154000)/`; a zone behind the number says where it was written and changes nothing.
fn date(text: &str) -> Result<i64, DescriptorError> {
    let inside = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
    let end = |inside: &str| inside.bytes().skip(1).position(|byte| byte == b'+' || byte == b'-').map(|at| at + 1);
    let milliseconds = inside.map(|inside| end(inside).map_or(inside, |end| &inside[..end]));
    let parsed = milliseconds.and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| wrong("ModifiedOnUtc", "it is not written like /Date(1701358154000)/"))
}

fn wrong(key: &'static str, reason: impl Into<String>) -> DescriptorError {
    DescriptorError::Value { key, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mutation;

    const WHOLE: &str = "\u{feff}{ \"Descriptor\": { \"UId\": \"D40C3488-7718-4DDC-9173-949868871326\", \
        \"PackageVersion\": \"1.0\", \"Name\": \"UsrOrders\", \"Type\": 1, \"ProjectPath\": \"Files/x.csproj\", \
        \"ModifiedOnUtc\": \"\\/Date(1701358154000)\\/\", \"Maintainer\": \"Acme\", \"InstallBehavior\": 1, \
        \"InstallScripts\": { \"AfterInstall\": [ { \"Position\": 1 } ] }, \"DependsOn\": [ { \
        \"UId\": \"06d9ef10-0000-0000-0000-000000000001\", \"PackageVersion\": \"7.8.0\", \"Name\": \"CrtBase\", \
        \"Type\": 1 }, ], } }";

    #[test]
    fn a_descriptor_says_what_a_package_is() {
        let read = Descriptor::parse(WHOLE.as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.version_or_none().to_string().as_str()), ("UsrOrders", "1.0.0"));
        assert_eq!(read.uid.as_str(), "d40c3488-7718-4ddc-9173-949868871326");
        assert_eq!((read.kind, read.install_behavior, read.modified), (1, 1, Some(1_701_358_154_000)));
        assert_eq!(read.maintainer.as_deref(), Some("Acme"));
        let [PackageReference { name, version: Some(version), .. }] = &read.depends_on[..] else { panic!("{read:?}") };
        assert_eq!((name.as_str(), version.to_string().as_str()), ("CrtBase", "7.8.0"));
        let least = r#"{"Descriptor":{"UId":"06d9ef10-0000-0000-0000-000000000001","Name":"ABS.BASE"}}"#;
        let read = Descriptor::parse(least.as_bytes()).unwrap();
        assert_eq!((read.version.clone(), read.version_or_none().to_string()), (None, "0.0.0".to_owned()));
        assert_eq!(date("/Date(-5+0200)/"), Ok(-5));
        let odd = WHOLE.replace("\"Acme\"", "\" Acme\\n\\u001b[31m  Ltd\"");
        assert_eq!(Descriptor::parse(odd.as_bytes()).unwrap().maintainer.as_deref(), Some("Acme [31m Ltd"));
        let none = WHOLE.replace("\"Acme\"", "\" \"");
        assert_eq!(Descriptor::parse(none.as_bytes()).unwrap().maintainer, None);
    }

    #[test]
    fn what_is_no_descriptor_is_refused_with_the_key() {
        for (from, to, reason) in [
            ("\"UId\": \"D40C", "\"Name\": \"D40C", "`Name` is there twice"),
            ("\"Maintainer\"", "\"Name\"", "`Name` is there twice"),
            ("\"Name\": \"UsrOrders\"", "\"Nam\": \"UsrOrders\"", "no `Name`"),
            ("\"Name\": \"UsrOrders\"", "\"Name\": 7", "`Name` that cannot be"),
            ("\"Name\": \"UsrOrders\"", "\"Name\": \"..\\\\x\"", "`Name` that cannot be"),
            ("D40C3488-7718", "x", "`UId` that cannot be"),
            ("\"PackageVersion\": \"1.0\"", "\"PackageVersion\": \"1/0\"", "`PackageVersion` that cannot be"),
            ("\"Type\": 1, \"ProjectPath\"", "\"Type\": -1, \"ProjectPath\"", "`Type` that cannot be"),
            ("\"InstallBehavior\": 1", "\"InstallBehavior\": 4294967296", "`InstallBehavior` that cannot be"),
            ("Date(1701358154000)", "Date(x)", "`ModifiedOnUtc` that cannot be"),
            ("\"Descriptor\"", "\"Description\"", "no `Descriptor`"),
            ("\"DependsOn\": [ {", "\"DependsOn\": [ 7, {", "an item of it is no object"),
            ("{ \"Descriptor\"", "x { \"Descriptor\"", "cannot be read"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let error = Descriptor::parse(WHOLE.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{to}: {error}");
        }
        mutation::of(&[WHOLE], |text| drop(Descriptor::parse(text.as_bytes())));
    }
}
