//! The `runtimes`, `platforms` and `platform` nodes.

use std::collections::BTreeMap;

use miette::SourceSpan;

use crate::model::{
    Libc, ManagedRuntime, Os, Platform, PythonVersion, RuntimeName, RuntimeSource, RuntimeVersion, Settings,
    TargetPlatform,
};

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape, NodeValue, UniqueNodes, did_you_mean};

/// Reads the `runtimes` block. Returns the spans of the versions.
pub(super) fn read_runtimes(
    node: ManifestNode<'_>,
    settings: &mut Settings,
    errors: &mut Errors,
) -> BTreeMap<RuntimeName, SourceSpan> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "runtimes { node \"22\"; python \"3.12\" }",
    };
    node.read_parts(&SHAPE, errors);
    let mut once = UniqueNodes::default();
    let mut spans = BTreeMap::new();
    for runtime in node.children() {
        once.check(runtime, errors);
        match RuntimeName::ALL.into_iter().find(|name| name.as_str() == runtime.name()) {
            Some(name) => {
                if let Some(span) = read_runtime(runtime, name, settings, errors) {
                    spans.insert(name, span);
                }
            }
            None => runtime.report_unknown("as a runtime", &RuntimeName::ALL.map(RuntimeName::as_str), errors),
        }
    }
    spans
}

/// Reads `node "22"` or `python "3.12" managed=#true exact=#true`.
fn read_runtime(
    node: ManifestNode<'_>,
    name: RuntimeName,
    settings: &mut Settings,
    errors: &mut Errors,
) -> Option<SourceSpan> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["managed", "exact"],
        block: BlockRule::Never,
        example: "node \"22\" managed=#true",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let managed = parts.property("managed").and_then(|value| value.boolean(errors)).unwrap_or_default();
    let exact = parts.property("exact").and_then(|value| Some((value.boolean(errors)?, value.span)));
    if let (Some((true, span)), false) = (exact, managed) {
        errors.push(ManifestError::Unexpected {
            node: name.to_string(),
            what: "`exact`",
            help: Some("it is about the runtime that larder brings: add `managed=#true`".to_owned()),
            span,
        });
    }
    let exact = exact.is_some_and(|(exact, _)| exact);
    let text = parts.argument(0)?.version(errors)?;
    let numbers: Option<Vec<u32>> = match name {
        RuntimeName::Node => {
            settings.node = is_node_version(text.value).then(|| text.value.into());
            settings.node.as_ref().and_then(|text| text.split('.').map(|number| number.parse().ok()).collect())
        }
        RuntimeName::Python => {
            settings.python = python(text.value);
            let is_full = text.value.matches('.').count() == 2;
            settings.python.as_ref().map(|python| {
                let numbers = [python.major, python.minor, python.patch];
                numbers[..if is_full { 3 } else { 2 }].to_vec()
            })
        }
    };
    let Some(numbers) = numbers else {
        errors.push(bad_version(name, text.value, text.span));
        return Some(text.span);
    };
    if managed {
        settings.managed.insert(name, managed_runtime(name, &numbers, exact));
    }
    Some(text.span)
}

/// Returns the rule for a runtime that is declared with these numbers. Of Python, three numbers stand for that patch and later
/// ones, as they do where larder does not bring it; `exact` means the one.
fn managed_runtime(name: RuntimeName, numbers: &[u32], exact: bool) -> ManagedRuntime {
    let number = |place: usize| numbers.get(place).copied().unwrap_or_default();
    let lowest = RuntimeVersion { major: number(0), minor: number(1), patch: number(2) };
    let (fixed, source) = match (name, numbers.len()) {
        (RuntimeName::Node, 1) => (1, RuntimeSource::NodeDistribution),
        (RuntimeName::Node, 2) => (2, RuntimeSource::NodeDistribution),
        (RuntimeName::Node, _) => (3, RuntimeSource::NodeDistribution),
        (RuntimeName::Python, 3) if exact => (3, RuntimeSource::PythonBuildStandalone),
        (RuntimeName::Python, _) => (2, RuntimeSource::PythonBuildStandalone),
    };
    ManagedRuntime { lowest, fixed, exact, source }
}

fn python(text: &str) -> Option<PythonVersion> {
    text.parse::<PythonVersion>().ok().filter(|version| version.major == 3)
}

