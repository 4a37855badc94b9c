//! Errors in manifests.

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
    /// Joins the errors of a file. Returns `None` if there are none.
    pub fn new(file: &str, text: &Arc<str>, mut errors: Vec<ManifestError>) -> Option<Self> {
        if errors.is_empty() {
            return None;
        }
        errors.sort_by_key(|error| error.span().offset());
        errors.truncate(MAX_REPORTED);
        Some(Self { file: file.into(), source_code: NamedSource::new(file, Arc::clone(text)), errors })
    }
}

impl Failure for ManifestErrors {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// The most errors that are reported: a text with more is another file, or has one fault that causes them all.
pub(super) const MAX_REPORTED: usize = 100;

fn count(number: usize) -> String {
    match number {
        1 => "an error".to_owned(),
        2..MAX_REPORTED => format!("{number} errors"),
        _ => format!("{MAX_REPORTED} errors or more"),
    }
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ManifestError {
    /// The text is not KDL.
    #[error("{message}")]
    #[diagnostic(code(larder::manifest::syntax))]
    Syntax {
        message: String,
        #[help]
        help: Option<String>,
        #[label("here")]
        span: SourceSpan,
    },
    /// The markers of a merge conflict.
    #[error("the file has merge conflicts")]
    #[diagnostic(
        code(larder::manifest::conflict),
        help(
            "keep the lines you want, remove the conflict markers, and run `larder lock`, which repairs the lock, too"
        )
    )]
    Conflict {
        #[label("the first conflict begins here")]
        span: SourceSpan,
    },
    /// Blocks that are nested too deep.
    #[error("blocks are nested deeper than {limit}")]
    #[diagnostic(code(larder::manifest::too_deep), help("remove the inner blocks: no manifest needs this depth"))]
    TooDeep {
        limit: usize,
        #[label("this one")]
        span: SourceSpan,
    },
    /// A text that is too long.
    #[error("a manifest has at most {limit} {unit}")]
    #[diagnostic(code(larder::manifest::too_long), help("is this the right file?"))]
    TooLong {
        limit: usize,
        /// Of what: `bytes`.
        unit: &'static str,
        #[label("begins here")]
        span: SourceSpan,
    },
    /// A version without quotes.
    #[error("a version must be a quoted string, and `{text}` is not")]
    #[diagnostic(code(larder::manifest::unquoted_version), help("write \"{text}\""))]
    UnquotedVersion {
        text: String,
        #[label("needs quotes")]
        span: SourceSpan,
    },
    /// A node that does not exist, or does not belong here.
    #[error("`{name}` is not known {place}")]
    #[diagnostic(code(larder::manifest::unknown_node))]
    UnknownNode {
        name: String,
        /// Where it stands: `in an environment`.
        place: &'static str,
        #[help]
        help: Option<String>,
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A property that a node does not have.
    #[error("`{node}` has no property `{name}`")]
    #[diagnostic(code(larder::manifest::unknown_property))]
    UnknownProperty {
        node: String,
        name: String,
        #[help]
        help: Option<String>,
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A value that is not one of the possible ones.
    #[error("`{value}` is not {what}")]
    #[diagnostic(code(larder::manifest::unknown_value))]
    UnknownValue {
        value: String,
        /// What it should have been: `a platform`.
        what: String,
        #[help]
        help: Option<String>,
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A part of the manifest's grammar that this version does not support. Ignoring it would mislead.
    #[error("{what} is not supported yet")]
    #[diagnostic(code(larder::manifest::not_yet))]
    NotYet {
        /// What was asked for: `` `hooks` ``.
        what: String,
        #[help]
        help: Option<String>,
        #[label("not supported yet")]
        span: SourceSpan,
    },
    /// A value of the wrong type.
    #[error("{what} must be {expected}, not {found}")]
    #[diagnostic(code(larder::manifest::wrong_type))]
    WrongType {
        what: String,
        /// The type it needs: `a string`.
        expected: String,
        found: &'static str,
        #[help]
        help: Option<String>,
        #[label("{found}")]
        span: SourceSpan,
    },
    /// A value, block or annotation that has no meaning here.
    #[error("`{node}` takes no {what}")]
    #[diagnostic(code(larder::manifest::unexpected))]
    Unexpected {
        node: String,
        /// What is too much: `second value`.
        what: &'static str,
        #[help]
        help: Option<String>,
        #[label("not allowed here")]
        span: SourceSpan,
    },
    /// A missing value or block.
    #[error("`{node}` needs {what}")]
    #[diagnostic(code(larder::manifest::missing))]
    Missing {
        node: String,
        /// What it needs: `a name`.
        what: &'static str,
        #[help]
        help: Option<String>,
        #[label("incomplete")]
        span: SourceSpan,
    },
    /// A repetition.
    #[error("{what} is repeated")]
    #[diagnostic(code(larder::manifest::repeated))]
    Repeated {
        /// What is repeated: ``property `when` ``.
        what: String,
        #[help]
        help: Option<String>,
        #[label("again")]
        span: SourceSpan,
        #[label("first here")]
        first: SourceSpan,
    },
    /// A name that is not allowed.
    #[error("{reason}")]
    #[diagnostic(code(larder::manifest::bad_name))]
    BadName {
        reason: String,
        #[help]
        help: Option<String>,
        #[label("not a name")]
        span: SourceSpan,
    },
    /// A range, specifier or version that does not parse.
    #[error("{reason}")]
    #[diagnostic(code(larder::manifest::bad_range))]
    BadRange {
        reason: String,
        #[help]
        help: Option<String>,
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
        reason: String,
        #[label("not a marker")]
        span: SourceSpan,
    },
    /// Another value that does not parse: a timestamp, a URL, a folder, a glob.
    #[error("`{value}` is not {what}: {reason}")]
    #[diagnostic(code(larder::manifest::bad_value))]
    BadValue {
        value: String,
        what: &'static str,
        reason: String,
        #[help]
        help: Option<String>,
        #[label("here")]
        span: SourceSpan,
    },
    /// A dependency by git, URL or file.
    #[error("`{text}` is a {form} dependency, and not a range of versions")]
    #[diagnostic(code(larder::manifest::unsupported_source))]
    UnsupportedSource {
        text: String,
        form: &'static str,
        #[help]
        help: Option<String>,
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
        #[label("the first one")]
        span: SourceSpan,
    },
    /// An `http://` URL of another machine.
    #[error("`{url}` is not encrypted")]
    #[diagnostic(code(larder::manifest::plain_http), help("use https://; http:// is allowed for loopback only"))]
    PlainHttp {
        url: String,
        #[label("plain http")]
        span: SourceSpan,
    },
    /// A secret in the manifest, which the message does not repeat.
    #[error("a manifest must not contain a token")]
    #[diagnostic(
        code(larder::manifest::clear_text_token),
        help(
            "refer to it with `token env=\"NAME\"`, `token file=\"PATH\"` or `token \"netrc\"`; treat this token as leaked and replace it"
        )
    )]
    ClearTextToken {
        #[label("a secret in clear text")]
        span: SourceSpan,
    },
    /// A secret in the file of an asset, which the message does not repeat.
    #[error("an asset must not contain {what}")]
    #[diagnostic(
        code(larder::manifest::clear_text_secret),
        help(
            "refer to it with `env=\"NAME\"`, `file=\"PATH\"` or `keyring=\"NAME\"`; treat what is there as leaked and replace it"
        )
    )]
    SecretInAsset {
        what: String,
        #[label("a secret in clear text")]
        span: SourceSpan,
    },
    /// A name that is not declared.
    #[error("there is no {what} `{name}`")]
    #[diagnostic(code(larder::manifest::undeclared))]
    Undeclared {
        what: &'static str,
        name: String,
        #[help]
        help: Option<String>,
        #[label("not declared")]
        span: SourceSpan,
    },
    /// `registry=` of a line that another kind of registry serves.
    #[error("registry `{name}` serves {kind} packages, and this is a dependency on a {ecosystem} package")]
    #[diagnostic(
        code(larder::manifest::registry_kind),
        help("name a registry of kind {ecosystem}, or leave `registry=` out")
    )]
    RegistryKind {
        name: String,
        kind: &'static str,
        ecosystem: &'static str,
        #[label("another kind")]
        span: SourceSpan,
    },
    /// `registry=`, `git=` or `url=` of a package that another registry claims.
    #[error("`{package}` is claimed by registry `{claimant}`, but this line takes it from `{registry}`")]
    #[diagnostic(
        code(larder::manifest::claimed),
        help(
            "leave the other place out, or narrow `packages` of registry `{claimant}`: claimed packages come from nowhere else"
        )
    )]
    Claimed {
        package: String,
        claimant: String,
        registry: String,
        #[label("another place")]
        span: SourceSpan,
        #[label("claimed here")]
        claim: Option<SourceSpan>,
    },
    /// Two registries that claim one package, of which neither goes before the other.
    #[error("the registries `{}` and `{}` both claim {package}", registries[0], registries[1])]
    #[diagnostic(
        code(larder::manifest::rival_claims),
        help(
            "say which is meant: leave one of the claims out, give one registry a higher `priority`, or write `registry=` in the package's line"
        )
    )]
    RivalClaims {
        package: Box<str>,
        registries: [Box<str>; 2],
        #[label("and here")]
        span: SourceSpan,
        #[label("claimed here")]
        first: SourceSpan,
    },
    /// Two lines that take one package from different applications of a marketplace.
    #[error(
        "`marketplace={here}` is not the application that this package comes from: another line has it from application {there}"
    )]
    #[diagnostic(
        code(larder::manifest::bad_value),
        help("a package has one source: name one application on both lines")
    )]
    Applications {
        here: u32,
        there: u32,
        #[label("application {here} here")]
        span: SourceSpan,
        #[label("application {there} here")]
        first: SourceSpan,
    },
    /// Two lines that take one package from different places.
    #[error(
        "{package} comes from {here} here, but from {there} {}",
        file.as_ref().map_or_else(|| "there".to_owned(), |file| format!("in {file}"))
    )]
    #[diagnostic(
        code(larder::manifest::origins),
        help(
            "a package comes from one place, whoever asks for it: let both lines state the same, or one of them none"
        )
    )]
    Origins {
        package: Box<str>,
        here: Box<str>,
        there: Box<str>,
        file: Option<Box<str>>,
        #[label("here")]
        span: SourceSpan,
        #[label("there")]
        first: Option<SourceSpan>,
    },
    /// Two lines that name different registries for one package.
    #[error(
        "{package} comes from registry `{registry}` here, but from `{other}` {}",
        file.as_ref().map_or_else(|| "there".to_owned(), |file| format!("in {file}"))
    )]
    #[diagnostic(
        code(larder::manifest::registries),
        help("name one registry for it, or give the lines `when=` conditions that exclude each other")
    )]
    Registries {
        package: Box<str>,
        registry: Box<str>,
        other: Box<str>,
        file: Option<Box<str>>,
        #[label("`{registry}` here")]
        span: SourceSpan,
        #[label("`{other}` here")]
        first: Option<SourceSpan>,
    },
    /// Two registries whose mirrors are set by the same variable.
    #[error("registries `{first_name}` and `{name}` share the variable {variable}")]
    #[diagnostic(
        code(larder::manifest::mirror_variable),
        help("give one of them a name that differs in more than case, `-`, `_` and `.`")
    )]
    MirrorVariable {
        name: String,
        first_name: String,
        variable: String,
        #[label("this one")]
        span: SourceSpan,
        #[label("and this one")]
        first: Option<SourceSpan>,
    },
    /// A `dev=#true` group in an environment that forbids them.
    #[error("environment `{environment}` forbids dev groups, and `{group}` is one")]
    #[diagnostic(code(larder::manifest::dev_group), help("leave the group out, or drop `dev-groups \"forbid\"`"))]
    DevGroup {
        environment: String,
        group: String,
        #[label("included here")]
        span: SourceSpan,
        /// `dev-groups "forbid"`.
        #[label("forbidden here")]
        rule: SourceSpan,
    },
    /// Exclusive groups, but no environment to choose between them.
    #[error("the manifest has groups that exclude each other, but declares no environment")]
    #[diagnostic(
        code(larder::manifest::no_environments),
        help(
            "declare environments, each with at most one of `{groups}`: `environment \"development\" {{ include \"…\"; }}`"
        )
    )]
    NoEnvironments {
        groups: Box<str>,
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
        environment: Box<str>,
        one: Box<str>,
        other: Box<str>,
        #[label("and here")]
        span: SourceSpan,
        #[label("included here")]
        first: SourceSpan,
        #[label("they exclude each other here")]
        rule: SourceSpan,
    },
    /// Tasks or services that wait for each other.
    #[error("{what} `{names}`: it would have to wait for itself")]
    #[diagnostic(code(larder::manifest::cycle), help("take one of these `after=` away"))]
    Cycle {
        /// What they are: `task`.
        what: &'static str,
        /// The names in a circle.
        names: Box<str>,
        #[label("this closes the circle")]
        span: SourceSpan,
        #[label("it begins here")]
        first: Option<SourceSpan>,
    },
    /// A secret in a block that is not about registries. The message does not repeat it.
    #[error("a manifest must not contain {what}")]
    #[diagnostic(
        code(larder::manifest::clear_text_secret),
        help("refer to it, like `{example}`; treat this one as leaked and replace it")
    )]
    ClearTextSecret {
        /// What it is: `a password`.
        what: &'static str,
        /// How it is referred to.
        example: &'static str,
        #[label("a secret in clear text")]
        span: SourceSpan,
    },
    /// An expression that does not parse, or that names what there is not.
    #[error("{reason}")]
    #[diagnostic(code(larder::manifest::bad_expression))]
    BadExpression {
        reason: String,
        #[help]
        help: Option<String>,
        #[label("here")]
        span: SourceSpan,
    },
    /// Too many combinations of exclusive groups.
    #[error("environments use {sides} combinations of exclusive groups, but at most {limit} can be locked")]
    #[diagnostic(
        code(larder::manifest::too_many_sides),
        help(
            "each combination is solved separately: remove groups that no environment includes, or merge environments"
        )
    )]
    TooManySides {
        sides: usize,
        limit: usize,
        #[label("declared here")]
        span: SourceSpan,
    },
}

impl ManifestError {
    /// Returns the main span of the error.
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
            | Self::SecretInAsset { span, .. }
            | Self::ClearTextSecret { span, .. }
            | Self::Undeclared { span, .. }
            | Self::RegistryKind { span, .. }
            | Self::Claimed { span, .. }
            | Self::RivalClaims { span, .. }
            | Self::Applications { span, .. }
            | Self::Origins { span, .. }
            | Self::Registries { span, .. }
            | Self::MirrorVariable { span, .. }
            | Self::NoEnvironments { span, .. }
            | Self::Excluded { span, .. }
            | Self::Cycle { span, .. }
            | Self::BadExpression { span, .. }
            | Self::TooManySides { span, .. }
            | Self::DevGroup { span, .. } => *span,
        }
    }
}
