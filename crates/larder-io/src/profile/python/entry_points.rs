//! `entry_points.txt`: which launchers a distribution wants (the packaging specification of entry points).

/// A launcher to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryPoint {
    /// The command's name.
    pub(super) name: String,
    /// The module to import.
    pub(super) module: String,
    /// The object to call: a name, or a dotted path.
    pub(super) call: String,
}

/// Reads the console and graphical scripts; the two are the same outside Windows.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(super) fn scripts(text: &str) -> Result<Vec<EntryPoint>, String> {
    let mut wanted = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            wanted = matches!(section.trim(), "console_scripts" | "gui_scripts");
        } else if wanted {
            let (name, object) = line.split_once('=').ok_or_else(|| format!("`{line}` is not an entry point"))?;
            found.push(script(name, object)?);
        }
    }
    Ok(found)
}

/// Checks one entry: `name` is called for `module:object [extra]`.
pub(super) fn script(name: &str, object: &str) -> Result<EntryPoint, String> {
    let (name, object) = (name.trim(), object.trim());
    let refused = || format!("the entry point `{name} = {object}` cannot be called");
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(format!("the entry point `{name}` cannot be a file's name"));
    }
    let object = object.split('[').next().unwrap_or(object).trim();
    let (module, call) = object.split_once(':').ok_or_else(refused)?;
    let (module, call) = (module.trim(), call.trim());
    if is_dotted(module) && is_dotted(call) {
        Ok(EntryPoint { name: name.to_owned(), module: module.to_owned(), call: call.to_owned() })
    } else {
        Err(refused())
    }
}

/// What is written into a launcher must not be able to be more than a name.
fn is_dotted(path: &str) -> bool {
    path.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_and_other_groups_are_not() {
        let text =
            "[console_scripts]\nblack = black:patched_main\nblackd=blackd.app:Main.run [d]\n\n[pytest11]\nx = y\n";
        let found = scripts(text).unwrap();
        let found: Vec<_> = found.iter().map(|e| (&*e.name, &*e.module, &*e.call)).collect();
        assert_eq!(found, [("black", "black", "patched_main"), ("blackd", "blackd.app", "Main.run")]);
    }

    #[test]
    fn an_entry_point_cannot_leave_bin_or_carry_code() {
        for line in ["../x = a:b", "x = a:b();evil", "x = a", "x = a;b:c", "x = 1a:b"] {
            assert!(scripts(&format!("[console_scripts]\n{line}\n")).is_err(), "{line}");
        }
    }
}
