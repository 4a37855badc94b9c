//! The `registries` block.

use std::sync::Arc;
use std::time::Duration;

use miette::SourceSpan;

use super::error::MAX_REPORTED;
use super::log_trust;
use super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape, NodeValue, UniqueNodes};
use super::{Claim, ManifestError, Registry, RegistryForm, RegistryUrl, TokenSource, registry_key};
use crate::diagnostic::one_of;
use crate::model::{Ecosystem, Label, PerEcosystem, Url};

/// The registries that exist without being named: each with its name and its URL.
const BUILT_IN: PerEcosystem<Option<(&str, &str)>> = PerEcosystem {
    npm: Some(("npmjs", "https://registry.npmjs.org/")),
    pypi: Some(("pypi", "https://pypi.org/simple/")),
    ..PerEcosystem::NONE
};

/// The kind of nodes that say where runtimes come from.
pub(super) const RUNTIME_KIND: &str = "runtime";

/// The kind of nodes that say where advisories come from.
pub(super) const ADVISORY_KIND: &str = "advisories";

/// Returns the built-in registries, each with its ecosystem and its URL.
fn built_in() -> impl Iterator<Item = (Ecosystem, &'static str, &'static str)> {
    Ecosystem::ALL.into_iter().filter_map(|ecosystem| {
        let (name, url) = (*BUILT_IN.of(ecosystem))?;
        Some((ecosystem, name, url))
    })
}

/// Returns whether an ecosystem has a registry that is there without being named.
pub fn has_built_in_registry(ecosystem: Ecosystem) -> bool {
    BUILT_IN.of(ecosystem).is_some()
}

/// Returns the name of the registry of an ecosystem that is there without being named.
pub fn built_in_name(ecosystem: Ecosystem) -> Option<&'static str> {
    BUILT_IN.of(ecosystem).map(|(name, _)| name)
}

impl Registry {
    /// Returns whether it is asked for whatever no registry claims, though it has no priority: the built-in registry of its
    /// ecosystem, or any where none is built in.
    pub fn is_usual(&self) -> bool {
        BUILT_IN.of(self.ecosystem).is_none_or(|(name, _)| name == self.name.as_str())
    }

    /// Returns whether it is the public registry of its ecosystem.
    pub fn is_public(&self) -> bool {
        let public = BUILT_IN.of(self.ecosystem).map(|(_, url)| url);
        self.url.http().is_some_and(|url| Some(url.clone().into_folder().as_str()) == public)
    }
}

/// Returns the reason why a registry cannot be something, as a clause: of which kinds those are that can.
fn only(what: &str, can_be: fn(Ecosystem) -> bool) -> String {
    let kinds = Ecosystem::ALL.into_iter().filter(|one| can_be(*one));
    format!("only registries of kind {} can be {what}", one_of(kinds))
}

