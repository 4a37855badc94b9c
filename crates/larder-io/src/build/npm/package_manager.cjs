// Stands in for npm, npx, yarn and pnpm inside of a build: runs scripts of the package.json at hand and programs of its
// dependencies. What is locked is installed already, and nothing else can be.
//
//     node package_manager.cjs yarn build --flag

const { spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const [, , manager, ...words] = process.argv;

function fail(text) {
  console.error(`larder: ${manager}: ${text}`);
  process.exit(1);
}

const FOLDER = ["--cwd", "-C", "--dir", "--prefix"];
const SEVERAL = ["-r", "--recursive", "--filter", "-F", "-w", "--workspace", "-ws", "--workspaces", "--workspace-root"];
const WITH_VALUE = [
  "--access", "--before", "--cache", "--cache-folder", "--globalconfig", "--include", "--location", "--loglevel", "--modules-folder",
  "--mutex", "--network-timeout", "--node-options", "--omit", "--package", "-p", "--registry", "--reporter", "--script-shell", "--tag",
  "--userconfig",
];
let mayBeMissing = false;
let shellText;

// Takes an option of the manager's own: a folder counts, a set of packages cannot be had.
function takeOption(words) {
  const word = words.shift();
  const at = word.indexOf("=");
  const [name, value] = at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
  if (FOLDER.includes(name)) {
    const folder = value ?? words.shift();
    if (folder === undefined || !fs.existsSync(folder)) fail(`\`${word}\` names no folder of the package`);
    process.chdir(folder);
  } else if (SEVERAL.includes(name)) {
    if (value !== "false") fail(`\`${word}\` is for several packages, and a build has one`);
  } else if (name === "--if-present") mayBeMissing = value !== "false";
  else if (["-c", "--call"].includes(name)) shellText = value ?? words.shift();
  else if (WITH_VALUE.includes(name) && value === undefined) words.shift();
}

function takeOptions(words) {
  while (words.length && words[0].startsWith("-") && words[0] !== "--") takeOption(words);
}

// Returns the words that are not the manager's own. To npm all options before a `--` are.
function withoutOptions(words) {
  const [left, others] = [[...words], []];
  if (manager !== "npm") takeOptions(left);
  else
    while (left.length && left[0] !== "--") {
      if (left[0].length > 1 && left[0].startsWith("-")) takeOption(left);
      else others.push(left.shift());
    }
  if (left[0] === "--" && (manager !== "yarn" || others.length === 0)) left.shift();
  return [...others, ...left];
}

takeOptions(words);

function packageJson() {
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    const file = path.join(folder, "package.json");
    if (fs.existsSync(file)) return { folder, json: JSON.parse(fs.readFileSync(file, "utf8")) };
    if (folder === path.dirname(folder)) fail("there is no package.json");
  }
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

function shell(folder, text, variables) {
  const PATH = [path.join(folder, "node_modules/.bin"), process.env.PATH].join(path.delimiter);
  const ended = spawnSync("/bin/sh", ["-c", text], { cwd: folder, stdio: "inherit", env: { ...process.env, ...variables, PATH } });
  if (ended.status !== 0) process.exit(ended.status ?? 1);
}

const has = (scripts, name) => Object.hasOwn(scripts, name) && typeof scripts[name] === "string";

function runScript(name, rest) {
  const { folder, json } = packageJson();
  const scripts = json.scripts ?? {};
  if (name === undefined || !has(scripts, name)) {
    if (mayBeMissing || (manager === "pnpm" && rest.includes("--if-present"))) return;
    fail(`there is no script \`${name ?? ""}\``);
  }
  if (rest[0] === "--" && manager === "pnpm") rest.shift();
  for (const [event, added] of [[`pre${name}`, []], [name, rest], [`post${name}`, []]]) {
    if (!has(scripts, event)) continue;
    const text = [scripts[event], ...added.map(quoted)].join(" ");
    shell(folder, text, { npm_lifecycle_event: event, npm_lifecycle_script: scripts[event] });
  }
}

function runProgram(words) {
  const rest = [...words];
  takeOptions(rest);
  if (rest[0] === "--") rest.shift();
  if (shellText !== undefined) return shell(process.cwd(), shellText, {});
  if (rest.length === 0) fail("it is not said which program");
  // Nobody else installs anything here.
  if (rest[0] === "only-allow") return;
  shell(process.cwd(), rest.map(quoted).join(" "), {});
}

if (manager === "npx" || manager === "pnpx") {
  runProgram(words);
  process.exit(0);
}
const command = words.shift();
const scripts = packageJson().json.scripts ?? {};
if (["run", "run-script", "rum"].includes(command)) {
  const [name, ...rest] = withoutOptions(words);
  runScript(name, rest);
} else if (["exec", "dlx"].includes(command) || (command === "x" && manager === "npm"))
  runProgram(manager === "npm" ? ["--", ...withoutOptions(words)] : words);
else if (command === undefined || ["install", "i", "ci", "add"].includes(command)) {
  if (words.some((word) => !word.startsWith("-"))) fail("a build has what is locked, and nothing else can be installed");
} else if (command === "node") shell(process.cwd(), ["node", ...words.map(quoted)].join(" "), {});
else if (["t", "tst"].includes(command) && manager !== "yarn" && has(scripts, "test")) runScript("test", withoutOptions(words));
else if (has(scripts, command)) runScript(command, manager === "npm" ? withoutOptions(words) : words);
else if (["workspace", "workspaces"].includes(command)) fail(`\`${command}\` is for several packages, and a build has one`);
else if (manager === "npm") {
  // What else there is, is npm's own matter: the one that came with Node is asked, if there is one.
  const PATH = process.env.PATH.split(path.delimiter).filter((folder) => folder !== __dirname).join(path.delimiter);
  const ended = spawnSync("npm", [command, ...words], { stdio: "inherit", env: { ...process.env, PATH } });
  if (ended.error) fail(`\`${command}\` is nothing that a build can do`);
  process.exit(ended.status ?? 1);
}
else runProgram([command, ...words]);
