//! Publications that go to a server: `PUT api/v1/packages/NAME/VERSION`.
//!
//! ```text
//! Content-Type: application/vnd.larder.submission
//!
//! {"v":1,"type":"publish","body":{…},"archive":"<sha256>","signatures":["…"]}⏎
//! <the bytes of the archive>
//! ```
//!
//! The answer is `{"outcome":"added"}`, `"submitted"` or `"unchanged"`, or a problem (RFC 9457).

use serde::Deserialize;

use super::submit::SubmissionOutcome;
use crate::diagnostic::{Exit, Failure};
use crate::fetch::UploadAnswer;
use crate::model::Label;
use crate::ops::{Project, Result, Session, registries};
use crate::package::Submission;
use crate::registry::CachePolicy;

/// The most characters of a server's words that are shown.
const MAX_SHOWN: usize = 500;

/// Sends a submission of a version to a server.
pub(in crate::ops) fn send(
    session: &Session<'_>,
    project: &Project,
    registry: &Label,
    (name, version): (&str, &str),
    submission: &Submission,
) -> Result<SubmissionOutcome> {
    let registries = registries::open(session, project, CachePolicy::default())?;
    let answer = registries.submit(registry, &format!("packages/{name}/{version}"), submission)?;
    if (200..300).contains(&answer.status) {
        let outcome = serde_json::from_slice::<Accepted>(&answer.bytes).map(|accepted| accepted.outcome);
        return match outcome.as_deref() {
            Ok("added") => Ok(SubmissionOutcome::Added),
            Ok("submitted") => Ok(SubmissionOutcome::Submitted),
            Ok("unchanged") => Ok(SubmissionOutcome::Unchanged),
            _ => Err(RefusedPublication::new(&answer, "it does not say what became of it").into()),
        };
    }
    Err(RefusedPublication::of_problem(&answer).into())
}

/// A server's answer to what it has taken.
#[derive(Deserialize)]
struct Accepted {
    outcome: String,
}

/// What RFC 9457 calls a problem.
#[derive(Default, Deserialize)]
struct ProblemDetails {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

/// A server that does not take a publication.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("registry `{registry}` does not take it ({status}): {reason}")]
#[diagnostic(code(larder::publish::refused), help("{}", self.help()))]
struct RefusedPublication {
    registry: String,
    status: u16,
    reason: String,
}

impl RefusedPublication {
    fn new(answer: &UploadAnswer, reason: &str) -> Self {
        let shown = reason.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
        Self { registry: answer.server.registry.to_string(), status: answer.status, reason: shown }
    }

    fn of_problem(answer: &UploadAnswer) -> Self {
        let is_problem =
            answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/problem+json"));
        let problem = if is_problem {
            serde_json::from_slice::<ProblemDetails>(&answer.bytes).unwrap_or_default()
        } else {
            ProblemDetails::default()
        };
        let said: Vec<String> = [problem.title, problem.detail].into_iter().filter(|text| !text.is_empty()).collect();
        let reason = if said.is_empty() { format!("it does not say why: {}", answer.url) } else { said.join(": ") };
        Self::new(answer, &reason)
    }

    fn help(&self) -> &'static str {
        match self.status {
            401 => {
                "`larder login` to the registry, or give it a `token` in larder.kdl, and check that the token is still valid"
            }
            403 => "ask the registry's owner for a token that may publish this package",
            404 | 405 => {
                "check that the registry's URL is that of a server which takes publications; a folder of static files is published to on its machine"
            }
            409 => "a published version never changes: raise `version` in larder.kdl",
            _ => "nothing was published",
        }
    }
}

impl Failure for RefusedPublication {
    fn exit(&self) -> Exit {
        match self.status {
            400 | 409 | 413 | 415 | 422 => Exit::Refused,
            _ => Exit::Network,
        }
    }
}
