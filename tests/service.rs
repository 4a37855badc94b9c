//! Units that keep services and the monitor running.

use crate::support::{Project, conforms};

const MANIFEST: &str = "project \"shop\"\ntasks { serve \"echo 100% $HOME\"; db \"sleep 1\"; }\n\
                        monitor { service \"api\" task=\"serve\" after=\"db\" memory=512; service \"db\"; }\n";

#[test]
fn units_stand_in_the_order_in_which_they_start_and_systemd_reads_them() {
    let project = Project::alone();
    project.write("larder.kdl", MANIFEST);
    let exported = project.run_json("larder --env production service export systemd -o units --json");
    conforms(&exported, "service");
    let names: Vec<String> = exported["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|file| Some(file["path"].as_str()?.rsplit('/').next()?.to_owned()))
        .collect();
    let ends = |name: &str, end: &str| name.ends_with(end);
    assert!(ends(&names[0], "-db.service") && ends(&names[1], "-api.service") && ends(&names[2], "-monitor.service"));
    let api = project.read(&format!("units/{}", names[1]));
    assert!(api.contains(&format!("After=network-online.target {}\n", names[0])) && api.contains("MemoryMax=512M\n"));
    assert!(api.contains("\"--env\" \"production\" \"run\" \"--locked\" \"serve\"\n"), "{api}");
    let paths: Vec<String> = names.iter().map(|name| format!("units/{name}")).collect();
    let words: Vec<&str> = ["verify"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let verified = project.program("systemd-analyze", &words);
    if verified.status == 127 {
        return crate::sweep::say("NOT TESTED: no systemd-analyze");
    }
    let said = verified.stderr.lines().filter(|line| line.contains("larder-")).collect::<Vec<_>>();
    assert!(verified.status == 0 && said.is_empty(), "{}", verified.stderr);

    // A second run changes nothing, and what was changed stays.
    let listing = project.listing();
    project.run("larder --env production service export systemd -o units").exits(0).names(["Nothing to do"]);
    assert_eq!(project.listing(), listing);
    project.write(&paths[0], "mine");
    project.run("larder --env production service export systemd -o units").exits(1).names(["has other text"]);
    project.run("larder --env production service export systemd -o units --force").exits(0).names(["Replaced"]);
}

#[test]
fn property_lists_parse_and_say_the_same() {
    let project = Project::alone();
    project.write("larder.kdl", MANIFEST);
    project.run("larder --env production service export launchd -o lists").exits(0).names(["launchctl load"]);
    let script = "import glob, plistlib\nfor name in sorted(glob.glob('lists/*')):\n    with open(name, 'rb') as file: \
                  p = plistlib.load(file)\n    print(p['Label'].split('.')[-1], p['KeepAlive'], p['ProgramArguments'][1:], p.get('HardResourceLimits'))";
    let parsed = project.program("python3", &["-c", script]).exits(0).stdout;
    assert_eq!(
        parsed,
        "api True ['--env', 'production', 'run', '--locked', 'serve'] {'ResidentSetSize': 512000000}\n\
         db True ['--env', 'production', 'run', '--locked', 'db'] None\n\
         monitor True ['--env', 'production', 'monitor'] {'ResidentSetSize': 256000000}\n"
    );
}

#[test]
fn wrong_users_and_environments_are_refused() {
    let project = Project::alone();
    project.write("larder.kdl", MANIFEST);
    project.run("larder service export systemd --system 'a b' --print").exits(2);
    project.run("larder --env prod service export systemd --print").exits(2).names(["production"]);
    let printed = project.run("larder service export systemd --system shop --print").exits(0).stdout;
    assert!(printed.contains("\nUser=shop\n") && printed.contains("WantedBy=multi-user.target"), "{printed}");
    let units = project.run_json("larder service export systemd --print --json");
    conforms(&units, "service-print");
    assert_eq!(units.as_array().map(Vec::len), Some(3));
    assert!(!project.has("home/.config"));
}
