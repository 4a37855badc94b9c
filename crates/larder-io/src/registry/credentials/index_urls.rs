//! URLs of Python indexes that have a user and a password in them, as pip and uv read them:
//! <https://pip.pypa.io/en/stable/topics/authentication/>, <https://docs.astral.sh/uv/concepts/authentication/http/>.

use toml::{Table, Value};

use super::{Login, Secret};
use crate::import::pip_options;
use crate::model::Url;

/// The credentials of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCredential {
    /// The index, without them.
    pub url: Url,
    /// The user and the password.
    pub login: Login,
}

/// Returns the credentials of a pip.conf.
pub fn of_pip_conf(text: &str) -> Vec<IndexCredential> {
    let indexes = pip_options(text).into_iter().filter(|(option, _)| is_index_option(option));
    indexes.filter_map(|(_, url)| credential(url)).collect()
}

/// Returns the credentials of a uv.toml, or of the `[tool.uv]` of a pyproject.toml.
pub fn of_uv_settings(uv: &Table) -> Vec<IndexCredential> {
    let pip = uv.get("pip").and_then(Value::as_table);
    let lists = [Some(uv), pip].into_iter().flatten().flat_map(|table| {
        let options = table.iter().filter(|(option, _)| is_index_option(option));
        options.flat_map(|(_, value)| std::iter::once(value).chain(value.as_array().into_iter().flatten()))
    });
    let indexes = uv.get("index").and_then(Value::as_array).into_iter().flatten();
    let named = indexes.filter_map(|index| index.get("url"));
    named.chain(lists).filter_map(Value::as_str).filter_map(credential).collect()
}

/// Returns the credentials of a variable that lists URLs: `PIP_EXTRA_INDEX_URL`, `UV_INDEX`.
pub fn of_variable(text: &str) -> Vec<IndexCredential> {
    // uv's may have a name: `NAME=URL`.
    let url = |word: &str| match word.split_once('=') {
        Some((name, url)) if !name.contains(':') => credential(url),
        _ => credential(word),
    };
    text.split_whitespace().filter_map(url).collect()
}

fn is_index_option(name: &str) -> bool {
    matches!(name, "index-url" | "extra-index-url" | "find-links")
}

fn credential(url: &str) -> Option<IndexCredential> {
    let (url, credentials) = url.parse::<Url>().ok()?.into_folder().split_credentials();
    let (user, password) = credentials?;
    Some(IndexCredential { url, login: Login::Password { user, password: Secret::new(&password) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &[IndexCredential]) -> Vec<String> {
        let one = |one: &IndexCredential| match &one.login {
            Login::Password { user, password } => format!("{} {user} {}", one.url, password.text()),
            other => panic!("{other:?}"),
        };
        found.iter().map(one).collect()
    }

    #[test]
    fn urls_of_indexes_have_users_and_passwords() {
        let pip = "[global]\nindex-url = https://me:s%40cret@h/simple\nextra-index-url =\n    https://h/public\n    https://token@h/x/\n\
                   [list]\nindex-url = https://no:no@h/\n";
        assert_eq!(shown(&of_pip_conf(pip)), ["https://h/simple/ me s@cret", "https://h/x/ token "]);
        let uv = "index-url = 'https://a:b@h/'\nextra-index-url = ['https://c:d@h/c']\n[[index]]\nname = 'x'\nurl = 'https://e:f@h/e'\n\
                  [[index]]\nurl = 7\n[pip]\nindex-url = 'https://g:h@h/g'\n";
        let found = shown(&of_uv_settings(&uv.parse().unwrap()));
        assert_eq!(found, ["https://h/e/ e f", "https://h/c/ c d", "https://h/ a b", "https://h/g/ g h"]);
        let found = shown(&of_variable(" https://a:b@h/a?x=1 acme=https://c:d@h/c\nnonsense"));
        assert_eq!(found, ["https://h/a/?x=1 a b", "https://h/c/ c d"]);
        assert!(!format!("{:?}", of_pip_conf(pip)).contains("s@cret"));
    }
}
