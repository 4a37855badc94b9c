//! `larder licenses`

use std::collections::BTreeMap;

use crate::cli::args::LicensesArgs;
use crate::diagnostic::counted;
use crate::ops::Session;
use crate::ops::licenses::{LicensedPackage, Licenses, licenses};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &LicensesArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let found = licenses(session)?;
    let licenses = &found.licenses;
    output.json(licenses);
    if let Some(file) = &arguments.notices {
        let packages = found.write_notices(&session.context().folder.join(file))?;
        output.message(format!("Wrote the licenses of {} to {}", counted(packages, "package"), file.display()));
    } else if arguments.csv {
        output.data_verbatim(licenses.csv());
    } else {
        list(licenses, output);
    }
    output.message(summary(licenses));
    DONE
}

fn list(licenses: &Licenses, output: &Output) {
    let mut groups: BTreeMap<&str, Vec<&LicensedPackage>> = BTreeMap::new();
    for package in &licenses.packages {
        groups.entry(package.license.as_deref().unwrap_or("unknown")).or_default().push(package);
    }
    for (license, packages) in groups {
        output.data_line(format!("{license} ({})", packages.len()));
        for LicensedPackage { ecosystem, name, version, source, stated, .. } in packages {
            let how = match (*source, stated) {
                ("matched", _) => "  (by its text)".to_owned(),
                ("unknown", Some(stated)) => format!("  (stated: {stated})"),
                ("not-fetched", _) => "  (not on this machine)".to_owned(),
                _ => String::new(),
            };
            output.data_line(format!("  {ecosystem}:{name} {version}{how}"));
        }
    }
}

fn summary(licenses: &Licenses) -> String {
    let count = |source: &str| licenses.by_source.get(source).copied().unwrap_or_default();
    let clarified = match count("clarified") {
        0 => String::new(),
        clarified => format!(", {clarified} clarified"),
    };
    format!(
        "{} packages of {}: {} declare their license, {} are known by their texts{clarified}, {} are unknown",
        licenses.packages.len(),
        licenses.environment,
        count("declared"),
        count("matched"),
        licenses.unknown()
    )
}
