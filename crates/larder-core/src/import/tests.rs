use super::*;
use crate::manifest::{ManifestKind, parse};
use crate::model::Platform;

const PACKAGE_JSON: &str = r#"{
  "name": "@acme/store front",
  "engines": { "node": ">=20 <23" },
  "dependencies": { "react": "^18.3", "r16": "npm:react@^16", "mine": "git+https://host/x.git", "any": "", "fs": "1" },
  "devDependencies": { "vitest": "^3", "linked": "file:../x", "ws": "workspace:*" },
  "optionalDependencies": { "fs": "^2" },
  "peerDependencies": { "x": "1" },
  "workspaces": ["./packages/*", "!packages/old"]
}"#;

const PYPROJECT: &str = r#"
[project]
name = "Shop"
requires-python = ">=3.11,<4"
dependencies = [
  "FastAPI[standard] >=0.115,<1",
  "pywin32>=306; sys_platform == 'win32'",
  "own @ git+https://host/own",
  "old (>=1)",
  "sourced",
  "bare",
]
[project.optional-dependencies]
docs = ["sphinx>=8", "shop[extra]"]
[dependency-groups]
lint = ["ruff"]
dev = ["pytest>=8", { include-group = "lint" }, { include-group = "dev" }]
[tool.uv.sources]
sourced = { git = "https://host/x" }
"#;

const REQUIREMENTS: &str = "# pinned
requests==2.32.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb  # by a tool
-r other.txt
-e ./local
--index-url https://pypi.org/simple
./wheels/x.whl
https://host/x.whl
numpy<2 ; python_version < '3.12'
numpy>=2 ; python_version >= '3.12'
numpy==1
broken===>
";

fn words(imported: &Imported) -> Vec<String> {
    imported.lines.iter().map(ImportedLine::what).collect()
}

fn refused(imported: &Imported) -> Vec<&str> {
    imported.not_taken.iter().map(|one| one.what.as_str()).collect()
}

