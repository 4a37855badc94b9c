//! What can be wrong with a manifest.

use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};

/// Everything that is wrong with one manifest, in the order of the text.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{file} has {}", count(.errors.len()))]
#[diagnostic(code(larder::manifest::invalid))]
pub struct ManifestErrors {
    /// The manifest's path.
    pub file: Arc<str>,
    /// Its text, which the labels of all errors point into.
    #[source_code]
    pub source_code: NamedSource<Arc<str>>,
    /// The errors; never empty.
    #[related]
    pub errors: Vec<ManifestError>,
}

impl ManifestErrors {
    /// Returns the errors as one failure; none if there are none.
    pub fn new(file: &str, text: &Arc<str>, mut errors: Vec<ManifestError>) -> Option<Self> {
        if errors.is_empty() {
            return None;
        }
        errors.sort_by_key(|error| error.span().offset());
        errors.truncate(TOLD);
        Some(Self { file: file.into(), source_code: NamedSource::new(file, Arc::clone(text)), errors })
    }
}

impl Failure for ManifestErrors {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// How many errors are told: a text with more is another file, or one fault that brings forth all.
pub(super) const TOLD: usize = 100;

fn count(number: usize) -> String {
    match number {
        1 => "an error".to_owned(),
        2..TOLD => format!("{number} errors"),
        _ => format!("{TOLD} errors or more"),
    }
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ManifestError {
    /// The text is not KDL.
    #[error("{message}")]
    #[diagnostic(code(larder::manifest::syntax))]
    Syntax {
        /// What the KDL parser expected.
        message: String,
        /// What to do about it.
        #[help]
        help: Option<String>,
        /// The place.
        #[label("here")]
        span: SourceSpan,
    },
    /// A merge left its marks.
    #[error("the file has merge conflicts")]
    #[diagnostic(
        code(larder::manifest::conflict),
        help("keep the lines that are wanted, take the marks out, and run `larder lock`, which repairs the lock")
    )]
    Conflict {
        /// The first mark.
        #[label("the first begins here")]
        span: SourceSpan,
    },
    /// Blocks within blocks within blocks.
    #[error("blocks are nested deeper than {limit}")]
    #[diagnostic(code(larder::manifest::too_deep), help("no manifest needs this: take the inner blocks out"))]
    TooDeep {
        /// How deep they may be.
        limit: usize,
        /// The first brace that is too deep.
        #[label("this one")]
        span: SourceSpan,
    },
    /// A text that no person wrote.
    #[error("a manifest has at most {limit} {unit}")]
    #[diagnostic(code(larder::manifest::too_long), help("is this the right file?"))]
    TooLong {
        /// How many there may be.
        limit: usize,
        /// Of what: `bytes`.
        unit: &'static str,
        /// The beginning.
        #[label("begins here")]
        span: SourceSpan,
    },
    /// A version that is a number, or that KDL reads as something else.
    #[error("a version is a string, and `{text}` is not one")]
    #[diagnostic(code(larder::manifest::unquoted_version), help("write \"{text}\""))]
    UnquotedVersion {
        /// The version as written.
        text: String,
        /// Its place.
        #[label("needs quotes")]
        span: SourceSpan,
    },
    /// A node that does not exist, or not here.
    #[error("`{name}` is not known {place}")]
    #[diagnostic(code(larder::manifest::unknown_node))]
    UnknownNode {
        /// The node's name.
        name: String,
        /// Where it stands: `in an environment`.
        place: &'static str,
        /// The nearest known name.
        #[help]
        help: Option<String>,
        /// The name's place.
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A property that a node does not have.
    #[error("`{node}` has no property `{name}`")]
    #[diagnostic(code(larder::manifest::unknown_property))]
    UnknownProperty {
        /// The node's name.
        node: String,
        /// The property's name.
        name: String,
        /// The nearest known name.
        #[help]
        help: Option<String>,
        /// The property's place.
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A word that is none of those that are possible.
    #[error("`{value}` is not {what}")]
    #[diagnostic(code(larder::manifest::unknown_value))]
    UnknownValue {
        /// The value.
        value: String,
        /// What it should have been: `a platform`.
        what: String,
        /// What is possible, or the nearest of it.
        #[help]
        help: Option<String>,
        /// The value's place.
        #[label("unknown")]
        span: SourceSpan,
    },
    /// Something of the manifest's grammar that this version does not do yet. To pass over it would be a lie.
    #[error("{what} is not supported yet")]
    #[diagnostic(code(larder::manifest::not_yet))]
    NotYet {
        /// What was asked for: `` `hooks` ``.
        what: String,
        /// What to do instead.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("not supported yet")]
        span: SourceSpan,
    },
    /// A value of another type than is needed.
    #[error("{what} is {expected}, not {found}")]
    #[diagnostic(code(larder::manifest::wrong_type))]
    WrongType {
        /// What the value is for.
        what: String,
        /// The type it needs: `a string`.
        expected: String,
        /// The type it has.
        found: &'static str,
        /// How to write it.
        #[help]
        help: Option<String>,
        /// The value's place.
        #[label("{found}")]
        span: SourceSpan,
    },
    /// A value, block or annotation that has no meaning here.
    #[error("`{node}` takes no {what}")]
    #[diagnostic(code(larder::manifest::unexpected))]
    Unexpected {
        /// The node's name.
        node: String,
        /// What is too much: `second value`.
        what: &'static str,
        /// What the node does take.
        #[help]
        help: Option<String>,
        /// The place.
        #[label("too much")]
        span: SourceSpan,
    },
    /// Something that must be there and is not.
    #[error("`{node}` needs {what}")]
    #[diagnostic(code(larder::manifest::missing))]
    Missing {
        /// The node's name.
        node: String,
        /// What it needs: `a name`.
        what: &'static str,
        /// How it is written.
        #[help]
        help: Option<String>,
        /// The node's place.
        #[label("incomplete")]
        span: SourceSpan,
    },
    /// Something that is said twice.
    #[error("{what} is repeated")]
    #[diagnostic(code(larder::manifest::repeated))]
    Repeated {
        /// What is repeated: ``property `when` ``.
        what: String,
        /// What to do about it.
        #[help]
        help: Option<String>,
        /// The second place.
        #[label("again")]
        span: SourceSpan,
        /// The first place.
        #[label("first here")]
        first: SourceSpan,
    },
    /// A name that is not allowed.
    #[error("{reason}")]
    #[diagnostic(code(larder::manifest::bad_name))]
    BadName {
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("not a name")]
        span: SourceSpan,
    },
    /// A range, specifier or version that does not parse.
    #[error("{reason}")]
    #[diagnostic(code(larder::manifest::bad_range))]
    BadRange {
        /// What is wrong with it.
        reason: String,
        /// How such ranges are written.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("not a range")]
        span: SourceSpan,
    },
    /// A `when=` that does not parse.
    #[error("{reason}")]
    #[diagnostic(
        code(larder::manifest::bad_marker),
        help("markers are those of PEP 508, like \"sys_platform == 'linux'\"")
    )]
    BadMarker {
        /// What is wrong with it.
        reason: String,
        /// Its place.
        #[label("not a marker")]
        span: SourceSpan,
    },
    /// Another value that does not parse: a timestamp, a URL, a folder, a glob.
    #[error("`{value}` is not {what}: {reason}")]
    #[diagnostic(code(larder::manifest::bad_value))]
    BadValue {
        /// The value.
        value: String,
        /// What it should have been.
        what: &'static str,
        /// Why it is not.
        reason: String,
        /// How it is written.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("here")]
        span: SourceSpan,
    },
    /// A dependency by git, URL or file.
    #[error("`{text}` is a {form} dependency, which larder does not take")]
    #[diagnostic(code(larder::manifest::unsupported_source))]
    UnsupportedSource {
        /// The requirement as written.
        text: String,
        /// `git`, `URL`, `file`, `workspace`.
        form: &'static str,
        /// What to write instead.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("not from a registry")]
        span: SourceSpan,
    },
    /// A Python dependency, but no Python.
    #[error("a Python dependency needs a declared Python")]
    #[diagnostic(
        code(larder::manifest::no_python),
        help("add `python \"3.12\"` to `runtimes`: markers and wheels depend on it")
    )]
    NoPython {
        /// The first `pypi` line.
        #[label("the first one")]
        span: SourceSpan,
    },
    /// `http://` to another machine.
    #[error("`{url}` is not encrypted")]
    #[diagnostic(code(larder::manifest::plain_http), help("use https://; http:// is allowed for loopback only"))]
    PlainHttp {
        /// The URL.
        url: String,
        /// Its place.
        #[label("plain http")]
        span: SourceSpan,
    },
    /// A secret in the manifest. The message does not repeat it.
    #[error("a token does not belong into a manifest")]
    #[diagnostic(
        code(larder::manifest::clear_text_token),
        help(
            "refer to it: `token env=\"NAME\"`, `token file=\"PATH\"` or `token \"netrc\"`; and consider this one leaked"
        )
    )]
    ClearTextToken {
        /// Its place.
        #[label("a secret in clear text")]
        span: SourceSpan,
    },
    /// A name that nothing declares.
    #[error("there is no {what} `{name}`")]
    #[diagnostic(code(larder::manifest::undeclared))]
    Undeclared {
        /// `group` or `registry`.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest declared name, or how to declare one.
        #[help]
        help: Option<String>,
        /// Its place.
        #[label("not declared")]
        span: SourceSpan,
    },
    /// `registry=` of a line that another kind of registry serves.
    #[error("registry `{name}` is of kind {kind}, and this is a line of {ecosystem}")]
    #[diagnostic(
        code(larder::manifest::registry_kind),
        help("name a registry of kind {ecosystem}, or leave `registry=` out")
    )]
    RegistryKind {
        /// The registry.
        name: String,
        /// Its kind.
        kind: &'static str,
        /// The line's ecosystem.
        ecosystem: &'static str,
        /// The place.
        #[label("another kind")]
        span: SourceSpan,
    },
    /// `registry=` of a package that another registry claims.
    #[error("`{package}` is claimed by registry `{claimant}`, and this line takes it from `{registry}`")]
    #[diagnostic(
        code(larder::manifest::claimed),
        help(
            "leave `registry=` out, or narrow `packages` of registry `{claimant}`: what is claimed comes from there and from nowhere else"
        )
    )]
    Claimed {
        /// The package.
        package: String,
        /// The registry that claims it.
        claimant: String,
        /// The registry that the line names.
        registry: String,
        /// `registry=`
        #[label("another registry")]
        span: SourceSpan,
        /// The claim, where it stands in the same file.
        #[label("claimed here")]
        claim: Option<SourceSpan>,
    },
    /// Two lines that name different registries for one package.
    #[error(
        "{package} is to come from registry `{registry}` here and from `{other}` {}",
        file.as_ref().map_or_else(|| "there".to_owned(), |file| format!("in {file}"))
    )]
    #[diagnostic(
        code(larder::manifest::registries),
        help("name one registry for it, or give the lines `when=` conditions that exclude each other")
    )]
    Registries {
        /// The package.
        package: Box<str>,
        /// The registry that this line names.
        registry: Box<str>,
        /// The registry that the other line names.
        other: Box<str>,
        /// The file of the other line, where it is another.
        file: Option<Box<str>>,
        /// This line's `registry=`.
        #[label("`{registry}` here")]
        span: SourceSpan,
        /// The other line's, where it is in this file.
        #[label("`{other}` here")]
        first: Option<SourceSpan>,
    },
    /// Two registries that one variable would point elsewhere.
    #[error("registries `{first_name}` and `{name}` share the variable {variable}")]
    #[diagnostic(
        code(larder::manifest::mirror_variable),
        help("give one of them a name that differs in more than case, `-`, `_` and `.`")
    )]
    MirrorVariable {
        /// The second registry.
        name: String,
        /// The first one.
        first_name: String,
        /// The variable.
        variable: String,
        /// The second registry's name.
        #[label("this one")]
        span: SourceSpan,
        /// The first one's, where it is declared.
        #[label("and this one")]
        first: Option<SourceSpan>,
    },
    /// A `dev=#true` group in an environment that forbids them.
    #[error("environment `{environment}` forbids dev groups, and `{group}` is one")]
    #[diagnostic(code(larder::manifest::dev_group), help("leave the group out, or drop `dev-groups \"forbid\"`"))]
    DevGroup {
        /// The environment.
        environment: String,
        /// The group.
        group: String,
        /// The inclusion.
        #[label("included here")]
        span: SourceSpan,
        /// `dev-groups "forbid"`.
        #[label("forbidden here")]
        rule: SourceSpan,
    },
    /// Groups exclude each other, and no environment says which it has.
    #[error("groups exclude each other, and no environment is declared")]
    #[diagnostic(
        code(larder::manifest::no_environments),
        help(
            "declare environments, each with at most one of `{groups}`: `environment \"development\" {{ include \"…\"; }}`"
        )
    )]
    NoEnvironments {
        /// The groups.
        groups: Box<str>,
        /// The line of `conflicts`.
        #[label("only one of these can be in an environment")]
        span: SourceSpan,
    },
    /// An environment with groups that exclude each other.
    #[error("environment `{environment}` includes `{one}` and `{other}`, which exclude each other")]
    #[diagnostic(
        code(larder::manifest::excluded),
        help("include one of them here, and declare another environment for the other")
    )]
    Excluded {
        /// The environment.
        environment: Box<str>,
        /// The group that is included first.
        one: Box<str>,
        /// The other one.
        other: Box<str>,
        /// The inclusion of the other one.
        #[label("and here")]
        span: SourceSpan,
        /// The inclusion of the first one.
        #[label("included here")]
        first: SourceSpan,
        /// The line of `conflicts`.
        #[label("they exclude each other here")]
        rule: SourceSpan,
    },
    /// More combinations of exclusive groups than can be solved.
    #[error("environments choose between {sides} combinations of exclusive groups, and {limit} can be locked")]
    #[diagnostic(
        code(larder::manifest::too_many_sides),
        help(
            "each is solved by itself: drop groups that no environment includes, or environments that differ in them"
        )
    )]
    TooManySides {
        /// How many combinations there are.
        sides: usize,
        /// How many there may be.
        limit: usize,
        /// The first line of `conflicts`.
        #[label("declared here")]
        span: SourceSpan,
    },
}

