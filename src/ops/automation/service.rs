//! `larder service export`: units that keep the manifest's services and the monitor running, for systemd or launchd.
//!
//! ```text
//! ~/.config/systemd/user/larder-<project>-<digest>-<service>.service
//! ~/Library/LaunchAgents/larder.<project>-<digest>.<service>.plist
//! ```

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::manifest::monitor::Service;
use crate::ops::{Context, Project, Result};

use super::PlacedFile;
use super::placed::{Existing, place};
use super::unit::{UnitContext, folder_text, unit_word};

/// Who keeps services running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisor<'a> {
    /// The user's systemd.
    Systemd,
    /// The machine's systemd, which runs services as this user.
    SystemdAs(&'a str),
    /// The user's launchd.
    Launchd,
}

/// How units are exported.
#[derive(Clone, Copy, Debug)]
pub struct ExportOptions<'a> {
    /// Whose units they are.
    pub supervisor: Supervisor<'a>,
    /// The folder; by default that where the supervisor looks.
    pub folder: Option<&'a Path>,
    /// Whether units that have other text are replaced.
    pub replaces: bool,
}

/// `larder service export --json`: see `schema/service.json`.
#[derive(Debug, Serialize)]
pub struct ExportedService {
    /// The units, in the order in which they start.
    pub files: Vec<PlacedFile>,
    /// What is left to do: a command.
    pub next: String,
}

/// A unit that is not written yet: an element of what `larder service export --print --json` prints, see `schema/service-print.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceUnit {
    /// The name of its file.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// The most memory that the monitor may take, in MB.
const MONITOR_MEMORY: u64 = 256;

/// Writes the units of the project's services and of its monitor.
pub fn export(context: &Context<'_>, options: ExportOptions<'_>) -> Result<ExportedService> {
    let units = units(context, options.supervisor)?;
    let folder = match options.folder {
        Some(folder) => context.folder.join(folder),
        None => usual_folder(context, options.supervisor),
    };
    let existing = if options.replaces { Existing::Replaced } else { Existing::Refused };
    let files: Vec<PlacedFile> =
        units.iter().map(|unit| place(&folder.join(&unit.file), &unit.text, existing)).collect::<Result<_>>()?;
    let names: Vec<&str> = units.iter().map(|unit| &*unit.file).collect();
    let next = match options.supervisor {
        Supervisor::Systemd => {
            format!("systemctl --user daemon-reload && systemctl --user enable --now {}", names.join(" "))
        }
        Supervisor::SystemdAs(_) => {
            format!("systemctl daemon-reload && systemctl enable --now {}", names.join(" "))
        }
        Supervisor::Launchd => {
            let path = |name: &&str| format!("'{}'", folder.join(name).display().to_string().replace('\'', r"'\''"));
            format!("launchctl load -w {}", names.iter().map(path).collect::<Vec<_>>().join(" "))
        }
    };
    Ok(ExportedService { files, next })
}

/// Returns the units, in the order in which they start: services after those that they name, then the monitor.
pub fn units(context: &Context<'_>, supervisor: Supervisor<'_>) -> Result<Vec<ServiceUnit>> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?.name.as_str();
    let place = UnitContext::new(&project.root, &context.executable)?;
    let name = project.manifest.identity().map_or("project", |(name, _)| name);
    let services = in_order(&project.manifest.monitor.services);
    let mut programs: Vec<SupervisedProgram<'_>> =
        services.iter().map(|service| SupervisedProgram::of(service, environment)).collect();
    programs.push(SupervisedProgram {
        name: "monitor",
        words: vec!["--env", environment, "monitor"],
        after: services.iter().map(|service| service.name.value.as_str()).collect(),
        memory: Some(MONITOR_MEMORY),
    });
    let unit = |program: &SupervisedProgram<'_>| match supervisor {
        Supervisor::Launchd => plist(program, &place),
        Supervisor::Systemd => systemd_unit(program, &place, name, None),
        Supervisor::SystemdAs(user) => systemd_unit(program, &place, name, Some(user)),
    };
    Ok(programs.iter().map(unit).collect())
}

/// Returns the folder where a supervisor looks.
fn usual_folder(context: &Context<'_>, supervisor: Supervisor<'_>) -> PathBuf {
    match supervisor {
        // larder's own configuration lies beside systemd's.
        Supervisor::Systemd => context.configuration.parent().unwrap_or(Path::new("/")).join("systemd/user"),
        Supervisor::SystemdAs(_) => PathBuf::from("/etc/systemd/system"),
        Supervisor::Launchd => {
            let home = context.variables.absolute("HOME").unwrap_or_else(|| PathBuf::from("/"));
            home.join("Library/LaunchAgents")
        }
    }
}

/// Something that a supervisor keeps running.
struct SupervisedProgram<'a> {
    name: &'a str,
    /// What larder is given.
    words: Vec<&'a str>,
    /// What starts before it.
    after: Vec<&'a str>,
    /// The most memory that it may take, in MB.
    memory: Option<u64>,
}

impl<'a> SupervisedProgram<'a> {
    fn of(service: &'a Service, environment: &'a str) -> Self {
        Self {
            name: service.name.value.as_str(),
            words: vec!["--env", environment, "run", "--locked", &service.task.value],
            after: service.after.iter().map(|name| &*name.value).collect(),
            memory: service.memory,
        }
    }
}

/// Returns services so that each comes after those that it names; else in the order of the manifest.
fn in_order(services: &[Service]) -> Vec<&Service> {
    let mut ordered: Vec<&Service> = Vec::new();
    let mut left: Vec<&Service> = services.iter().collect();
    while !left.is_empty() {
        let is_ready = |service: &&Service| {
            service.after.iter().all(|name| left.iter().all(|other| other.name.value.as_str() != name.value))
        };
        // A manifest whose services go in a circle is refused; here its rest is taken as it stands.
        let next = left.iter().position(is_ready).unwrap_or_default();
        ordered.push(left.remove(next));
    }
    ordered
}