#[test]
fn a_tag_in_the_place_of_a_range_admits_the_node_that_is_there() {
    let imported = package_json(r#"{"engines":{"node":"lts"}}"#).unwrap();
    let (host, node) = (Platform::LinuxX64, Some("22.1.0"));
    let text = template(&Template { name: "x", host, node, python: None, imported: &imported });
    assert!(text.contains("node \"22\""), "{text}");
}

#[test]
fn package_json_becomes_npm_lines() {
    let imported = package_json(PACKAGE_JSON).unwrap();
    let lines = [
        "npm any",
        "npm mine https://host/x.git",
        "npm r16 npm:react@^16",
        "npm react ^18.3",
        "npm fs ^2",
        "path ../x",
        "npm vitest ^3",
        "npm ws *",
    ];
    assert_eq!(words(&imported), lines);
    assert!(imported.lines[4].optional && imported.lines[5].group.is_some());
    assert_eq!(imported.workspace, [(Ecosystem::Npm, "ws".to_owned())].into());
    assert_eq!(imported.folders, [("../x".to_owned(), Some("linked".to_owned()))].into());
    assert_eq!(imported.members, ["packages/*", "!packages/old"]);
    assert!(imported.is_member("packages/new") && !imported.is_member("packages/old"));
    assert_eq!(refused(&imported), ["peerDependencies x"]);
    assert!(package_json("[]").is_err());
}

#[test]
fn pyproject_becomes_lines_and_groups() {
    let imported = pyproject(PYPROJECT).unwrap();
    let groups: Vec<(&str, usize)> =
        imported.groups().iter().map(|(name, lines)| (name.as_str(), lines.len())).collect();
    assert_eq!(groups, [("dev", 2), ("docs", 1), ("lint", 1)]);
    assert_eq!(imported.dev_groups.iter().map(Label::as_str).collect::<Vec<_>>(), ["dev", "lint"]);
    assert_eq!(
        words(&imported)[..6],
        [
            "pypi FastAPI[standard] >=0.115,<1",
            "pypi pywin32 >=306",
            "pypi own https://host/own",
            "pypi old >=1",
            "pypi sourced https://host/x",
            "pypi bare"
        ]
    );
    assert_eq!(refused(&imported), ["shop[extra]"]);
    assert!(pyproject("= 1").is_err());
}

#[test]
fn environments_include_what_the_tool_installs_unasked() {
    let project = "[project]\nname='x'\nversion='1'\n[dependency-groups]\ndev=['a']\ntest=['b']\ndocs=['c']\n";
    let optional = |rest: &str| {
        let imported = pyproject(&format!("{project}{rest}")).unwrap();
        imported.optional_groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    // PDM: all groups, and no extra. Where nothing names a tool, `dev` and what it includes.
    assert_eq!(optional("[tool.pdm]\n"), "");
    assert_eq!(optional("[tool.pdm]\n[project.optional-dependencies]\ncpu=['d']\n"), "cpu");
    assert_eq!(optional("[tool.hatch.envs.lint]\ndependencies=['e']\n"), "lint");
    assert_eq!(optional(""), "docs test");
    // Hatch's own file is in the place of its table.
    let files = |file: &str| match file {
        "pyproject.toml" => Some(format!("{project}[tool.hatch.envs.old]\ndependencies=['d']\n")),
        _ => (file == "hatch.toml").then(|| "[envs.lint]\ndependencies=['e']\n".to_owned()),
    };
    let imported = crate::import::python(&files).unwrap();
    assert_eq!(imported.optional_groups.iter().map(ToString::to_string).collect::<Vec<_>>(), ["lint"]);
    // uv: `dev`, unless it says otherwise.
    assert_eq!(optional("[tool.uv]\n"), "docs test");
    assert_eq!(optional("[tool.uv]\ndefault-groups=['Test']\n"), "dev docs");
    assert_eq!(optional("[tool.uv]\ndefault-groups='all'\n"), "");
    // Poetry: all that are not optional.
    assert_eq!(optional("[tool.poetry.group.docs]\noptional=true\n"), "docs");

    let mut root = pyproject(&format!("{project}[tool.uv]\n[project.optional-dependencies]\ncpu=['d']\n")).unwrap();
    let written = |imported: &Imported| {
        let (host, python) = (Platform::LinuxX64, Some("3.12.1"));
        let text = template(&Template { name: "x", host, node: None, python, imported });
        text[text.find("\nenvironment").unwrap_or(text.len())..].to_owned()
    };
    let production = "environment \"production\"\n";
    assert_eq!(written(&root), format!("\nenvironment \"development\" {{\n    include \"dev\"\n}}\n{production}"));
    // A member's group is one of the project; what one file installs unasked is installed.
    root.take_from_member(pyproject("[project]\nname='m'\nversion='1'\n[dependency-groups]\nlint=['a']\n").unwrap());
    root.merge(package_json(r#"{"devDependencies": {"left": "1"}}"#).unwrap());
    let all = "\nenvironment \"development\" {\n    include \"dev\" \"lint\"\n}\n";
    assert_eq!(written(&root), format!("{all}{production}"));
    let none = pyproject("[project]\nname='x'\nversion='1'\n[project.optional-dependencies]\ncpu=['d']\n").unwrap();
    assert_eq!(written(&none), format!("\nenvironment \"development\"\n{production}"));
}

#[test]
fn requirements_are_taken_and_options_listed() {
    let imported = requirements(REQUIREMENTS, &|_| None);
    assert_eq!(words(&imported), ["pypi requests ==2.32.3", "pypi numpy <2", "pypi numpy >=2"]);
    assert_eq!(
        refused(&imported),
        ["-e ./local", "./wheels/x.whl", "https://host/x.whl", "pypi numpy ==1", "pypi broken ===>",]
    );
    assert_eq!(imported.includes, ["other.txt"]);
}

#[test]
fn folders_that_requirements_name_become_path_lines() {
    let lines = "-e .[dev]\n--editable=./libs/a\n./libs/b[x] ; python_version >= '3.11'\nfile:libs/c\n-e ../away\n\
                 -e git+https://host/d.git@v1#egg=d&subdirectory=py\n";
    let project_at = |path: &str| {
        let folder = path.trim_start_matches("./");
        (!folder.starts_with("..")).then(|| LocalPlace::Project(folder.to_owned()))
    };
    let imported = requirements(lines, &project_at);
    assert_eq!(
        words(&imported),
        [
            "path .[dev]",
            "path libs/a",
            "path libs/b[x]",
            "path libs/c",
            "pypi d https://host/d.git (rev v1, folder py)"
        ]
    );
    assert_eq!(refused(&imported), ["-e ../away"]);
}

#[test]
fn a_file_that_asks_for_a_package_twice_asks_for_both() {
    let text = "[project]\nname='shop'\nversion='1'\n[build-system]\nrequires=['hatchling']\n[dependency-groups]\n\
                dev=['pillow>=9', {include-group='pins'}, 'shop[a]', 'shop[b,a]', 'httpx[http2]', 'httpx']\npins=['pillow~=12.0']\n\
                [project.optional-dependencies]\na=['x']\nb=['y']\n";
    let imported = pyproject(text).unwrap();
    let dev: Vec<String> = imported
        .lines
        .iter()
        .filter(|line| line.group.as_ref().is_some_and(|group| group.as_str() == "dev"))
        .map(ImportedLine::what)
        .collect();
    assert_eq!(dev, ["pypi pillow >=9,~=12.0", "path .[a,b]", "pypi httpx[http2]"]);
    assert_eq!(refused(&imported), [""; 0]);
}

#[test]
fn another_file_adds_extras_and_no_range() {
    let mut imported = requirements("uvicorn>=0.30\n", &|_| None);
    imported.merge(requirements("uvicorn[standard]\n", &|_| None));
    imported.merge_requirements(requirements("uvicorn==0.31\n", &|_| None), "requirements.lock.txt");
    assert_eq!(words(&imported), ["pypi uvicorn[standard] >=0.30"]);
    assert_eq!((refused(&imported), &*imported.pin_files), (Vec::new(), &["requirements.lock.txt".to_owned()][..]));
}

#[test]
fn what_init_writes_is_a_manifest() {
    let mut imported = package_json(PACKAGE_JSON).unwrap();
    imported.merge(pyproject(PYPROJECT).unwrap());
    imported.merge(requirements(REQUIREMENTS, &|_| None));
    let from = |node, python, imported| {
        template(&Template { name: "store front", host: Platform::LinuxX64, node, python, imported })
    };
    let text = from(Some("v22.11.0"), Some("3.13.1"), &imported);
    let manifest = parse("larder.kdl", &text, ManifestKind::Root).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    assert_eq!(
        manifest.dependencies.len() + manifest.groups.iter().map(|g| g.dependencies.len()).sum::<usize>(),
        imported.lines.len()
    );
    insta::assert_snapshot!(text, @r#"
project "store-front"

runtimes {
    node "22"
    python "3.13"
}

platforms "linux-x64"

dependencies {
    npm "any"
    npm "fs" "^2" optional=#true
    npm "mine" git="https://host/x.git"
    npm "r16" "npm:react@^16"
    npm "react" "^18.3"
    pypi "FastAPI[standard]" ">=0.115,<1"
    pypi "bare"
    pypi "numpy" "<2" when="python_version < '3.12'"
    pypi "numpy" ">=2" when="python_version >= '3.12'"
    pypi "old" ">=1"
    pypi "own" git="https://host/own"
    pypi "pywin32" ">=306" when="sys_platform == 'win32'"
    pypi "requests" "==2.32.3"
    pypi "sourced" git="https://host/x"
}

group "dev" dev=#true {
    npm "vitest" "^3"
    npm "ws" "*"
    pypi "pytest" ">=8"
    pypi "ruff"
    path "../x" name="linked"
}

group "docs" {
    pypi "sphinx" ">=8"
}

group "lint" dev=#true {
    pypi "ruff"
}

environment "development" {
    include "dev"
}
environment "production"

members "packages/*" "!packages/old"
"#);
    let empty = Imported::default();
    let text = from(None, None, &empty);
    assert_eq!(text, "project \"store-front\"\n\nplatforms \"linux-x64\"\n\ndependencies {\n}\n");
    assert!(parse("larder.kdl", &text, ManifestKind::Root).is_ok());
    let text = from(Some("18.0.0"), Some("3.9.1"), &imported);
    assert!(text.contains("node \"20\"\n    python \"3.11\""), "what the files admit wins: {text}");
    for name in ["", "..", "ü", "@a", "@acme/x", "a b/c", "node_modules"] {
        let text = template(&Template { name, host: Platform::MacosArm64, node: None, python: None, imported: &empty });
        assert!(parse("larder.kdl", &text, ManifestKind::Root).is_ok(), "{text}");
    }
}

fn text_of(imported: &Imported) -> String {
    let text =
        template(&Template { name: "x", host: Platform::LinuxX64, node: None, python: Some("3.12.1"), imported });
    assert!(parse("larder.kdl", &text, ManifestKind::Root).is_ok(), "{text}");
    text
}

#[test]
fn overrides_of_npm_yarn_and_pnpm_become_lines() {
    let mut imported = package_json(
        r#"{"dependencies": {"direct": "^3"},
            "overrides": {"a": "1.0.0", "b": {"c": "2", ".": "3"}, "d": "$direct", "e": {"f": {"g": "1"}}, "h@<3": "3"},
            "resolutions": {"**/i": "1", "@s/j/k": "npm:2.x", "l": "patch:l@npm%3A1.0.0#x", "m@npm:2.0.0": "npm:^2.1"},
            "pnpm": {"overrides": {"m>n": "1", "o": "-", "p@1": "2", "r@>=1 <3": "3", "s@1>t": "1", "u@1>v": "-", "w": "$direct", "x": "$none"}, "patchedDependencies": {"q@1.0.0": "q.patch"}}}"#,
    )
    .unwrap();
    imported.settle_catalogs();
    let text = text_of(&imported);
    for line in [
        "override npm \"a\" \"1.0.0\"",
        "override npm \"w\" \"^3\"",
        "override npm \"b>c\" \"2\"",
        "override npm \"b\" \"3\"",
        "override npm \"d\" \"^3\"",
        "override npm \"i\" \"1\"",
        "override npm \"@s/j>k\" \"2.x\"",
        "override npm \"m>n\" \"1\"",
        "override npm \"o\"\n",
        "override npm \"h@<3\" \"3\"",
        "override npm \"p@1\" \"2\"",
        "override npm \"r@>=1 <3\" \"3\"",
        "override npm \"l\" \"1.0.0\"",
        "override npm \"m@2.0.0\" \"^2.1\"",
        "patch npm \"l\" \"1.0.0\" \"x\"",
        "patch npm \"q\" \"1.0.0\" \"q.patch\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(refused(&imported), ["overrides e>f", "override s@1>t 1", "override u@1>v -", "override x $none"]);
}

#[test]
fn a_workspace_file_names_members_and_what_it_sets_is_listed() {
    let imported = pnpm_workspace(
        "packages:\n  - apps/*\n  - '!apps/old'\n  - .\ncatalog:\n  react: ^19\noverrides:\n  a: 1.0.0\nminimumReleaseAge: 1440\n",
    )
    .unwrap();
    assert_eq!(imported.members, ["apps/*", "!apps/old"]);
    assert!(refused(&imported).is_empty());
    assert!(text_of(&imported).contains("override npm \"a\" \"1.0.0\""));
    assert_eq!(pnpm_workspace("").unwrap(), Imported::default());
    assert_eq!(lerna(r#"{"packages": ["packages/*"]}"#).unwrap().members, ["packages/*"]);
}

#[test]
fn an_age_is_demanded_of_the_packages_that_the_tool_demands_it_of() {
    let age_of = |files: &[Imported]| {
        let mut all = Imported::default();
        files.iter().cloned().for_each(|file| all.merge(file));
        assert!(refused(&all).is_empty(), "{:?}", all.not_taken);
        text_of(&all).lines().find(|line| line.contains("age ")).unwrap_or_default().trim().to_owned()
    };
    let pnpm =
        pnpm_workspace("minimumReleaseAge: 20160\nminimumReleaseAgeExclude: ['@acme/*', 'ws@8.21.0 || 8.22.0']\n");
    let pnpm = pnpm.unwrap();
    let uv = pyproject("[tool.uv]\nexclude-newer = '7 days'\nexclude-newer-package = { six = false, idna = '1 second', django = '2026-08-04T15:05:00Z' }\n").unwrap();
    assert_eq!(
        age_of(std::slice::from_ref(&pnpm)),
        "age \"14d\" { exempt pypi \"*\"; exempt npm \"@acme/*\"; exempt npm \"ws\" versions=\"8.21.0 || 8.22.0\"; }"
    );
    assert_eq!(
        age_of(std::slice::from_ref(&uv)),
        "age \"7d\" { exempt npm \"*\"; exempt pypi \"django\" before=\"2026-08-04T15:05:00Z\"; exempt pypi \"idna\"; exempt pypi \"six\"; }"
    );
    assert!(age_of(&[uv, pnpm]).starts_with("age \"14d\" { exempt npm \"@acme/*\";"), "the longer of both");
    for (file, age) in [
        (bunfig("[install]\nminimumReleaseAge = 259200\nminimumReleaseAgeExcludes = ['left']\n").unwrap(), "3d"),
        (yarnrc("npmMinimalAgeGate: 1440\nnpmPreapprovedPackages: ['left']\n").unwrap(), "1d"),
        (yarnrc("npmMinimalAgeGate: 36h\nnpmPreapprovedPackages: ['left']\n").unwrap(), "36h"),
        (npmrc("minimum-release-age=90\nminimum-release-age-exclude=left\n"), "90m"),
        (npmrc("min-release-age=3\nminimum-release-age-exclude=left\n"), "3d"),
    ] {
        assert_eq!(age_of(&[file]), format!("age \"{age}\" {{ exempt pypi \"*\"; exempt npm \"left\"; }}"));
    }
    assert_eq!(age_of(&[npmrc("minimum-release-age=0\n")]), "");
    assert_eq!(refused(&pnpm_workspace("minimumReleaseAge: often\n").unwrap()), ["minimumReleaseAge"]);
}

#[test]
fn what_a_version_of_pnpm_hoists_unasked_is_known() {
    let globs = |manager: &str| hoisted_by_default(&format!("{{\"packageManager\": \"{manager}\"}}"));
    assert_eq!(globs("pnpm@9.15.0+sha512.ab"), ["*eslint*", "*prettier*"]);
    assert_eq!(globs("pnpm@6.35.1").len(), 4);
    for later in ["pnpm@10.0.0", "pnpm@12.1.0", "yarn@4.1.0", "pnpm@latest"] {
        assert!(globs(later).is_empty(), "{later}");
    }
    assert!(hoisted_by_default("{}").is_empty() && hoisted_by_default("no").is_empty());
}

#[test]
fn what_pnpm_hoists_is_hoisted_and_the_strict_stay_strict() {
    let workspace = "publicHoistPattern:\n  - '@tailwindcss/*'\n  - '!@tailwindcss/old'\nnodeLinker: isolated\n";
    let file =
        "public-hoist-pattern[]=*eslint*\npublic-hoist-pattern[]=@tailwindcss/*\nhoist=true\nshamefully-hoist=false\n";
    let mut imported = pnpm_workspace(workspace).unwrap();
    imported.merge(npmrc(file));
    let text = text_of(&imported);
    assert!(text.contains("hoist npm \"@tailwindcss/*\" \"!@tailwindcss/old\" \"*eslint*\"\n"), "{text}");
    assert!(!text.contains("fallback") && refused(&imported).is_empty(), "{text} {:?}", imported.not_taken);

    for (strict, shameful) in [
        (npmrc("hoist=false\n"), npmrc("shamefully-hoist=true\n")),
        (pnpm_workspace("hoist: false\n").unwrap(), pnpm_workspace("shamefullyHoist: true\n").unwrap()),
    ] {
        assert!(text_of(&strict).contains("resolution {\n    fallback \"off\"\n}\n"));
        assert!(text_of(&shameful).contains("resolution {\n    hoist npm \"*\"\n}\n"));
        assert_eq!((refused(&strict).len(), refused(&shameful).len()), (0, 0));
    }

    let refused_ones =
        npmrc("node-linker=hoisted\nhoist-pattern[]=*types*\nhoist-pattern=*\npublic-hoist-pattern[]=x[\n");
    let words = [".npmrc node-linker=hoisted", ".npmrc hoist-pattern", "the pattern `x[` of names to hoist"];
    assert_eq!(refused(&refused_ones), words);
    assert_eq!(refused(&pnpm_workspace("nodeLinker: pnp\n").unwrap()), ["nodeLinker=pnp"]);
}

#[test]
fn registries_are_kept_and_tokens_are_not() {
    let imported = npmrc(
        "; a comment\nregistry=https://npm.acme.example/\n@acme:registry=https://own.acme.example/npm/\n\
         //own.acme.example/npm/:_authToken=s3cret\n//own.acme.example/:certfile=x\nsave-exact=true\nnode-linker=hoisted\n",
    );
    let text = text_of(&imported);
    assert!(text.contains("npm \"npmjs\" \"https://npm.acme.example/\""), "{text}");
    assert!(text.contains("npm \"acme\" \"https://own.acme.example/npm/\" {\n        packages \"@acme/*\""), "{text}");
    assert_eq!(refused(&imported), [".npmrc certfile", ".npmrc node-linker=hoisted"]);
    assert!(!format!("{imported:?}").contains("s3cret"));
}

#[test]
fn uvs_indexes_overrides_and_cutoff_are_kept() {
    let imported = pyproject(
        "[project]\nname = 'x'\ndependencies = ['torch']\n[tool.uv]\noverride-dependencies = ['urllib3>=2.2']\n\
         exclude-newer = '2026-10-01'\n[[tool.uv.index]]\nname = 'torch-cpu'\nurl = 'https://torch.example/cpu'\nexplicit = true\n\
         [[tool.uv.index]]\nurl = 'https://own.example/simple'\n[tool.uv.sources]\ntorch = { index = 'torch-cpu' }\n\
         [tool.uv.workspace]\nmembers = ['libs/*']\nexclude = ['libs/old']\n",
    )
    .unwrap();
    let text = text_of(&imported);
    for line in [
        "pypi \"torch-cpu\" \"https://torch.example/cpu\" {\n        packages \"torch\"",
        "pypi \"own-example\" \"https://own.example/simple\" {\n        priority 1",
        "released-before \"2026-10-02T00:00:00Z\"",
        "override pypi \"urllib3\" \">=2.2\"",
        "members \"libs/*\" \"!libs/old\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn uvs_overrides_take_ranges_and_packages_away() {
    let imported = pyproject(
        "[project]\nname = 'x'\n[tool.uv]\noverride-dependencies = ['numpy', \"opencv-python; sys_platform == 'never'\", \
         'a==1.0', \"b<2; sys_platform == 'win32'\", 'c[extra]>1', 'd @ https://x.example/d.whl']\n",
    )
    .unwrap();
    let text = text_of(&imported);
    for line in
        ["override pypi \"numpy\" \">=0\"", "override pypi \"opencv-python\"\n", "override pypi \"a\" \"==1.0\""]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("override pypi \"c\" \">1\""), "{text}");
    assert_eq!(imported.overrides.len(), 4);
    assert_eq!(refused(&imported).len(), 3);
}

#[test]
fn poetrys_tables_become_lines_and_groups() {
    let imported = pyproject(
        "[tool.poetry]\nname = 'x'\nversion = '1.0.0'\n[tool.poetry.dependencies]\npython = '>=3.11,<4.0'\nrequests = '^2.28'\n\
         pywin32 = {version = '*', platform = 'win32', extras = ['y']}\nown = {path = 'own'}\nold = {version = '*', python = '<3.13'}\n\
         [tool.poetry.group.test.dependencies]\npytest = '~8.1'\n",
    )
    .unwrap();
    let text = text_of(&imported);
    for line in [
        "pypi \"requests\" \">=2.28,<3\"",
        "pypi \"pywin32[y]\" when=\"sys_platform == 'win32'\"",
        "pypi \"old\" when=\"python_full_version < '3.13'\"",
        "group \"test\" dev=#true {\n    pypi \"pytest\" \">=8.1,<8.2\"",
        "python \"3.12\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("path \"own\"") && refused(&imported).is_empty(), "{text}");
}

#[test]
fn runtimes_are_never_older_than_what_is_demanded() {
    let declared = |node: &[&str], file: Option<&str>, present| {
        let own = |ranges: &[&str]| ranges.iter().map(|&range| range.to_owned()).collect();
        let runtimes = Runtimes { node: own(node), node_file: file.map(str::to_owned), ..Runtimes::default() };
        let imported = Imported { runtimes, ..Imported::default() };
        let text = template(&Template {
            name: "x",
            host: Platform::LinuxX64,
            node: present,
            python: None,
            imported: &imported,
        });
        text.split("node \"").nth(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
    };
    assert_eq!(declared(&[">=20.19 <21 || >=22.12"], None, Some("v22.13.0")).as_deref(), Some("22.13"));
    assert_eq!(declared(&[">=18"], None, Some("v22.13.0")).as_deref(), Some("22"));
    assert_eq!(declared(&[">=18", "^22.3.0"], None, Some("20.1.0")).as_deref(), Some("22.3"));
    assert_eq!(declared(&[">=24"], None, Some("20.1.0")).as_deref(), Some("24"));
    assert_eq!(declared(&[">=18"], Some("v20.11.1"), Some("22.1.0")).as_deref(), Some("20.11.1"));
    assert_eq!(declared(&[], Some("20"), Some("22.1.0")).as_deref(), Some("20"));
    assert_eq!(declared(&[], Some("lts/*"), None), None);
}

#[test]
fn catalogs_are_taken_over_with_the_lines_that_refer_to_them() {
    let mut imported = package_json(
        r#"{"dependencies": {"react": "catalog:", "vue": "catalog:next", "gone": "catalog:"}, "workspaces": {"catalog": {"bun": "1"}},
            "pnpm": {"overrides": {"react": "catalog:", "lost": "catalog:next"}}}"#,
    )
    .unwrap();
    imported.merge(pnpm_workspace("catalog:\n  react: ^19\ncatalogs:\n  next:\n    vue: ^4\n").unwrap());
    imported.settle_catalogs();
    let text = text_of(&imported);
    for line in [
        "catalog {\n    npm \"bun\" \"1\"\n    npm \"react\" \"^19\"\n}",
        "catalog \"next\" {\n    npm \"vue\" \"^4\"\n}",
        "    npm \"react\" catalog=#true\n",
        "    npm \"vue\" catalog=\"next\"\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("override npm \"react\" \"^19\""), "{text}");
    assert_eq!(refused(&imported), ["npm gone", "override lost"]);
}

#[test]
fn lines_that_come_after_a_lost_one_are_compared_with_those_that_stayed() {
    let mut imported = package_json(r#"{"dependencies": {"gone": "catalog:", "kept": "1"}}"#).unwrap();
    imported.merge(requirements("six==1.0\nattrs\n", &|_| None));
    imported.settle_catalogs();
    imported.merge(requirements("six==2.0\nattrs\nrich\n", &|_| None));
    assert_eq!(words(&imported), ["npm kept 1", "pypi six ==1.0", "pypi attrs", "pypi rich"]);
    assert_eq!(refused(&imported), ["npm gone", "pypi six ==2.0"]);
}

#[test]
fn two_registries_never_have_one_name() {
    let mut imported = npmrc(
        "@a-2:registry=https://one.example/\n@a:registry=https://two.example/\n@A:registry=https://three.example/\n",
    );
    imported.merge(npmrc("@a:registry=https://four.example/\n"));
    let names: Vec<&str> = imported.registries.iter().map(|registry| registry.name.as_str()).collect();
    assert_eq!(names, ["a-2", "a", "a-3", "a-4"]);
}

#[test]
fn extras_of_what_the_project_s_own_package_asks_for_stay() {
    let own = "[build-system]\nrequires = ['hatchling']\n[project]\nname = 'app'\nversion = '1'\n\
               dependencies = ['pydantic>=2', 'six']\n";
    let mut imported = pyproject(own).unwrap();
    imported
        .merge_requirements(requirements("pydantic[email]==2.10.4\nsix==1.16\nhttpx\n", &|_| None), "requirements.txt");
    imported.settle_catalogs();
    let lines = words(&imported);
    assert!(
        lines.contains(&"pypi pydantic[email]".to_owned()) && lines.contains(&"pypi httpx".to_owned()),
        "{lines:?}"
    );
    assert!(!lines.iter().any(|line| line.contains("six")), "{lines:?}");
    assert_eq!((refused(&imported), &*imported.pin_files), (Vec::new(), &["requirements.txt".to_owned()][..]));
}

#[test]
fn two_lines_of_one_package_hold_together_where_their_conditions_do() {
    let text = "numpy>=1.22.4; python_version >= '3.10'\nnumpy<2; python_version >= '3.12'\nsix<2\nsix>=1; sys_platform == 'win32'\n";
    let imported = requirements(text, &|_| None);
    let lines: Vec<String> = imported
        .lines
        .iter()
        .map(|line| format!("{} when {}", line.what(), line.when.as_deref().unwrap_or("always")))
        .collect();
    assert_eq!(
        lines,
        [
            "pypi numpy >=1.22.4,<2 when python_version >= '3.10' and python_version >= '3.12'",
            "pypi numpy >=1.22.4 when python_version >= '3.10' and python_version < '3.12'",
            "pypi six <2,>=1 when sys_platform == 'win32'",
            "pypi six <2 when sys_platform != 'win32'",
        ]
    );
    assert!(imported.not_taken.is_empty());
    // Another file says the same again, and moves nothing.
    let mut imported = requirements("six==1.11\n", &|_| None);
    imported.merge_requirements(requirements("six==1.12; python_version >= '3.8'\n", &|_| None), "b.txt");
    assert_eq!(imported.lines.len(), 1);
    assert_eq!(imported.lines[0].range.as_deref(), Some("==1.11"));
    // So many conditions have their bounds.
    let many: Vec<String> = (1..80).map(|at| format!("six>=1.{at}; python_version >= '3.{at}'")).collect();
    assert!(requirements(&many.join("\n"), &|_| None).lines.len() <= 10);
}