impl ManifestError {
    /// Returns the main place of the error.
    pub fn span(&self) -> SourceSpan {
        match self {
            Self::Syntax { span, .. }
            | Self::Conflict { span }
            | Self::TooDeep { span, .. }
            | Self::TooLong { span, .. }
            | Self::UnquotedVersion { span, .. }
            | Self::UnknownNode { span, .. }
            | Self::UnknownProperty { span, .. }
            | Self::UnknownValue { span, .. }
            | Self::NotYet { span, .. }
            | Self::WrongType { span, .. }
            | Self::Unexpected { span, .. }
            | Self::Missing { span, .. }
            | Self::Repeated { span, .. }
            | Self::BadName { span, .. }
            | Self::BadRange { span, .. }
            | Self::BadMarker { span, .. }
            | Self::BadValue { span, .. }
            | Self::UnsupportedSource { span, .. }
            | Self::NoPython { span }
            | Self::PlainHttp { span, .. }
            | Self::ClearTextToken { span }
            | Self::Undeclared { span, .. }
            | Self::RegistryKind { span, .. }
            | Self::Claimed { span, .. }
            | Self::Registries { span, .. }
            | Self::MirrorVariable { span, .. }
            | Self::NoEnvironments { span, .. }
            | Self::Excluded { span, .. }
            | Self::TooManySides { span, .. }
            | Self::DevGroup { span, .. } => *span,
        }
    }
}
