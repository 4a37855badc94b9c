//! The README's lines, as they stand there.

use crate::support::{Project, Universe};

/// Runs the lines of the README's first block of commands behind `heading`; after each, `then` is told the command. Returns how many
/// there are.
fn run_lines(project: &Project, heading: &str, then: impl Fn(&str)) -> usize {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(readme).expect("a README");
    let (_, rest) = text.split_once(heading).expect("the section");
    let (_, rest) = rest.split_once("```sh\n").expect("its lines");
    let (lines, _) = rest.split_once("```").expect("their end");
    let mut commands = 0;
    for line in lines.lines() {
        let command = line.split_once(" #").map_or(line, |(command, _)| command).trim_end();
        if let Some(folders) = command.strip_prefix("mkdir ") {
            folders.split(' ').for_each(|folder| std::fs::create_dir(project.path(folder)).expect("a folder"));
            continue;
        }
        // The support's words are quoted the other way round.
        let swapped = |c| match c {
            '"' => '\'',
            '\'' => '"',
            c => c,
        };
        project.run(&command.chars().map(swapped).collect::<String>()).exits(0);
        commands += 1;
        then(command);
    }
    commands
}

#[test]
fn the_readmes_lines_about_generations_run() {
    let registry = Universe::new()
        .npm("express", "5.1.0", |p| p)
        .npm("vitest", "3.0.0", |p| p)
        .pypi("httpx", "0.28", |p| p)
        .serve();
    let project = Project::new(&registry);
    let commands = run_lines(&project, "### Generations", |command| match command {
        "larder rollback" => assert!(!project.has("node_modules/vitest")),
        "larder sync --forward" | "larder rollback 3" => assert!(project.has("node_modules/vitest")),
        "larder use production" => {
            assert!(project.has("node_modules/express") && !project.has("node_modules/vitest"));
        }
        _ => {}
    });
    assert!((15..=25).contains(&commands), "{commands}");
}

#[test]
fn the_readmes_lines_about_private_packages_run() {
    let project = Project::new(&Universe::new().serve());
    let commands = run_lines(&project, "[Private packages]", |_| {});
    assert_eq!(commands, 8);
    assert!(project.has("shop/node_modules/orders-client/package.json"));
}
