//! Launchers: what runs an executable of a local folder, whose file may be built, deleted and built again after a sync,
//! and which few build tools make executable.

use std::path::Path;

use super::super::shell::quoted;

/// A shell runs the lines down to the last `exec`. For `node node_modules/.bin/NAME` they are an assignment and a comment,
/// so that Node runs the file too, as it would through a link.
const TEXT: &str = r#"#!/bin/sh
file=@FILE@
':' /*
if [ ! -f "$file" ]; then
    echo "larder: $file is not there: the package that it belongs to has to be built first" >&2
    exit 127
fi
IFS= read -r line < "$file"
case $line in
'#!'*)
    plain=${line%'@CR@'}
    if [ -x "$file" ] && [ "$line" = "$plain" ]; then exec "$file" "$@"; fi
    set -f
    exec ${plain#'#!'} "$file" "$@"
    ;;
esac
case $file in
*.js | *.cjs | *.mjs | *.ts | *.cts | *.mts) exec node "$file" "$@" ;;
esac
if [ -x "$file" ]; then exec "$file" "$@"; fi
exec /bin/sh "$file" "$@"
*/
process.argv[1] = file; delete globalThis.file; require("node:module").runMain();
"#;

/// Returns the script that runs `file`, an absolute path: with the interpreter that its first line names, executable or
/// not and whatever ends that line, else with Node where it is a JavaScript file, else as it is.
pub(in super::super) fn launcher(file: &Path) -> Vec<u8> {
    TEXT.replace("@CR@", "\r").replacen("@FILE@", &quoted(file), 1).into_bytes()
}