/// Reads the registries of the block.
pub(super) fn read_registries(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<Registry> {
    let mut registries: Vec<Registry> = Vec::new();
    for node in block.children().filter(|node| ![RUNTIME_KIND, ADVISORY_KIND].contains(&node.name())) {
        if errors.len() >= MAX_REPORTED {
            break;
        }
        let Some(ecosystem) = node.name().parse().ok().filter(|found: &Ecosystem| found.has_registries()) else {
            let kinds = [&Ecosystem::served()[..], &[RUNTIME_KIND, ADVISORY_KIND]].concat();
            node.report_unknown("as a kind of registry", &kinds, errors);
            continue;
        };
        let Some(registry) = read_registry(node, ecosystem, errors) else { continue };
        let place = node.head_span();
        let first = registries.iter().find(|other| other.name == registry.name).and_then(|other| other.span);
        if let Some(first) = first {
            errors.push(ManifestError::Repeated {
                what: format!("registry `{}`", registry.name),
                help: Some("lockfiles know registries by name: give each its own".to_owned()),
                span: place,
                first,
            });
        } else if let Some((built_in, ..)) =
            built_in().find(|(ecosystem, name, _)| *name == registry.name.as_str() && *ecosystem != registry.ecosystem)
        {
            errors.push(ManifestError::BadName {
                reason: format!(
                    "`{}` is the name of the built-in registry of kind {}",
                    registry.name,
                    built_in.as_str()
                ),
                help: Some("give this registry another name".to_owned()),
                span: place,
            });
        } else {
            registries.push(registry);
        }
    }
    registries
}

/// Adds the built-in registries that are not declared, and checks that no two registries share a mirror variable.
pub(super) fn complete(registries: &mut Vec<Registry>, errors: &mut Errors) {
    for (ecosystem, name, url) in built_in() {
        if registries.iter().any(|registry| registry.name.as_str() == name) {
            continue;
        }
        let (Ok(name), Ok(url)) = (name.parse(), url.parse()) else { continue };
        registries.push(Registry::new(ecosystem, name, RegistryUrl::Http(url)));
    }
    for (place, registry) in registries.iter().enumerate() {
        let variable = registry.mirror_variable();
        let Some(first) = registries[..place].iter().find(|other| other.mirror_variable() == variable) else {
            continue;
        };
        let (one, other) = if registry.span.is_some() { (registry, first) } else { (first, registry) };
        errors.push(ManifestError::MirrorVariable {
            name: one.name.to_string(),
            first_name: other.name.to_string(),
            variable,
            span: one.span.unwrap_or_else(|| (0, 0).into()),
            first: other.span,
        });
    }
}

fn read_registry(node: ManifestNode<'_>, ecosystem: Ecosystem, errors: &mut Errors) -> Option<Registry> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Maybe,
        example: "npm \"NAME\" \"https://HOST/\" { … }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let url = parts.argument(1).and_then(|value| read_url(value, errors));
    let unread = Registry::new(ecosystem, Label::unnamed(), RegistryUrl::Folder("".into()));
    let mut registry = Registry { span: Some(node.head_span()), ..unread };
    let mut once = UniqueNodes::default();
    for option in node.children() {
        if !matches!(option.name(), "packages" | "mirror" | "key" | "signer") {
            once.check(option, errors);
        }
        read_option(option, &mut registry, errors);
    }
    registry.name = name?.value;
    registry.url = url?;
    Some(registry)
}

/// The forms of registries that have several.
const FORMS: [(&str, RegistryForm); 2] = [("flat", RegistryForm::Flat), ("marketplace", RegistryForm::Marketplace)];

/// The bounds of `timeout`.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// The largest number in a `rate-limit`.
const MOST_REQUESTS: i64 = 100_000;

const OPTIONS: [&str; 13] = [
    "packages",
    "priority",
    "token",
    "mirror",
    "rate-limit",
    "concurrency",
    "timeout",
    "form",
    "age",
    "key",
    "signer",
    "signers",
    "freshness",
];
/// Options of the grammar that are not supported yet. Ignoring a `key` would be worse than having none.
const NOT_YET_SUPPORTED: [&str; 4] = log_trust::OPTIONS;

fn read_option(node: ManifestNode<'_>, registry: &mut Registry, errors: &mut Errors) {
    const LIST: NodeShape =
        NodeShape { arguments: (1, usize::MAX), properties: &[], block: BlockRule::Never, example: "" };
    const ONE: NodeShape = NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "" };
    let number = |range, errors: &mut Errors| node.read_parts(&ONE, errors).argument(0)?.number(range, errors);
    match node.name() {
        "packages" => {
            let parts = node.read_parts(&LIST, errors);
            let ecosystem = registry.ecosystem;
            registry.packages.extend(parts.arguments.iter().filter_map(|value| read_claim(*value, ecosystem, errors)));
        }
        "mirror" => {
            let parts = node.read_parts(&LIST, errors);
            registry.mirrors.extend(parts.arguments.iter().filter_map(|value| read_url(*value, errors)));
        }
        "priority" => {
            if let Some(priority) = number((-1_000_000, 1_000_000), errors) {
                registry.priority = priority;
            }
        }
        "rate-limit" => registry.rate_limit = read_rate_limit(node, errors),
        "concurrency" => registry.concurrency = number((1, 10_000), errors).and_then(|n| u32::try_from(n).ok()),
        "timeout" => registry.timeout = read_timeout(node, errors),
        "token" => registry.token = read_token(node, errors),
        "age" => registry.admits_unknown_age = read_unknown_age(node, errors),
        "form" => {
            let value = node.read_parts(&ONE, errors).argument(0);
            let form = value.and_then(|value| Some((value.choice(&FORMS, errors)?, value.span)));
            if let Some((form, span)) = form {
                let (is_possible, name, reason) = match form {
                    RegistryForm::Marketplace => (
                        registry.ecosystem.has_marketplaces(),
                        "marketplace",
                        only("a marketplace", Ecosystem::has_marketplaces),
                    ),
                    RegistryForm::Flat | RegistryForm::Index => {
                        let reason = only("a folder or a page of files", Ecosystem::shares_one_folder);
                        (registry.ecosystem.shares_one_folder(), "flat", reason)
                    }
                };
                if is_possible {
                    registry.form = form;
                } else {
                    errors.push(ManifestError::BadValue {
                        value: name.to_owned(),
                        what: "a form of this registry",
                        reason,
                        help: None,
                        span,
                    });
                }
            }
        }
        name if log_trust::OPTIONS.contains(&name) && registry.ecosystem.is_published_with_larder() => {
            log_trust::read(node, &mut registry.log, errors);
        }
        "key" if registry.ecosystem.has_scopes() => registry.keys.extend(registry_key::read(node, errors)),
        name if NOT_YET_SUPPORTED.contains(&name) => node.report_not_yet_supported(errors),
        _ => node.report_unknown("for a registry", &OPTIONS, errors),
    }
}

