//! `monitor` and `alerts` blocks.

use std::time::Duration;

use super::{check, errors, read};
use crate::manifest::alerts::{Address, SecretSource};
use crate::manifest::monitor::Probe;
use crate::manifest::{ManifestKind, parse};

#[test]
fn a_monitor_block_is_read_whole() {
    let manifest = read(
        "tasks { serve \"uvicorn app:app\"; db \"postgres\"; }\n\
         monitor {\n\
             check \"api\" http=\"http://127.0.0.1:3000/health\" every=\"30s\"\n\
             check \"db\" tcp=\"[::1]:5432\" timeout=\"2s\"\n\
             check \"worker\" process=\"worker.pid\" memory=512\n\
             disk 80; cache 1024; memory 90\n\
             dependencies every=\"2h\"\n\
             restart \"api\" command=\"systemctl restart api\" after=4 { environments \"production\"; }\n\
             service \"api\" task=\"serve\" after=\"db\" memory=512; service \"db\"\n\
             listen \"[::1]:9000\"\n\
         }",
    );
    let monitor = &manifest.monitor;
    let [api, db, worker] = &monitor.checks[..] else { panic!("{monitor:?}") };
    assert!(matches!(&api.probe, Probe::Http(url) if url.as_str() == "http://127.0.0.1:3000/health"));
    assert_eq!((api.every, api.timeout), (Some(Duration::from_secs(30)), None));
    assert_eq!(db.probe, Probe::Tcp { host: "::1".into(), port: 5432 });
    assert_eq!(worker.probe, Probe::Process { file: "worker.pid".into(), memory: Some(512) });
    assert_eq!((monitor.disk, monitor.cache, monitor.memory), (Some(80), Some(1024), Some(90)));
    assert_eq!(monitor.dependencies, Some(Duration::from_secs(7200)));
    assert_eq!((monitor.restarts[0].after, monitor.restarts[0].environments.len()), (4, 1));
    let services: Vec<_> = monitor.services.iter().map(|service| (&*service.task.value, service.memory)).collect();
    assert_eq!(services, [("serve", Some(512)), ("db", None)]);
    assert_eq!(monitor.listen.to_string(), "[::1]:9000");
}

#[test]
fn what_cannot_be_monitored_is_named_where_it_stands() {
    check(
        "monitor { chek \"a\"; check \"b\"; check \"c\" http=\"h\" tcp=\"t\"; check \"d\" http=\"ftp://h/\"; \
         check \"e\" tcp=\"host\"; check \"f\" tcp=\"h:0\"; check \"g\" tcp=\"::1:80\"; check \"h\" process=\"\" }",
        &[
            ("unknown_node", "chek"),
            ("missing", "check \"b\""),
            ("unexpected", "tcp=\"t\""),
            ("bad_value", "\"ftp://h/\""),
            ("bad_value", "\"host\""),
            ("bad_value", "\"h:0\""),
            ("bad_value", "\"::1:80\""),
            ("bad_value", "\"\""),
        ],
    );
    check(
        "monitor { check \"a\" http=\"http://u:secret@h/\"; check \"b\" tcp=\"h:1\" memory=5; check \"b\" tcp=\"h:2\"; \
         check \"disk\" tcp=\"h:3\"; disk 101; disk 5; check \"c\" tcp=\"h:1\" every=\"0s\" timeout=\"61s\" evry=\"1s\" }",
        &[
            ("clear_text_secret", "\"http://u:secret@h/\""),
            ("unexpected", "memory=5"),
            ("repeated", "\"b\""),
            ("bad_name", "\"disk\""),
            ("bad_value", "101"),
            ("repeated", "disk 5"),
            ("bad_value", "\"0s\""),
            ("bad_value", "\"61s\""),
            ("unknown_property", "evry"),
        ],
    );
    check(
        "monitor { listen \"0.0.0.0:80\"; dependencies; dependencies \"nver\" }",
        &[
            ("bad_value", "\"0.0.0.0:80\""),
            ("missing", "dependencies"),
            ("repeated", "dependencies \"nver\""),
            ("unknown_value", "\"nver\""),
        ],
    );
}

#[test]
fn restarts_and_services_name_what_is_declared() {
    check(
        "tasks { web \"x\"; }\nmonitor { check \"api\" tcp=\"h:1\"; restart \"api\" command=\"r\"; restart \"apj\" { environments \"production\"; }; \
         restart \"apk\" command=\" \" { environments \"production\"; } }",
        &[("missing", "restart \"api\" command=\"r\""), ("missing", "restart \"apj\""), ("bad_value", "\" \"")],
    );
    check(
        "monitor { check \"api\" tcp=\"h:1\"; restart \"apj\" command=\"r\" { environments \"prod\"; } }",
        &[("undeclared", "\"apj\""), ("undeclared", "\"prod\"")],
    );
    check(
        "tasks { web \"x\"; }\nmonitor { service \"web\" after=\"b\"; service \"b\" task=\"wep\" after=\"web\"; service \"web\" after=\"c\" }",
        &[("undeclared", "\"wep\""), ("cycle", "\"web\""), ("repeated", "\"web\""), ("undeclared", "\"c\"")],
    );
}

