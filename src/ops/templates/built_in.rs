//! The templates that larder has: each with its files.

/// The path and the text of a file.
type File = (&'static str, &'static str);

/// The templates, by name.
pub(super) const BUILT_IN: [(&str, &[File]); 3] =
    [("package", &[PACKAGE, README, JS_PACKAGE, JS_INDEX, PY_INIT, IGNORED]), ("node", &NODE), ("python", &PYTHON)];

const README: File = ("README.md", "# {{name}}\n");
const IGNORED: File = (".gitignore", "node_modules\n.venv\n.larder\n__pycache__/\n*.tar.gz\n");

const PACKAGE: File = (
    "larder.kdl",
    r#"package "{{name}}" version="0.1.0" {
    description "What {{name}} is for"
    node "js"       // what Node imports under the package's name
    python "py"     // what goes on sys.path
}

dependencies {
    // npm "zod" "^4"
    // pypi "pydantic" ">=2,<3"
    // larder "money" "^1.2"
}
"#,
);
const JS_PACKAGE: File =
    ("js/package.json", "{\n  \"name\": \"{{name}}\",\n  \"type\": \"module\",\n  \"exports\": \"./index.js\"\n}\n");
const JS_INDEX: File = ("js/index.js", "export const name = \"{{name}}\";\n");
const PY_INIT: File = ("py/{{module}}/__init__.py", "NAME = \"{{name}}\"\n");

const NODE: [File; 5] = [
    (
        "larder.kdl",
        r#"package "{{name}}" version="0.1.0" {
    description "What {{name}} is for"
    node "."
    bin "{{module}}" "bin/main.js"
}

dependencies {
    // npm "zod" "^4"
}
"#,
    ),
    README,
    ("package.json", "{\n  \"name\": \"{{name}}\",\n  \"type\": \"module\",\n  \"exports\": \"./index.js\"\n}\n"),
    ("index.js", "export const name = \"{{name}}\";\n"),
    ("bin/main.js", "#!/usr/bin/env node\nimport { name } from \"../index.js\";\nconsole.log(name);\n"),
];

const PYTHON: [File; 3] = [
    (
        "larder.kdl",
        r#"package "{{name}}" version="0.1.0" {
    description "What {{name}} is for"
    python "src"
}

dependencies {
    // pypi "pydantic" ">=2,<3"
}
"#,
    ),
    README,
    ("src/{{module}}/__init__.py", "NAME = \"{{name}}\"\n"),
];
