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

// Options before the command: a folder counts, a set of packages cannot be had.
while (words.length && words[0].startsWith("-")) {
  const word = words.shift();
  const [name, value] = word.split("=", 2);
  if (["--cwd", "-C", "--dir", "--prefix"].includes(name)) process.chdir(value ?? words.shift());
  else if (["-r", "--recursive", "--filter", "-F", "-w", "--workspace", "--workspaces"].includes(name))
    fail(`\`${word}\` is for several packages, and a build has one`);
}

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

function runScript(name, rest) {
  const { folder, json } = packageJson();
  const scripts = json.scripts ?? {};
  if (rest[0] === "--" && manager !== "yarn") rest.shift();
  for (const [event, added] of [[`pre${name}`, []], [name, rest], [`post${name}`, []]]) {
    if (scripts[event] === undefined) continue;
    const text = [scripts[event], ...added.map(quoted)].join(" ");
    shell(folder, text, { npm_lifecycle_event: event, npm_lifecycle_script: scripts[event] });
  }
}

function runProgram(rest) {
  while (rest.length && rest[0].startsWith("-")) {
    const [name, value] = rest.shift().split("=", 2);
    if (["-p", "--package"].includes(name) && value === undefined) rest.shift();
  }
  if (rest.length === 0) fail("it is not said which program");
  // Nobody else installs anything here.
  if (rest[0] === "only-allow") return;
  shell(process.cwd(), rest.map(quoted).join(" "), {});
}

const command = words.shift();
const scripts = packageJson().json.scripts ?? {};
if (manager === "npx" || manager === "pnpx") runProgram([command, ...words].filter((word) => word !== undefined));
else if (["run", "run-script", "rum"].includes(command)) {
  while (words.length && words[0].startsWith("-") && words[0] !== "--") words.shift();
  if (words.length === 0 || scripts[words[0]] === undefined) fail(`there is no script \`${words[0] ?? ""}\``);
  runScript(words.shift(), words);
} else if (["exec", "dlx"].includes(command) || (command === "x" && manager === "npm")) runProgram(words[0] === "--" ? words.slice(1) : words);
else if (command === undefined || ["install", "i", "ci", "add"].includes(command)) {
  if (words.some((word) => !word.startsWith("-"))) fail("a build has what is locked, and nothing else can be installed");
} else if (command === "node") shell(process.cwd(), ["node", ...words.map(quoted)].join(" "), {});
else if (scripts[command] !== undefined) runScript(command, words);
else if (manager === "npm") {
  // What else there is, is npm's own matter: the one that came with Node is asked, if there is one.
  const PATH = process.env.PATH.split(path.delimiter).filter((folder) => folder !== __dirname).join(path.delimiter);
  const ended = spawnSync("npm", [command, ...words], { stdio: "inherit", env: { ...process.env, PATH } });
  if (ended.error) fail(`\`${command}\` is nothing that a build can do`);
  process.exit(ended.status ?? 1);
}
else runProgram([command, ...words]);
