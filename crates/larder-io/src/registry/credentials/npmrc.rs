//! The credentials of an .npmrc: <https://docs.npmjs.com/cli/v11/configuring-npm/npmrc#auth-related-configuration>.
//!
//! ```text
//! //npm.acme.example/team/:_authToken=${ACME_TOKEN}
//! //npm.acme.example/old/:_auth=dXNlcjpwYXNzd29yZA==
//! //npm.acme.example/new/:username=me
//! //npm.acme.example/new/:_password=cGFzc3dvcmQ=
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Login, Secret};
use crate::import::npmrc_settings;
use crate::model::Url;

/// What an .npmrc has for one host and path. Its values are not expanded yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NpmrcCredential {
    /// `//npm.acme.example/team/`, for `https` and, on this machine, `http`.
    pub scope: String,
    token: Option<String>,
    auth: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

impl std::fmt::Debug for NpmrcCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NpmrcCredential({}, ***)", self.scope)
    }
}

/// Returns the credentials of an .npmrc, in the order of their first lines. A later line replaces an earlier one.
pub fn npmrc_credentials(text: &str) -> Vec<NpmrcCredential> {
    let mut found: Vec<NpmrcCredential> = Vec::new();
    for (key, value) in npmrc_settings(text) {
        let Some((scope, option)) = key.rsplit_once(':').filter(|(scope, _)| scope.starts_with("//")) else { continue };
        if !matches!(option, "_authToken" | "_auth" | "username" | "_password") || value.is_empty() {
            continue;
        }
        let scope = if scope.ends_with('/') { scope.to_owned() } else { format!("{scope}/") };
        let place = found.iter().position(|known| known.scope == scope).unwrap_or_else(|| {
            found.push(NpmrcCredential { scope, token: None, auth: None, user: None, password: None });
            found.len() - 1
        });
        let known = &mut found[place];
        let field = match option {
            "_authToken" => &mut known.token,
            "_auth" => &mut known.auth,
            "username" => &mut known.user,
            _ => &mut known.password,
        };
        *field = Some(value.to_owned());
    }
    found
}

impl NpmrcCredential {
    /// Returns the URL below which the credentials count, if `url` lies there.
    pub fn realm(&self, url: &Url) -> Option<Url> {
        let realm: Url = format!("{}:{}", url.scheme(), self.scope).parse().ok()?;
        (url.is_below(&realm) && !realm.has_credentials() && !realm.has_query()).then_some(realm)
    }

    /// Returns the names of the variables that the values refer to.
    pub fn variables(&self) -> Vec<&str> {
        let values = [&self.token, &self.auth, &self.user, &self.password].into_iter().flatten();
        values.flat_map(|value| references(value)).map(|reference| reference.name).collect()
    }

    /// Returns the credentials with the values of variables, or `None` if a variable is missing, or nothing usable is left. A
    /// token comes before `_auth`, and that before a user with a password, as for npm.
    pub fn login(&self, variable: impl Fn(&str) -> Option<String>) -> Option<Login> {
        let value = |text: &Option<String>| expanded(text.as_deref()?, &variable).filter(|value| !value.is_empty());
        if let Some(token) = value(&self.token) {
            return Some(Login::Token(Secret::new(&token)));
        }
        if let Some(auth) = value(&self.auth) {
            return Some(Login::Basic(Secret::new(&auth)));
        }
        let (user, password) = (value(&self.user)?, value(&self.password)?);
        let password = String::from_utf8(STANDARD.decode(password.trim()).ok()?).ok()?;
        Some(Login::Password { user, password: Secret::new(&password) })
    }
}

/// `${NAME}`, `${NAME?}`, `${NAME-default}` or `${NAME:-default}` in a value.
struct Reference<'t> {
    /// Where it lies, with the backslashes before it.
    range: std::ops::Range<usize>,
    backslashes: usize,
    name: &'t str,
    /// What stands for a variable that is not set. `None`: nothing does.
    default: Option<&'t str>,
}

