//! `~/.netrc`: the file of credentials that ftp, curl and pip share.

/// The credentials for one host.
#[derive(Clone, PartialEq, Eq)]
pub struct NetrcLogin {
    /// The user. May be empty.
    pub user: String,
    /// The password, or token.
    pub password: String,
}

impl std::fmt::Debug for NetrcLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NetrcLogin({}, ***)", self.user)
    }
}

/// Returns a host's credentials from the text of a netrc file: its `machine` entry, or else the `default` entry. Unknown words
/// and macros are skipped.
pub fn find_login(text: &str, host: &str) -> Option<NetrcLogin> {
    let mut words = words(text).into_iter();
    let mut fallback = None;
    let mut current: Option<(bool, NetrcLogin)> = None;
    let mut settle = |entry: Option<(bool, NetrcLogin)>| match entry {
        Some((true, login)) => Some(login),
        Some((false, login)) => {
            fallback.get_or_insert(login);
            None
        }
        None => None,
    };
    let empty = || NetrcLogin { user: String::new(), password: String::new() };
    let mut ours = true;
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                if let Some(found) = settle(current.take()) {
                    return Some(found);
                }
                ours = words.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
                current = ours.then(|| (true, empty()));
            }
            "default" => {
                if let Some(found) = settle(current.take()) {
                    return Some(found);
                }
                ours = true;
                current = Some((false, empty()));
            }
            "login" | "password" | "account" => {
                let value = words.next().unwrap_or_default();
                if let Some((_, login)) = current.as_mut().filter(|_| ours) {
                    match word.as_str() {
                        "login" => login.user = value,
                        "password" => login.password = value,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    settle(current).or(fallback)
}

/// Splits a text into words. Quoted words may contain spaces, `#` at the beginning of a word starts a comment, and a macro ends
/// at an empty line.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut chars = line.chars().peekable();
        while let Some(&c) = chars.peek() {
            if c.is_whitespace() {
                chars.next();
                continue;
            }
            if c == '#' && !words.last().is_some_and(|word| word == "password" || word == "login") {
                break;
            }
            let mut word = String::new();
            if c == '"' {
                chars.next();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    word.extend(if c == '\\' { chars.next() } else { Some(c) });
                }
            } else {
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
            }
            in_macro |= word == "macdef";
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_wins_over_the_default() {
        let text = "default login d password x\n# machine a login no password no\nmachine a\n  login me\n  password \"s p\"\nmacdef init\n machine b login no\n\nmachine b password only";
        let find = |host| find_login(text, host).map(|login| (login.user, login.password)).unwrap();
        assert_eq!(find("a"), ("me".to_owned(), "s p".to_owned()));
        assert_eq!(find("b"), (String::new(), "only".to_owned()));
        assert_eq!(find("c"), ("d".to_owned(), "x".to_owned()));
        assert!(find_login("machine a login x", "b").is_none());
    }
}
