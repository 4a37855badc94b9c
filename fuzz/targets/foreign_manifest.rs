#![no_main]
//! Files of other tools. The first line tells which: `pyproject.toml`, `.npmrc` and so on.

use larder_core::import;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some((file, text)) = text.split_once('\n') else { return };
    match file {
        "package.json" => drop(import::package_json(text)),
        "pyproject.toml" => drop(import::pyproject(text)),
        "requirements.txt" => {
            drop(import::requirements(text, &|path| Some(import::LocalPlace::Project(path.to_owned()))))
        }
        "pnpm-workspace.yaml" => drop(import::pnpm_workspace(text)),
        ".npmrc" => drop(import::npmrc(text)),
        ".yarnrc.yml" => drop(import::yarnrc(text)),
        "bunfig.toml" => drop(import::bunfig(text)),
        "lerna.json" => drop(import::lerna(text)),
        _ => {}
    }
});
