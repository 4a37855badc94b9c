//! Secrets in clear text, which no file of an asset may have.

use crate::diagnostic::Position;
use crate::mapping::Mapping;

/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 27] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "credential",
    "authorization",
    "bearer",
    "cookie",
    "signature",
    "sharedkey",
    "accountkey",
    "sessionkey",
    "clientkey",
    "encryptionkey",
    "authkey",
    "signingkey",
    "subscriptionkey",
    "functionkey",
    "functionskey",
    "masterkey",
    "sessionid",
];

/// Whole names whose values are secrets: as parts of longer ones they are ordinary words.
const WHOLE_SECRET_NAMES: [&str; 3] = ["sig", "xauth", "bpmcsrf"];

/// Names that only look like it: what they say is where something is, or how.
const PLAIN_NAMES: [&str; 3] = ["tokenurl", "tokenendpoint", "tokentype"];

/// Last words of names that only look like it: what they say is how a secret is, and not the secret.
const DESCRIBING_WORDS: [&str; 25] = [
    "type",
    "algorithm",
    "method",
    "kind",
    "format",
    "length",
    "count",
    "scheme",
    "policy",
    "version",
    "class",
    "level",
    "mode",
    "status",
    "state",
    "name",
    "label",
    "url",
    "uri",
    "endpoint",
    "issuer",
    "expiry",
    "expires",
    "required",
    "enabled",
];

/// The beginnings of tokens that say of themselves what they are, with the fewest characters behind them.
const TOKENS: [(&str, usize); 14] = [
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("npm_", 30),
    ("pypi-", 40),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("sk_live_", 16),
    ("SG.", 40),
    ("AKIA", 16),
    ("eyJ", 20),
    ("AGE-SECRET-KEY-1", 16),
];

/// Returns what is secret in the value of a parameter, in words.
pub fn find(name: &str, value: &str) -> Option<&'static str> {
    if is_reference(value) || value.is_empty() {
        return None;
    }
    if is_secret_name(name) {
        return Some("a secret in clear text");
    }
    find_in(value)
}

/// Returns the first line, counted from 1, of an adapter's text in which a name has a secret, and what that is: also in what is
/// commented out, which no reader of adapters looks at.
pub fn find_in_text(text: &str) -> Option<(usize, &'static str)> {
    text.lines().enumerate().find_map(|(at, line)| {
        let mut parts = line.split('"');
        let mut before = parts.next()?;
        while let Some(value) = parts.next() {
            let is_place = ["env=", "file=", "keyring="].iter().any(|place| before.ends_with(place));
            let name = before.trim_end_matches([' ', '\t', '=']);
            let name = name.rsplit(|c: char| c.is_whitespace() || "{};/=".contains(c)).next().unwrap_or_default();
            if let Some(what) = find(name, value).filter(|_| !is_place) {
                return Some((at + 1, what));
            }
            before = parts.next().unwrap_or_default();
        }
        None
    })
}

/// Returns where a mapping has a secret as a constant or a default, and what that is.
pub fn find_in_mapping(mapping: &Mapping) -> Vec<(Position, &'static str)> {
    let secrets = mapping.literals().into_iter().filter_map(|literal| {
        let is_plain = ["true", "false", "null"].contains(&literal.text)
            || DESCRIBING_WORDS.iter().any(|word| last_word(literal.name).eq_ignore_ascii_case(word));
        let name = if is_plain { "" } else { literal.name };
        Some((literal.position, find(name, literal.text)?))
    });
    secrets.collect()
}

/// Returns the last word of a name: `Algorithm` of `signatureAlgorithm`, `algorithm` of `signature_algorithm`.
fn last_word(name: &str) -> &str {
    let word = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(name);
    if word.chars().all(|c| !c.is_ascii_lowercase()) {
        return word;
    }
    word.rfind(|c: char| c.is_ascii_uppercase()).map_or(word, |at| &word[at..])
}

/// Returns whether the value of a parameter of this name is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let has_part = || SECRET_NAMES.iter().any(|part| plain.contains(part));
    WHOLE_SECRET_NAMES.contains(&plain.as_str()) || !PLAIN_NAMES.contains(&plain.as_str()) && has_part()
}

/// Returns what is secret in a text, whatever it is the value of.
fn find_in(value: &str) -> Option<&'static str> {
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if has_password_in_address(value) {
        return Some("an address with a password");
    }
    // Whoever knows the address may write there.
    if value.contains("://hooks.slack.com/services/") {
        return Some("the address of a webhook");
    }
    let words = value.split(|c: char| c.is_whitespace() || "/=:;,&?\"'".contains(c));
    for (begin, least) in TOKENS {
        let is_token = |word: &str| {
            word.strip_prefix(begin).is_some_and(|rest| {
                rest.len() >= least && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            })
        };
        if words.clone().any(is_token) {
            return Some("a token");
        }
    }
    for scheme in ["basic ", "bearer ", "digest ", "token ", "apikey "] {
        let begins = value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if begins && value[scheme.len()..].trim().len() >= 4 && !is_reference(value[scheme.len()..].trim()) {
            return Some("credentials in clear text");
        }
    }
    // `Server=a;Password=b`, `?api_key=b`
    let assigned = value.split(['&', ';', '?']).filter_map(|part| part.split_once('='));
    let mut assigned = assigned.map(|(name, value)| (name.trim(), value.trim()));
    assigned
        .any(|(name, value)| !name.contains(' ') && is_secret_name(name) && !value.is_empty() && !is_reference(value))
        .then_some("a secret in clear text")
}