fn is_node_version(text: &str) -> bool {
    let mut parts = text.split('.');
    let number = |part: &str| {
        !part.is_empty()
            && part.len() < 6
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    parts.clone().count() <= 3 && parts.all(number)
}

fn bad_version(runtime: RuntimeName, text: &str, span: SourceSpan) -> ManifestError {
    let (what, reason, help) = match runtime {
        RuntimeName::Node => {
            ("a version of Node", "it is one to three numbers", "write \"22\" or \"22.11.0\", without operators or `v`")
        }
        RuntimeName::Python => (
            "a version of Python",
            "it is two or three numbers, of Python 3",
            "write \"3.12\": it stands for 3.12.0 and later patches",
        ),
    };
    ManifestError::BadValue {
        value: text.to_owned(),
        what,
        reason: reason.to_owned(),
        help: Some(help.to_owned()),
        span,
    }
}

/// The declared platforms, with their spans.
#[derive(Default)]
pub(super) struct DeclaredPlatforms {
    /// From `platforms`.
    listed: Vec<(Platform, SourceSpan)>,
    /// From `platform` nodes.
    detailed: Vec<(TargetPlatform, SourceSpan)>,
}

impl DeclaredPlatforms {
    /// Reads `platforms "linux-x64" …`.
    pub(super) fn list(&mut self, node: ManifestNode<'_>, errors: &mut Errors) {
        const SHAPE: NodeShape = NodeShape {
            arguments: (0, usize::MAX),
            properties: &[],
            block: BlockRule::Maybe,
            example: "platforms \"linux-x64\" \"macos-arm64\"",
        };
        let parts = node.read_parts(&SHAPE, errors);
        for child in node.children() {
            match child.name() {
                "platform" => self.detail(child, errors),
                _ => child.report_unknown("among platforms", &["platform"], errors),
            }
        }
        if parts.arguments.is_empty() && node.children().next().is_none() {
            errors.push(node.missing_error("a platform", Some(format!("it is written `{}`", SHAPE.example))));
        }
        for value in parts.arguments {
            let Some((platform, span)) = platform(value, errors) else { continue };
            match self.listed.iter().find(|(other, _)| *other == platform) {
                Some((_, first)) => errors.push(repeated(platform, span, *first)),
                None => self.listed.push((platform, span)),
            }
        }
    }

    /// Reads `platform "linux-x64" glibc="2.17"`.
    pub(super) fn detail(&mut self, node: ManifestNode<'_>, errors: &mut Errors) {
        const SHAPE: NodeShape = NodeShape {
            arguments: (1, 1),
            properties: &["glibc", "musl", "macos"],
            block: BlockRule::Never,
            example: "platform \"linux-x64\" glibc=\"2.17\"",
        };
        let parts = node.read_parts(&SHAPE, errors);
        let Some((platform, span)) = parts.argument(0).and_then(|value| platform(value, errors)) else { return };
        let target = TargetPlatform { baseline: baseline(platform, &parts, errors), platform };
        match self.detailed.iter().find(|(other, _)| other.platform == platform) {
            Some((_, first)) => errors.push(repeated(platform, span, *first)),
            None => self.detailed.push((target, span)),
        }
    }

    /// Returns the declared platforms, or else the default ones, sorted.
    pub(super) fn complete(self) -> Vec<TargetPlatform> {
        let mut targets: Vec<TargetPlatform> = self.detailed.into_iter().map(|(target, _)| target).collect();
        for (platform, _) in self.listed {
            if !targets.iter().any(|target| target.platform == platform) {
                targets.push(TargetPlatform::new(platform));
            }
        }
        if targets.is_empty() {
            targets = vec![TargetPlatform::new(Platform::LinuxX64), TargetPlatform::new(Platform::MacosArm64)];
        }
        targets.sort();
        targets
    }
}

fn platform(value: NodeValue<'_>, errors: &mut Errors) -> Option<(Platform, SourceSpan)> {
    let text = value.string(errors)?;
    let platform = text.value.parse().ok();
    if platform.is_none() {
        errors.push(ManifestError::UnknownValue {
            value: text.value.to_owned(),
            what: "a platform".to_owned(),
            help: did_you_mean(text.value, &Platform::ALL.map(Platform::as_str)),
            span: text.span,
        });
    }
    platform.map(|platform| (platform, text.span))
}

fn repeated(platform: Platform, span: SourceSpan, first: SourceSpan) -> ManifestError {
    let what = format!("platform `{platform}`");
    ManifestError::Repeated { what, help: Some("keep one of them".to_owned()), span, first }
}

/// Reads the oldest system that a platform supports, or returns the default.
fn baseline(platform: Platform, parts: &NodeParts<'_>, errors: &mut Errors) -> (u32, u32) {
    let own = match (platform.os(), platform.libc()) {
        (_, Some(Libc::Glibc)) => "glibc",
        (_, Some(Libc::Musl)) => "musl",
        (Os::Macos, _) => "macos",
        _ => "",
    };
    let mut baseline = TargetPlatform::new(platform).baseline;
    for name in ["glibc", "musl", "macos"] {
        let Some(value) = parts.property(name) else { continue };
        let Some(text) = value.version(errors) else { continue };
        if name != own {
            let known: &[&str] = if own.is_empty() { &[] } else { &[own] };
            errors.push(ManifestError::UnknownProperty {
                node: format!("platform \"{platform}\""),
                name: name.to_owned(),
                help: did_you_mean("", known),
                span: value.span,
            });
            continue;
        }
        let (major, minor) = text.value.split_once('.').unwrap_or((text.value, "0"));
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => baseline = (major, minor),
            _ => errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a baseline",
                reason: "it is one or two numbers".to_owned(),
                help: Some("write it like \"2.17\"".to_owned()),
                span: text.span,
            }),
        }
    }
    baseline
}
