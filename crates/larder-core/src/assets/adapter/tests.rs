//! What adapters' files may say.

use super::*;
use crate::document::SourceFile;

fn check(text: &str) -> Vec<String> {
    let source = SourceFile { file: "a.kdl".into(), text: text.into() };
    let (adapter, mut findings) = Adapter::parse(&source);
    findings.extend(adapter.iter().flat_map(|adapter| adapter.check_complete(&["development", "production"], &source)));
    findings.iter().map(|one| format!("{} {} {}", one.position.line, one.code, one.message)).collect()
}

const SFTP: &str = "adapter kind=\"sftp\" direction=\"in\" {\n  schema \"order#Order\"\n  host \"sftp.example\"; port 22\n  \
                    path \"/out\"\n  pattern \"*.xml\"\n  credentials env=\"SFTP\"\n  \
                    environment \"production\" { host \"prod.example\"; }\n}\n";

#[test]
fn a_complete_adapter_has_nothing_wrong() {
    assert_eq!(check(SFTP), [""; 0]);
    let (adapter, _) = Adapter::parse(&SourceFile { file: "a".into(), text: SFTP.into() });
    let adapter = adapter.unwrap();
    let host = |environment: &str| adapter.parameters_in(environment).remove("host");
    assert_eq!(host("production"), Some(ParameterValue::Texts(vec!["prod.example".to_owned()])));
    assert_eq!(host("staging"), Some(ParameterValue::Texts(vec!["sftp.example".to_owned()])));
    assert_eq!(adapter.credentials, Some(SecretPlace::Env("SFTP".to_owned())));
}

#[test]
fn each_mistake_is_told_at_its_line() {
    for (old, new, expected) in [
        ("kind=\"sftp\"", "kind=\"sfpt\"", "1 adapter.syntax `sfpt` is not a value of `kind`"),
        ("kind=\"sftp\" ", "", "1 adapter.syntax `adapter` needs a `kind=`"),
        (" direction=\"in\"", "", "1 adapter.syntax `adapter` needs a `direction=`"),
        (
            "  host \"sftp.example\";",
            " ",
            "1 adapter.incomplete the adapter has no `host` in environment `development`",
        ),
        ("  path \"/out\"\n", "", "1 adapter.incomplete the adapter has no `path`"),
        ("  schema \"order#Order\"\n", "", "1 adapter.incomplete the adapter has no `schema`"),
        ("  credentials env=\"SFTP\"\n", "", "1 adapter.incomplete the adapter has no `credentials`"),
        ("pattern", "patern", "5 adapter.parameter there is no parameter of sftp adapters `patern`"),
        ("port 22", "port 70000", "3 adapter.syntax `70000` is not possible here: `port` must lie between 1 and 65535"),
        ("port 22", "port \"22\"", "3 adapter.syntax `port` must be a whole number, not a string"),
        (
            "\"sftp.example\"",
            "\"sftp example\"",
            "3 adapter.syntax `sftp example` is not a value of this parameter: it is no name or address of a machine",
        ),
        ("path \"/out\"", "path \"/out\"; path \"/in\"", "4 adapter.syntax `path` is repeated"),
        (
            "{ host \"prod.example\"; }",
            "{ hst \"prod.example\"; }",
            "7 adapter.parameter there is no parameter of sftp adapters `hst`",
        ),
        ("order#Order", "order#", "2 adapter.syntax `order#` names no asset: nothing follows the `#`"),
    ] {
        let text = SFTP.replacen(old, new, 1);
        assert_ne!(text, SFTP, "{old}");
        let found = check(&text);
        assert_eq!(found, [expected.to_owned()], "{new}");
    }
    let found = check(&SFTP.replacen("sftp.example\"; port 22", "sftp.example\"; poll \"soon\"", 1));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn literal_secrets_are_refused_in_every_form() {
    let forms = [
        "credentials \"me:hunter2\"",
        "credentials \"hunter2\" env=\"SFTP\"",
        "credentials password=\"hunter2\"",
        "credentials user=\"me\" password=\"hunter2\"",
        "credentials env=\"hunter 2!\"",
        "credentials { password \"hunter2\"; }",
        "credentials env=\"SFTP\"\n  password \"hunter2\"",
        "credentials env=\"SFTP\"\n  passphrase \"hunter2\"",
        "credentials env=\"SFTP\"\n  private-key \"-----BEGIN OPENSSH PRIVATE KEY-----\"",
        "credentials env=\"SFTP\"\n  pasword \"hunter2\"\n  api-token \"abc\"",
        "credentials env=\"SFTP\"\n  secret #true \"hunter2\"",
        "credentials env=\"SFTP\"\n  move-to \"ftp://me:hunter2@host/\"",
        "credentials env=\"SFTP\"\n  move-to \"/x?api_key=hunter2\"",
        "credentials env=\"SFTP\"\n  move-to \"ghp_0123456789abcdefghijklmnopqrstuvwxyz\"",
        "credentials env=\"SFTP\"\n  environment \"staging\" { credentials \"hunter2\"; }",
        "credentials env=\"SFTP\"\n  environment \"staging\" { passphrase \"hunter2\"; }",
        "credentials env=\"SFTP\"\n  environment \"staging\" { client-secret \"hunter2\"; }",
    ];
    for form in forms {
        let found = check(&SFTP.replacen("credentials env=\"SFTP\"", form, 1));
        let is_secret = |one: &String| one.contains("adapter.secret");
        assert!(found.iter().any(is_secret), "{form}: {found:?}");
        assert!(found.iter().all(|one| !one.contains("hunter2")), "a message repeats the secret: {found:?}");
    }
    let rest = |headers: &str| {
        check(&format!(
            "adapter kind=\"rest\" direction=\"out\" {{\n request \"a\"\n url \"https://h/\"\n path \"/x\"\n headers {{ {headers} }}\n}}\n"
        ))
    };
    for secret in
        ["Authorization \"Bearer abcdef\"", "X-Api-Key \"abc\"", "X \"Basic bWU6aHVudGVyMg==\"", "Cookie \"a=b\""]
    {
        assert!(rest(secret).iter().any(|one| one.contains("adapter.secret")), "{secret}: {:?}", rest(secret));
    }
    for fine in
        ["X-Client \"shop\";", "Authorization env=\"TOKEN\";", "Authorization \"${TOKEN}\";", "Accept \"text/xml\";"]
    {
        assert_eq!(rest(fine), [""; 0], "{fine}");
    }
}

#[test]
fn hostile_files_end_in_findings() {
    for text in [
        "",
        "adapter",
        "adapter kind=1 direction=#null",
        "{",
        "adapter kind=\"file\" direction=\"in\" { schema; path; }",
    ] {
        assert!(!check(text).is_empty(), "{text}");
    }
    let deep = format!("adapter kind=\"file\" direction=\"in\" {}{}", "{ a ".repeat(10_000), "}".repeat(10_000));
    assert!(!check(&deep).is_empty());
}

#[test]
fn a_secret_is_found_in_what_is_commented_out() {
    for (line, what) in [
        ("/- adapter { password \"hunter2\"; }", "a secret in clear text"),
        ("// credentials \"hunter2\"", "a secret in clear text"),
        ("/- url \"https://me:hunter2@acme.example\"", "an address with a password"),
    ] {
        assert_eq!(secret::find_in_text(&format!("{SFTP}{line}\n")), Some((9, what)), "{line}");
    }
    assert_eq!(secret::find_in_text(SFTP), None);
    assert_eq!(secret::find_in_text("headers { Authorization env=\"TOKEN\"; Token-Type \"a\"; }"), None);
}