/// Returns whether a text stands for a value that is somewhere else: `${NAME}`, `{id}`.
fn is_reference(value: &str) -> bool {
    let inner = value.strip_prefix("${").or_else(|| value.strip_prefix('{')).and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)))
}

/// Returns whether an address has a password: `https://user:secret@host/`.
fn has_password_in_address(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !is_reference(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_mappings_are_constants_and_defaults() {
        let found = |rule: &str| {
            let text = format!("mapping from=\"a\" to=\"b\" {{\n{rule}\n}}\n");
            let mapping = Mapping::parse(&crate::document::SourceFile::new("m.kdl", text.as_str())).expect("a mapping");
            find_in_mapping(&mapping).into_iter().map(|(at, _)| (at.line, at.column)).collect::<Vec<_>>()
        };
        for (rule, column) in [
            ("constant \"hunter2\" to=\"password\"", 10),
            ("constant 1234 to=\"login/Password\"", 10),
            ("constant \"a\" to=\"o:Login/@apiKey\"", 10),
            ("field \"x\" to=\"client-secret\" { default \"abc\"; }", 40),
            ("constant \"a\" to=\"password/value\"", 10),
            ("each \"x\" to=\"tokens\" { constant \"a\" to=\".\"; }", 33),
            ("constant \"Bearer abcdef\" to=\"header\"", 10),
            ("constant \"https://me:hunter2@host/\" to=\"address\"", 10),
        ] {
            assert_eq!(found(rule), [(2, column)], "{rule}");
        }
        for rule in [
            "constant \"EUR\" to=\"currency\"",
            "field \"password\" to=\"password\"",
            "field \"password\" to=\"password\" { default \"\"; }",
            "constant \"${PASSWORD}\" to=\"password\"",
            "constant #true to=\"hasPassword\"",
            "constant \"SHA256\" to=\"signatureAlgorithm\"",
            "constant 5 to=\"token-count\"",
            "constant \"db\" to=\"secretName\"",
            "constant \"user\" to=\"credentials/name\"",
        ] {
            assert_eq!(found(rule), [], "{rule}");
        }
    }

    #[test]
    fn literal_secrets_are_found_in_every_form() {
        for (name, value) in [
            ("password", "hunter2"),
            ("Passphrase", "correct horse"),
            ("api-key", "abc"),
            ("X-Api-Key", "abc"),
            ("client_secret", "abc"),
            ("Authorization", "anything"),
            ("url", "https://me:hunter2@host/"),
            ("url", "ftp://me:pa%20ss@host"),
            ("url", "https://host/?api_key=abc"),
            ("url", "https://hooks.slack.com/services/T0/B0/abc"),
            ("path", "/orders;jsessionid=A1B2"),
            ("BPMCSRF", "abcdef"),
            ("X-Client", "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"),
            ("url", "https://host/x?a=1&token=abc"),
            ("headers", "Bearer abcdef"),
            ("x", "Basic bWU6aHVudGVyMg=="),
            ("path", "/hooks/ghp_0123456789abcdefghijklmnopqrstuvwxyz"),
            ("x", "AKIAIOSFODNN7EXAMPLE"),
            ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"),
            ("x", "-----BEGIN RSA PRIVATE KEY-----\nMIIB"),
            ("connection", "Server=db;User=me;Password=hunter2"),
            ("AccountKey", "abc="),
            ("session-cookie", "abc"),
            ("Ocp-Apim-Subscription-Key", "9f8e"),
            ("X-Functions-Key", "abc"),
            ("X-Auth", "abc"),
            ("url", "https://account.blob.example/c?sv=1&sig=abc123"),
        ] {
            assert!(find(name, value).is_some(), "{name} {value}");
        }
        for (name, value) in [
            ("host", "sftp.partner.example"),
            ("password", "${PASSWORD}"),
            ("token-url", "https://login.example/token"),
            ("url", "https://host/{token}/x"),
            ("url", "https://me@host/"),
            ("url", "https://host/?token=${TOKEN}"),
            ("path", "/orders/{id}"),
            ("subject", "orders: token of thanks"),
            ("pattern", "*.xml"),
            ("headers", "Bearer ${TOKEN}"),
            ("X-Client", "shop"),
            ("auth", "basic"),
            ("design", "plain"),
            ("host-key", "SHA256:abc"),
        ] {
            assert_eq!(find(name, value), None, "{name} {value}");
        }
    }
}