/// Finds the references to variables, escaped ones too.
fn all_references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| from + at) {
        let Some(length) = text[at + 2..].find('}') else { break };
        let (inner, end) = (&text[at + 2..at + 2 + length], at + 3 + length);
        let backslashes = text[from..at].len() - text[from..at].trim_end_matches('\\').len();
        let (name, default) = match inner.split_once('-') {
            Some((name, default)) => (name.strip_suffix(':').unwrap_or(name), Some(default)),
            None => inner.strip_suffix('?').map_or((inner, None), |name| (name, Some(""))),
        };
        if !name.is_empty() && !inner.contains(['$', '{']) {
            found.push(Reference { range: at - backslashes..end, backslashes, name, default });
        }
        from = end;
    }
    found
}

/// Finds the references that are replaced.
fn references(text: &str) -> impl Iterator<Item = Reference<'_>> {
    all_references(text).into_iter().filter(|reference| reference.backslashes % 2 == 0)
}

/// Replaces the references to variables. A backslash keeps one as it is. Returns `None` if a variable without a default is
/// not set.
fn expanded(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut result, mut from) = (String::new(), 0);
    for reference in all_references(text) {
        result.push_str(&text[from..reference.range.start]);
        result.push_str(&"\\".repeat(reference.backslashes / 2));
        if reference.backslashes % 2 == 1 {
            result.push_str(&text[reference.range.start + reference.backslashes..reference.range.end]);
        } else {
            result.push_str(&variable(reference.name).or_else(|| reference.default.map(str::to_owned))?);
        }
        from = reference.range.end;
    }
    result.push_str(&text[from..]);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str) -> Option<String> {
        (name == "SET").then(|| "value".to_owned())
    }

    #[test]
    fn variables_are_replaced_as_npm_and_pnpm_do() {
        for (text, expected) in [
            ("plain", Some("plain")),
            ("a${SET}b${SET}", Some("avaluebvalue")),
            ("${UNSET}", None),
            ("${UNSET?}", Some("")),
            ("${SET?}", Some("value")),
            ("${UNSET-other-one}", Some("other-one")),
            ("${UNSET:-other}", Some("other")),
            ("${SET-other}", Some("value")),
            ("\\${SET}", Some("${SET}")),
            ("\\\\${SET}", Some("\\value")),
            ("${}", Some("${}")),
            ("${SET", Some("${SET")),
            ("$SET ${ü}", None),
        ] {
            assert_eq!(expanded(text, &set).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_token_comes_before_a_password() {
        let all = npmrc_credentials(
            "# a comment\n//h/a/:_auth=YTpi\n//h/a/:_authToken = \"${SET}\"\n//h/b:username=me\n//h/b/:_password=czNjcmV0\n\
             //h/c/:_auth=YTpi\n//h/d/:_authToken=${UNSET}\n//h/e/:certfile=x\n//h/f/:username=me\n_authToken=old\n",
        );
        let logins: Vec<_> = all.iter().map(|one| (&*one.scope, one.login(set))).collect();
        let secret = Secret::new;
        assert_eq!(
            logins,
            [
                ("//h/a/", Some(Login::Token(secret("value")))),
                ("//h/b/", Some(Login::Password { user: "me".to_owned(), password: secret("s3cret") })),
                ("//h/c/", Some(Login::Basic(secret("YTpi")))),
                ("//h/d/", None),
                ("//h/f/", None),
            ]
        );
        assert_eq!((all[0].variables(), all[3].variables()), (vec!["SET"], vec!["UNSET"]));
        assert!(!format!("{all:?}").contains("YTpi"));
    }

    #[test]
    fn a_scope_is_a_host_with_its_port_and_a_folder() {
        let covers = |scope: &str, url: &str| {
            let all = npmrc_credentials(&format!("{scope}:_authToken=x\n"));
            all[0].realm(&url.parse().unwrap()).is_some()
        };
        assert!(
            covers("//h/", "https://h/npm/")
                && covers("//H/npm", "https://h/npm/")
                && covers("//h:8/", "http://h:8/a/")
        );
        for (scope, url) in [
            ("//h/a/", "https://h/b/"),
            ("//h/a/", "https://h/ab/"),
            ("//h/a/", "https://h/a/..%2fb/"),
            ("//h/", "https://h:8/"),
            ("//h:8/", "https://h/"),
            ("//h/", "https://evil.h/"),
            ("//me@h/", "https://h/"),
            ("//h?/", "https://h/"),
        ] {
            assert!(!covers(scope, url), "{scope} {url}");
        }
    }
}