fn unit_name(name: &str, place: &UnitContext) -> String {
    format!("larder-{}-{name}.service", place.id)
}

/// A service that fails is started again after four seconds, ten times in a hundred seconds, and then left alone.
fn systemd_unit(
    program: &SupervisedProgram<'_>,
    place: &UnitContext,
    project: &str,
    user: Option<&str>,
) -> ServiceUnit {
    let before: Vec<String> = program.after.iter().map(|name| unit_name(name, place)).collect();
    let after = ["network-online.target"].into_iter().chain(before.iter().map(String::as_str));
    let after = after.collect::<Vec<_>>().join(" ");
    let words: Vec<String> = program.words.iter().map(|word| unit_word(word)).collect();
    let description = format!("{project}: {}", program.name).replace('%', "%%");
    let mut text = format!(
        "[Unit]\nDescription={description}\nWants={after}\nAfter={after}\nStartLimitIntervalSec=100\nStartLimitBurst=10\n\n\
         [Service]\nType=exec\nWorkingDirectory={}\nExecStart={} {}\nRestart=always\nRestartSec=4\nKillMode=mixed\n\
         TimeoutStopSec=30\n",
        folder_text(place),
        unit_word(&place.larder),
        words.join(" "),
    );
    // Writing to a string cannot fail.
    if let Some(memory) = program.memory {
        let _ = writeln!(text, "MemoryMax={memory}M");
    }
    if let Some(user) = user {
        let _ = writeln!(text, "User={user}");
    }
    let target = if user.is_some() { "multi-user.target" } else { "default.target" };
    let _ = write!(text, "\n[Install]\nWantedBy={target}\n");
    ServiceUnit { file: unit_name(program.name, place), text }
}

/// launchd knows no order; what needs another service waits for it, or is started again.
fn plist(program: &SupervisedProgram<'_>, place: &UnitContext) -> ServiceUnit {
    let label = format!("larder.{}.{}", place.id, program.name);
    let words = std::iter::once(&*place.larder).chain(program.words.iter().copied());
    let words = words.map(|word| format!("        <string>{}</string>\n", xml_text(word))).collect::<Vec<_>>().concat();
    let limit = program.memory.map_or_else(String::new, |memory| {
        let bytes = memory.saturating_mul(1_000_000);
        format!(
            "    <key>HardResourceLimits</key>\n    <dict>\n        <key>ResidentSetSize</key>\n        \
             <integer>{bytes}</integer>\n    </dict>\n"
        )
    });
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n    <key>Label</key>\n    <string>{}</string>\n\
         \x20   <key>ProgramArguments</key>\n    <array>\n{words}    </array>\n\
         \x20   <key>WorkingDirectory</key>\n    <string>{}</string>\n\
         \x20   <key>RunAtLoad</key>\n    <true/>\n    <key>KeepAlive</key>\n    <true/>\n\
         \x20   <key>ThrottleInterval</key>\n    <integer>4</integer>\n{limit}</dict>\n</plist>\n",
        xml_text(&label),
        xml_text(&place.root)
    );
    ServiceUnit { file: format!("{label}.plist"), text }
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestKind, parse};

    fn place() -> UnitContext {
        UnitContext::new(Path::new("/work/it's 100% <a>"), Path::new("/usr/bin/larder")).unwrap()
    }

    #[test]
    fn services_start_after_those_that_they_name() {
        let text = "tasks { a \"a\"; b \"b\"; c \"c\"; d \"d\"; }\n\
                    monitor { service \"a\" after=\"c b\"; service \"b\" after=\"c\"; service \"c\"; service \"d\"; }";
        let manifest = parse("m", text, ManifestKind::Root).unwrap();
        let names: Vec<_> = in_order(&manifest.monitor.services).iter().map(|one| one.name.value.to_string()).collect();
        assert_eq!(names, ["c", "b", "a", "d"]);
    }

    #[test]
    fn a_unit_of_systemd_restarts_its_service_within_bounds() {
        let program =
            SupervisedProgram { name: "api", words: vec!["run", "it's $5"], after: vec!["db"], memory: Some(512) };
        let unit = systemd_unit(&program, &place(), "shop", Some("shop"));
        let db = unit_name("db", &place());
        assert_eq!(
            unit.text,
            format!(
                "[Unit]\nDescription=shop: api\nWants=network-online.target {db}\nAfter=network-online.target {db}\n\
                 StartLimitIntervalSec=100\nStartLimitBurst=10\n\n[Service]\nType=exec\nWorkingDirectory=/work/it's 100%% <a>\n\
                 ExecStart=\"/usr/bin/larder\" \"run\" \"it's $$5\"\nRestart=always\nRestartSec=4\nKillMode=mixed\n\
                 TimeoutStopSec=30\nMemoryMax=512M\nUser=shop\n\n[Install]\nWantedBy=multi-user.target\n"
            )
        );
    }

    #[test]
    fn a_property_list_has_its_texts_as_xml_reads_them() {
        let program = SupervisedProgram { name: "api", words: vec!["run", "a&b"], after: Vec::new(), memory: Some(2) };
        let unit = plist(&program, &place());
        assert!(unit.text.contains("<string>/work/it's 100% &lt;a&gt;</string>"), "{}", unit.text);
        assert!(unit.text.contains("<string>a&amp;b</string>") && unit.text.contains("<integer>2000000</integer>"));
    }
}