/// Reads how many requests are made in a time, as the time between two of them: `30` a second, `"30/min"` or `"5/s"`.
fn read_rate_limit(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Duration> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "rate-limit \"30/min\"" };
    let value = node.read_parts(&SHAPE, errors).argument(0)?;
    let Some(text) = value.as_str() else {
        let number = value.number((1, MOST_REQUESTS), errors)?;
        return Some(Duration::from_secs(1) / u32::try_from(number).ok()?);
    };
    let limit = text.split_once('/').and_then(|(number, unit)| {
        let seconds = match unit {
            "s" => 1,
            "min" => 60,
            _ => return None,
        };
        let number = number.parse::<u32>().ok().filter(|number| (1..=MOST_REQUESTS).contains(&i64::from(*number)))?;
        Some(Duration::from_secs(seconds) / number)
    });
    if limit.is_none() {
        errors.push(ManifestError::BadValue {
            value: text.to_owned(),
            what: "a limit of requests",
            reason: format!("it is a number from 1 to {MOST_REQUESTS} and a unit: /s or /min"),
            help: Some("write it like \"30/min\" or \"5/s\"; a number alone is per second".to_owned()),
            span: value.span,
        });
    }
    limit
}

/// Reads how long an answer is waited for.
fn read_timeout(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Duration> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "timeout \"60s\"" };
    let value = node.read_parts(&SHAPE, errors).argument(0)?;
    let timeout = value.duration(errors)?;
    if (SHORTEST_TIMEOUT..=LONGEST_TIMEOUT).contains(&timeout) {
        return Some(timeout);
    }
    errors.push(ManifestError::BadValue {
        value: value.as_str().unwrap_or_default().to_owned(),
        what: "a time to wait for an answer",
        reason: "it is from a second to an hour".to_owned(),
        help: Some("write it like \"60s\"".to_owned()),
        span: value.span,
    });
    None
}

/// Reads the `age` of a registry: whether a version without a time of publication is old enough.
fn read_unknown_age(node: ManifestNode<'_>, errors: &mut Errors) -> bool {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "age { unknown \"allow\"; }",
    };
    const ONE: NodeShape = NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "" };
    node.read_parts(&SHAPE, errors);
    let (mut admits, mut once) = (false, UniqueNodes::default());
    for child in node.children() {
        once.check(child, errors);
        if child.name() == "unknown" {
            let value = child.read_parts(&ONE, errors).argument(0);
            let choice = value.and_then(|value| value.choice(&[("allow", true), ("deny", false)], errors));
            admits = choice.unwrap_or(false);
        } else {
            child.report_unknown("in a registry's `age`", &["unknown"], errors);
        }
    }
    admits
}