#[test]
fn an_alerts_block_is_read_whole() {
    let manifest = read(
        "alerts {\n\
             slack env=\"HOOK\"\n\
             email \"ops@acme.example\" \"b@acme.example\" from=\"l@acme.example\" {\n\
                 smtp \"smtp://mail.acme.example\"; user \"larder\"; password file=\"/run/secret\"\n\
             }\n\
             pagerduty env=\"KEY\" url=\"http://127.0.0.1:1/v2\"\n\
             webhook \"https://hooks.acme.example/x\" { authorization env=\"TOKEN\"; }\n\
         }",
    );
    let alerts = &manifest.alerts;
    let slack = alerts.slack.as_ref().map(|slack| &slack.value);
    assert_eq!(slack, Some(&SecretSource::Env("HOOK".to_owned())));
    let email = alerts.email.as_ref().unwrap();
    assert_eq!((email.to.len(), email.server.port, email.server.starts_in_clear_text), (2, 587, true));
    let password = email.password.as_ref().map(|password| &password.value);
    assert_eq!(password, Some(&SecretSource::File("/run/secret".to_owned())));
    assert_eq!(alerts.pagerduty.as_ref().unwrap().url.port(), Some(1));
    let webhook = alerts.webhook.as_ref().unwrap();
    assert!(matches!(&webhook.address, Address::Plain(url) if url.host() == "hooks.acme.example"));
}

#[test]
fn a_secret_of_a_channel_is_a_reference() {
    check(
        "alerts { slack \"https://hooks.example/T/B/x\"; pagerduty \"k\"; webhook \"https://h/?key=1\"; \
         email \"a@b\" from=\"c@d\" { smtp \"smtps://u:p@h\"; password \"x\" } }",
        &[
            ("clear_text_secret", "\"https://hooks.example/T/B/x\""),
            ("clear_text_secret", "\"k\""),
            ("clear_text_secret", "\"https://h/?key=1\""),
            ("clear_text_secret", "\"smtps://u:p@h\""),
            ("clear_text_secret", "\"x\""),
        ],
    );
    check(
        "alerts { slack; slak env=\"A\"; pagerduty env=\"A\" file=\"b\" url=\"http://h/\"; webhook; \
         email \"ab\" from=\"c@d\" { smtp \"https://h\"; user \"u\" } }",
        &[
            ("missing", "slack"),
            ("unknown_node", "slak"),
            ("unexpected", "pagerduty env=\"A\" file=\"b\" url=\"http://h/\""),
            ("plain_http", "\"http://h/\""),
            ("missing", "webhook"),
            ("bad_value", "\"ab\""),
            ("bad_value", "\"https://h\""),
            ("missing", "user \"u\""),
        ],
    );
    let failure = parse("m", "alerts { slack \"xyzzy\"; }", ManifestKind::Root).unwrap_err();
    let text = format!("{failure} {:?}", failure.errors);
    assert!(!text.contains("xyzzy"), "{text}");
}

#[test]
fn rules_compare_what_the_monitor_measures() {
    let monitor = "monitor { check \"api\" tcp=\"h:1\"; check \"db\" tcp=\"h:1\"; }\n";
    let manifest = read(&format!(
        "{monitor}alerts {{\n rule \"slow\" when=\"api.responseTime > 2000 and packages.critical == 0\" level=\"error\" category=\"performance\" cooldown=\"15m\"\n \
         rule \"down\" when=\"db.status in ['degraded', 'unhealthy'] or memory >= 99.5\"\n}}"
    ));
    let rules = &manifest.alerts.rules;
    assert_eq!((rules.len(), rules[0].level.as_str(), rules[0].category.as_str()), (2, "error", "performance"));
    assert_eq!((rules[0].cooldown.as_secs(), rules[1].cooldown.as_secs()), (900, 300));
    assert_eq!((rules[1].level.as_str(), rules[1].category.as_str()), ("warning", "health"));
    check(
        &format!(
            "{monitor}alerts {{\n rule \"a\" when=\"api.responsTime > 1\"; rule \"b\" when=\"memory == 'x'\"\n \
             rule \"f\" when=\"cpu > 1\"; rule \"f\" when=\"cpu > 1\"\n}}"
        ),
        &[("bad_expression", "api.responsTime"), ("bad_expression", "'x'"), ("repeated", "\"f\"")],
    );
    check("alerts { rule \"memory\" when=\"memory > 1\"; }", &[("bad_value", "\"memory\"")]);
    for wrong in [
        "rule \"a\" when=\"memory >\"",
        "rule \"a\"",
        "rule when=\"cpu > 1\"",
        "rule \"a\" when=\"cpu > 1\" level=\"grave\"",
        "rule \"a\" when=\"cpu > 1\" category=\"x\"",
        "rule \"a\" when=\"cpu > 1\" cooldown=\"8d\"",
        "rule \"a\" when=\"cpu > 1\" sound=\"x\"",
        "rule \"a\" when=5",
    ] {
        assert_eq!(errors(&format!("alerts {{ {wrong}; }}")).len(), 1, "{wrong}");
    }
    let many: Vec<String> = (0..101).map(|number| format!("rule \"r{number}\" when=\"cpu > 1\"")).collect();
    check(&format!("alerts {{\n{}\n}}", many.join("\n")), &[("unexpected", "\"r100\"")]);
}
