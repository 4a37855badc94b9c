//! The README's lines about generations, as they stand there.

use crate::support::{Project, Universe};

#[test]
fn the_readmes_lines_about_generations_run() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(readme).expect("a README");
    let (_, rest) = text.split_once("### Generations").expect("the section");
    let (_, rest) = rest.split_once("```sh\n").expect("its lines");
    let (lines, _) = rest.split_once("```").expect("their end");
    let registry = Universe::new()
        .npm("express", "5.1.0", |p| p)
        .npm("vitest", "3.0.0", |p| p)
        .pypi("httpx", "0.28", |p| p)
        .serve();
    let project = Project::new(&registry);
    let mut commands = 0;
    for line in lines.lines() {
        let command = line.split_once(" #").map_or(line, |(command, _)| command).trim_end();
        // The support's words are quoted the other way round.
        let swapped: String = command
            .chars()
            .map(|c| {
                if c == '"' {
                    '\''
                } else if c == '\'' {
                    '"'
                } else {
                    c
                }
            })
            .collect();
        project.run(&swapped).exits(0);
        commands += 1;
        match command {
            "larder rollback" => assert!(!project.has("node_modules/vitest")),
            "larder sync --forward" | "larder rollback 3" => assert!(project.has("node_modules/vitest")),
            "larder use production" => {
                assert!(project.has("node_modules/express") && !project.has("node_modules/vitest"));
            }
            _ => {}
        }
    }
    assert!((15..=25).contains(&commands), "{commands}");
}