fn read_token(node: ManifestNode<'_>, errors: &mut Errors) -> Option<TokenSource> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 1),
        properties: &["env", "file"],
        block: BlockRule::Never,
        example: "token env=\"NAME\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let mut found = Vec::new();
    if let Some(value) = parts.argument(0) {
        // Any other value, of any type, is meant to be the secret.
        if value.as_str() != Some("netrc") {
            errors.push(ManifestError::ClearTextToken { span: value.span });
            return None;
        }
        found.push(TokenSource::Netrc);
    }
    found.extend(read_reference(&parts, "env", errors).map(TokenSource::Env));
    found.extend(read_reference(&parts, "file", errors).map(TokenSource::File));
    if found.len() > 1 {
        errors.push(ManifestError::Unexpected {
            node: "token".to_owned(),
            what: "second reference",
            help: Some("choose one of `env=`, `file=` and `\"netrc\"`".to_owned()),
            span: node.head_span(),
        });
    } else if found.is_empty() && node.entries().is_empty() {
        errors.push(node.missing_error("a reference", Some("it is written `token env=\"NAME\"`".to_owned())));
    }
    found.pop()
}

fn read_reference(parts: &NodeParts<'_>, name: &str, errors: &mut Errors) -> Option<String> {
    let text = parts.property(name)?.string(errors)?;
    if text.value.is_empty() {
        errors.push(ManifestError::BadValue {
            value: String::new(),
            what: "a reference to a token",
            reason: "it is empty".to_owned(),
            help: None,
            span: text.span,
        });
        return None;
    }
    Some(text.value.to_owned())
}

fn read_claim(value: NodeValue<'_>, ecosystem: Ecosystem, errors: &mut Errors) -> Option<Claim> {
    let text = value.string(errors)?;
    match Claim::parse(ecosystem, text.value, text.span) {
        Ok(claim) => Some(claim),
        Err(reason) => {
            let value = text.value.to_owned();
            errors.push(ManifestError::BadValue { value, what: "a glob", reason, help: None, span: text.span });
            None
        }
    }
}

/// Reads a glob of folders.
pub(super) fn read_glob(value: NodeValue<'_>, errors: &mut Errors) -> Option<String> {
    let text = value.string(errors)?;
    let reason = match globset::Glob::new(text.value) {
        Ok(_) if !text.value.is_empty() => return Some(text.value.to_owned()),
        Ok(_) => "it is empty".to_owned(),
        Err(e) => e.kind().to_string(),
    };
    let value = text.value.to_owned();
    errors.push(ManifestError::BadValue { value, what: "a glob", reason, help: None, span: text.span });
    None
}

/// Reads a registry's or mirror's place: a URL, or a folder.
pub(super) fn read_url(value: NodeValue<'_>, errors: &mut Errors) -> Option<RegistryUrl> {
    let text = value.string(errors)?;
    match parse_url(text.value, text.span) {
        Ok(url) => Some(url),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

impl RegistryUrl {
    /// Parses an address that stands outside of a manifest.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse_url(text, (0, 0).into()).map_err(|error| error.to_string())
    }
}

fn parse_url(text: &str, span: SourceSpan) -> Result<RegistryUrl, ManifestError> {
    let scheme = text.split_once(':').map(|(scheme, rest)| (scheme, rest.trim_start_matches('/')));
    let has_credentials = scheme.is_some_and(|(scheme, rest)| {
        is_scheme(scheme) && rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
    });
    if has_credentials {
        return Err(ManifestError::ClearTextToken { span });
    }
    let bad = |reason: &str| ManifestError::BadValue {
        // What a query holds may be a secret.
        value: text.split_inclusive(['?', '#']).next().unwrap_or_default().to_owned(),
        what: "a registry's URL",
        reason: reason.to_owned(),
        help: Some("use https://…, file:… or a folder relative to the manifest".to_owned()),
        span,
    };
    if text.trim().is_empty() || text.trim() != text || text.contains(char::is_control) {
        return Err(bad("it is empty, or has white space at an end"));
    }
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(RegistryUrl::Folder(with_slash(text)));
    };
    if text.contains(char::is_whitespace) {
        return Err(bad("it has white space in it"));
    }
    match scheme.to_ascii_lowercase().as_str() {
        "file" => {
            let path = match rest.strip_prefix("//") {
                Some(path) => path.strip_prefix("localhost").unwrap_or(path),
                None => rest,
            };
            if path.is_empty() || (rest.starts_with("//") && !path.starts_with('/')) {
                return Err(bad("it names a host or nothing"));
            }
            percent_decoded(path)
                .map(|path| RegistryUrl::Folder(with_slash(&path)))
                .ok_or_else(|| bad("a `%` is wrong"))
        }
        "http" | "https" => {
            if !rest.starts_with("//") {
                return Err(bad("`//` is missing"));
            }
            if rest.contains(['?', '#']) {
                return Err(bad("it has a query or a fragment"));
            }
            let url: Url = text.parse().map_err(|_| bad("it has no valid host"))?;
            if !url.is_safe() {
                return Err(ManifestError::PlainHttp { url: text.to_owned(), span });
            }
            Ok(RegistryUrl::Http(url.into_folder()))
        }
        _ => Err(bad("only https, http to loopback, and file are spoken")),
    }
}

fn is_scheme(text: &str) -> bool {
    // A single letter is a Windows drive.
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn with_slash(text: &str) -> Arc<str> {
    if text.ends_with('/') { text.into() } else { format!("{text}/").into() }
}

/// Decodes `%XX`; returns `None` if a `%` is followed by something else, or the result is no text.
fn percent_decoded(text: &str) -> Option<String> {
    let is_code = |rest: &str| rest.get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !text.split('%').skip(1).all(is_code) {
        return None;
    }
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_http_or_folders() {
        let read = |text: &str| parse_url(text, (0, 1).into());
        let http = |text: &str| Ok(RegistryUrl::Http(text.parse().unwrap()));
        let folder = |text: &str| Ok(RegistryUrl::Folder(text.into()));
        assert_eq!(read("https://pypi.org/simple"), http("https://pypi.org/simple/"));
        assert_eq!(read("HTTPS://PyPI.org:443/Simple"), http("https://pypi.org/Simple/"));
        assert_eq!(read("HTTP://127.0.0.1:80"), http("http://127.0.0.1/"));
        assert_eq!(read("http://127.0.0.1:4873"), http("http://127.0.0.1:4873/"));
        assert_eq!(read("http://[::1]:80/x/"), http("http://[::1]:80/x/"));
        assert_eq!(read("http://localhost"), http("http://localhost/"));
        assert_eq!(read("file:///srv/a%20b"), folder("/srv/a b/"));
        assert_eq!(read("file:vendor/npm"), folder("vendor/npm/"));
        assert_eq!(read("../mirror"), folder("../mirror/"));
        assert_eq!(read("vendor dir/npm"), folder("vendor dir/npm/"));
        assert!(matches!(read("http://npm.acme.example/"), Err(ManifestError::PlainHttp { .. })));
        assert!(matches!(read("http://127.0.0.1.acme.example/"), Err(ManifestError::PlainHttp { .. })));
        assert!(matches!(read("http://127.0.0.1@acme.example/"), Err(ManifestError::ClearTextToken { .. })));
        for secret in ["https://me:pw@h/", "ftp://pw@h/", "https:/me:pw@h/", "https://me:p w@h/", "https:me@h"] {
            assert!(matches!(read(secret), Err(ManifestError::ClearTextToken { .. })), "{secret}");
        }
        let query = read("https://h/?token=s3cret").unwrap_err();
        assert!(!query.to_string().contains("s3cret"), "{query}");
        for bad in [
            "ftp://x/",
            "https:/x",
            "https://",
            "https://x:y/",
            "https://x/?a",
            "https://a<b/",
            "",
            " a",
            "https://a b/",
            "file://host/x",
            "file:a%2",
            "file:a%ff",
        ] {
            assert!(matches!(read(bad), Err(ManifestError::BadValue { .. })), "{bad}");
        }
    }
}
