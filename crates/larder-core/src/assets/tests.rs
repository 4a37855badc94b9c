//! The hub of `fixtures/integration`, broken in one place after the other: each rule finds its own, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diagnostic::SourceFinding;
use crate::manifest::{ManifestKind, parse};
use crate::model::Catalogs;

/// The files of a hub in memory, by their paths below its root.
#[derive(Clone)]
struct Hub(BTreeMap<String, Arc<str>>);

/// In the order in which each package comes behind those that it depends on.
const PACKAGES: [&str; 3] = ["partner", "orders", "billing"];

impl Hub {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/integration");
        let (mut files, mut pending) = (BTreeMap::new(), vec![root.clone()]);
        while let Some(folder) = pending.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    files.insert(name, std::fs::read_to_string(&path).unwrap().into());
                }
            }
        }
        Self(files)
    }

    /// Returns the hub with the first `old` in a file made `new`, and the line in which that is.
    fn with(&self, file: &str, old: &str, new: &str) -> (Self, u32) {
        let path = format!("packages/{file}");
        let text = self.0.get(&path).unwrap_or_else(|| panic!("no file {path}"));
        let at = text.find(old).unwrap_or_else(|| panic!("{path} has no `{old}`"));
        let line = text[..at].matches('\n').count() + 1;
        let mut files = self.0.clone();
        files.insert(path, text.replacen(old, new, 1).into());
        (Self(files), u32::try_from(line).unwrap())
    }

    fn packages(&self) -> Vec<AssetPackage> {
        let catalogs = Catalogs::default();
        let package = |name: &&str| {
            let file = format!("packages/{name}/larder.kdl");
            let manifest = parse(&file, &self.0[&file], ManifestKind::Member(&catalogs)).unwrap();
            let package = manifest.package.as_ref().unwrap();
            let needs = manifest.dependencies.iter().map(crate::manifest::seen_as);
            let place = |needed: &str| PACKAGES.iter().position(|name| *name == needed);
            AssetPackage {
                name: package.name.value.clone(),
                version: package.version.value.clone(),
                manifest: file.as_str().into(),
                text: Arc::clone(&manifest.text),
                folder: format!("packages/{name}").into(),
                declarations: manifest.assets.clone(),
                dependencies: needs.filter_map(|needed| Some((needed.to_owned(), place(needed)?))).collect(),
                absent: BTreeMap::new(),
                is_own: true,
            }
        };
        PACKAGES.iter().map(package).collect()
    }

    fn set(&self) -> AssetSet<'_> {
        AssetSet::new(self.packages(), self)
    }

    /// Returns what is wrong, but for what nothing uses.
    fn check(&self) -> Vec<SourceFinding> {
        let mut found = self.set().check(Some(&["development", "staging", "production"]), 2);
        found.retain(|one| one.code != "asset.orphan");
        found
    }
}

impl AssetFiles for Hub {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        self.0.get(&format!("packages/{}/{path}", PACKAGES[package])).cloned()
    }
}

fn shown(findings: &[SourceFinding]) -> Vec<String> {
    findings.iter().map(|one| format!("{}:{} {} {}", one.file, one.position.line, one.code, one.message)).collect()
}

#[test]
fn the_hub_has_nothing_wrong() {
    let hub = Hub::read();
    assert_eq!(shown(&hub.check()), [""; 0]);
    let set = hub.set();
    let count = |kind| set.assets().iter().filter(|asset| asset.id.kind == kind).count();
    assert_eq!(crate::model::AssetKind::ALL.map(count), [14, 9, 5, 5]);
}

/// What is changed, the file of the finding if it is another one, its code, and its line counted from the change.
type Mutation = (&'static str, &'static str, &'static str, &'static str, i64, &'static str);

/// File, what is there, what stands there instead, the code, the line of the finding: that of the change, and so many further; the file
/// of the finding, where it is another one.
const MUTATIONS: &[Mutation] = &[
    // The manifest.
    ("orders/larder.kdl", "adapters/dead-letter.kdl", "adapters/dead-lettr.kdl", "asset.file", 0, ""),
    (
        "billing/larder.kdl",
        "flow \"confirmation\"",
        "flow \"confirmatio\"",
        "flow.name",
        1,
        "billing/flows/confirmation.kdl",
    ),
    // Adapters: the file.
    ("orders/adapters/orders-in.kdl", "adapter kind", "adaptr kind", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "kind=\"sftp\"", "kind=\"sftpx\"", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", " direction=\"in\"", "", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "direction=\"in\"", "direction=\"inn\"", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "port 22", "port \"22\"", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "port 22", "port 70000", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "port 22", "port 22; port 23", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "poll \"5m\"", "poll \"often\"", "adapter.syntax", 0, ""),
    ("orders/adapters/orders-in.kdl", "poll \"5m\"", "polls \"5m\"", "adapter.parameter", 0, ""),
    ("orders/adapters/orders-in.kdl", "host \"sftp.partner.example\"", "host \"not a host\"", "adapter.syntax", 0, ""),
    ("orders/adapters/billing-out.kdl", "url \"https://billing.acme", "url \"billing.acme", "adapter.syntax", 0, ""),
    ("orders/adapters/billing-out.kdl", "method \"POST\"", "method \"PUSH\"", "adapter.syntax", 0, ""),
    ("orders/adapters/billing-out.kdl", "path \"/invoices\"", "path \"invoices\"", "adapter.syntax", 0, ""),
    ("orders/adapters/approval-out.kdl", "from \"hub@acme.example\"", "from \"hub\"", "adapter.syntax", 0, ""),
    ("orders/adapters/dead-letter.kdl", "on-existing \"rename\"", "on-existing #true", "adapter.syntax", 0, ""),
    // Adapters: what they must have.
    ("orders/adapters/orders-in.kdl", "    path \"/out/orders\"\n", "", "adapter.incomplete", -4, ""),
    ("orders/adapters/orders-in.kdl", "    schema \"partner/order#Order\"\n", "", "adapter.incomplete", -1, ""),
    ("orders/adapters/orders-in.kdl", "    credentials env=\"PARTNER_SFTP\"\n", "", "adapter.incomplete", -7, ""),
    ("orders/adapters/approval-out.kdl", "    to \"approvals@acme.example\"\n", "", "adapter.incomplete", -5, ""),
    ("billing/adapters/invoices-in.kdl", "    path \"/invoices\"\n", "", "adapter.incomplete", -3, ""),
    (
        "billing/adapters/ledger-out.kdl",
        "    url \"https://books.acme.example/soap\"\n",
        "",
        "adapter.incomplete",
        -3,
        "",
    ),
    (
        "orders/adapters/orders-in.kdl",
        "environment \"production\"",
        "environment \"prod\"",
        "adapter.environment",
        0,
        "",
    ),
    // Adapters: secrets.
    (
        "orders/adapters/orders-in.kdl",
        "credentials env=\"PARTNER_SFTP\"",
        "credentials \"me:hunter2\"",
        "adapter.secret",
        0,
        "",
    ),
    ("orders/adapters/orders-in.kdl", "env=\"PARTNER_SFTP\"", "env=\"hunter 2!\"", "adapter.secret", 0, ""),
    ("orders/adapters/orders-in.kdl", "poll \"5m\"", "passphrase \"hunter2\"", "adapter.secret", 0, ""),
    (
        "orders/adapters/billing-out.kdl",
        "Authorization env=\"BILLING_TOKEN\"",
        "Authorization \"Bearer hunter2\"",
        "adapter.secret",
        0,
        "",
    ),
    (
        "orders/adapters/billing-out.kdl",
        "https://billing.dev.acme",
        "https://me:hunter2@billing.dev.acme",
        "adapter.secret",
        0,
        "",
    ),
    // References.
    ("orders/adapters/orders-in.kdl", "partner/order#Order", "partner/ordr#Order", "asset.dangling", 0, ""),
    ("orders/adapters/orders-in.kdl", "partner/order#Order", "partnr/order#Order", "asset.dangling", 0, ""),
    ("orders/adapters/orders-in.kdl", "partner/order#Order", "partner/order@2#Order", "asset.dangling", 0, ""),
    ("orders/flows/order-intake.kdl", "from \"orders-in\"", "from \"orders-inn\"", "asset.dangling", 0, ""),
    ("orders/flows/order-intake.kdl", "map \"order-to-invoice\"", "map \"order-to-invoce\"", "asset.dangling", 0, ""),
    ("orders/flows/order-intake.kdl", "to=\"dead-letter\"", "to=\"dead-lettr\"", "asset.dangling", 0, ""),
    (
        "orders/flows/order-intake.kdl",
        "\"weak\" \"order-shipping\"",
        "\"weak\" \"order-shippin\"",
        "asset.dangling",
        0,
        "",
    ),
    ("orders/flows/order-approval.kdl", "depends \"order-intake\"", "depends \"order-intak\"", "asset.dangling", 0, ""),
    ("billing/flows/bookkeeping.kdl", "to=\"review-out\"", "to=\"reviw-out\"", "asset.dangling", 0, ""),
    // Flows.
    ("orders/flows/order-intake.kdl", "flow \"order-intake\"", "flow \"order-intak\"", "flow.name", 0, ""),
    ("orders/flows/order-intake.kdl", "flow \"order-intake\"", "flw \"order-intake\"", "flow.syntax", 0, ""),
    ("orders/flows/order-intake.kdl", "    from \"orders-in\"\n", "", "flow.incomplete", -1, ""),
    ("orders/flows/order-intake.kdl", "    to \"billing-out\"\n", "", "flow.incomplete", -3, ""),
    ("orders/flows/order-intake.kdl", "    on-error retry=3 to=\"dead-letter\"\n", "", "flow.error-way", -4, ""),
    ("orders/flows/order-intake.kdl", "retry=3", "retry=-1", "flow.syntax", 0, ""),
    ("orders/flows/order-intake.kdl", "\"weak\"", "\"week\"", "flow.syntax", 0, ""),
    ("billing/flows/bookkeeping.kdl", "otherwise to", "otherwis to", "flow.syntax", 0, ""),
    ("orders/flows/order-shipping.kdl", "to=\"dead-letter\"", "to=\"orders-in\"", "flow.direction", 0, ""),
    (
        "orders/flows/order-shipping.kdl",
        "map \"order-to-shipment\"\n",
        "map \"order-to-invoice\"\n",
        "flow.schema",
        1,
        "",
    ),
    ("orders/flows/order-approval.kdl", "to \"approval-out\"", "to \"billing-out\"", "flow.schema", 0, ""),
    ("orders/flows/order-intake.kdl", "    map \"order-to-invoice\"\n", "", "flow.schema", 0, ""),
    ("billing/flows/bookkeeping.kdl", "b:Total > 10000 and", "b:Total > and", "flow.expression", 0, ""),
    (
        "billing/flows/bookkeeping.kdl",
        "    otherwise to=\"ledger-out\"\n",
        "    otherwise to=\"review-out\"\n",
        "flow.unreachable",
        -2,
        "",
    ),
    (
        "billing/flows/bookkeeping.kdl",
        "    otherwise to=\"ledger-out\"\n",
        "    otherwise to=\"ledger-out\"\n    route when=\"b:Total > 5\" to=\"review-out\"\n",
        "flow.unreachable",
        1,
        "",
    ),
    (
        "billing/flows/bookkeeping.kdl",
        "    otherwise to=\"ledger-out\"\n",
        "    route when=\"b:Total > 10000 and b:Currency == 'EUR'\" to=\"ledger-out\"\n    otherwise to=\"ledger-out\"\n",
        "flow.unreachable",
        0,
        "",
    ),
    ("billing/flows/bookkeeping.kdl", "b:Total > 10000", "b:Totl > 10000", "flow.expression", 0, ""),
    ("billing/flows/bookkeeping.kdl", "b:Currency == 'EUR'", "b:Currency == 5", "flow.expression", 0, ""),
    ("billing/flows/bookkeeping.kdl", "b:Total > 10000 and b:Currency == 'EUR'", "1 == 1", "flow.unreachable", 1, ""),
    (
        "billing/flows/bookkeeping.kdl",
        "    otherwise to=\"ledger-out\"\n",
        "    route when=\"'a' == 'b'\" to=\"review-out\"\n    otherwise to=\"ledger-out\"\n",
        "flow.unreachable",
        0,
        "",
    ),
    // One wrong line is one finding.
    ("orders/flows/order-approval.kdl", "from \"orders-in\"", "from \"billing-out\"", "flow.direction", 0, ""),
    ("orders/mappings/order-to-invoice.kdl", "urn:partner:order", "urn:partner:oder", "mapping.namespace", 0, ""),
    ("orders/mappings/order-to-invoice.kdl", "to=\"invoice\"", "to=\"failure\"", "mapping.side", 0, ""),
    ("orders/mappings/order-to-approval.kdl", "to=\"approval\"", "to=\"invoice\"", "mapping.side", 0, ""),
    ("orders/mappings/order-to-invoice.kdl", "    namespace \"o\" \"urn:partner:order\"\n", "", "mapping.path", 0, ""),
    // Values that the kind or the direction cannot have.
    (
        "orders/adapters/billing-out.kdl",
        "url \"https://billing.acme",
        "url \"ftp://billing.acme",
        "adapter.syntax",
        0,
        "",
    ),
    ("orders/adapters/approval-out.kdl", "protocol \"smtp\"", "protocol \"imap\"", "adapter.syntax", 0, ""),
    // Parts of schemas.
    ("orders/adapters/orders-in.kdl", "partner/order#Order", "partner/order#Oder", "asset.entry", 0, ""),
    ("billing/adapters/ledger-out.kdl", "books.wsdl#book/input", "books.wsdl#bok/input", "asset.entry", 0, ""),
    (
        "billing/adapters/confirm-out.kdl",
        "response \"partner/service#confirm/output\"",
        "response \"partner/service#confirm/input\"",
        "adapter.direction",
        0,
        "",
    ),
    // Schemas.
    ("partner/schemas/receipt.xsd", "</xs:schema>", "</xs:schem>", "schema.syntax", 0, "?"),
    ("partner/schemas/order.xsd", "type=\"o:Lines\"", "type=\"o:Lnes\"", "schema.unresolved", 0, "?"),
    (
        "partner/schemas/order.xsd",
        "schemaLocation=\"types.xsd\"",
        "schemaLocation=\"type.xsd\"",
        "schema.import",
        0,
        "?",
    ),
    ("billing/schemas/booking.xsd", "larder:partner/types", "larder:partner/typs", "schema.import", 0, "?"),
    ("partner/schemas/service.wsdl", "element=\"s:Confirm\"", "element=\"s:Confrm\"", "schema.unresolved", 0, "?"),
    (
        "partner/schemas/service.wsdl",
        "binding=\"s:OrdersSoap\"",
        "binding=\"s:OrderSoap\"",
        "schema.unresolved",
        0,
        "?",
    ),
    ("partner/schemas/shipment.schema.json", "address.schema.json", "adress.schema.json", "schema.unresolved", 0, "?"),
    ("orders/schemas/failure.schema.json", "\"type\": \"object\"", "\"type\": \"objct\"", "schema.invalid", 0, "?"),
    // Mappings.
    ("orders/mappings/order-to-invoice.kdl", "field \"o:Id\"", "field \"o:Idd\"", "mapping.path", 0, "?"),
    ("orders/mappings/order-to-invoice.kdl", "to=\"currency\"", "to=\"currncy\"", "mapping.path", 0, "?"),
    ("orders/mappings/order-to-invoice.kdl", "    field \"o:Id\" to=\"number\"\n", "", "mapping.required", -2, "?"),
    ("orders/samples/invoice-1.json", "\"total\": 31.5", "\"total\": 32.5", "mapping.difference", 0, ""),
    // A file that cannot be read, and what others would have of it.
    ("partner/schemas/types.xsd", "</xs:schema>", "", "schema.syntax", -1, ""),
    // The graph.
    (
        "orders/flows/order-shipping.kdl",
        "    on-error",
        "    depends \"order-intake\"\n    on-error",
        "asset.cycle",
        0,
        "orders/larder.kdl",
    ),
    ("orders/flows/order-approval.kdl", "to \"approval-out\"", "to \"review\"", "asset.dangling", 0, ""),
];

#[test]
fn each_mutation_is_found_at_its_line_and_nothing_else() {
    let hub = Hub::read();
    let mut failed = Vec::new();
    for (file, old, new, code, further, place) in MUTATIONS {
        let (mutated, line) = hub.with(file, old, new);
        let found = mutated.check();
        let found: Vec<&SourceFinding> = found.iter().collect();
        let (expected_file, any_line) = match *place {
            "" | "?" => (format!("packages/{file}"), false),
            other => (format!("packages/{other}"), true),
        };
        let wanted = i64::from(line) + further;
        let is_it = |one: &SourceFinding| {
            (one.code == *code || *place == "?" && one.code.split('.').next() == code.split('.').next())
                && *one.file == expected_file
                && (any_line || i64::from(one.position.line) == wanted)
        };
        match found[..] {
            [one] if is_it(one) => {}
            _ => {
                let told: Vec<SourceFinding> = found.iter().map(|one| (*one).clone()).collect();
                failed.push(format!(
                    "{file}: {old:?} -> {new:?}: {code} at {expected_file}:{wanted}, not {:#?}",
                    shown(&told)
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), MUTATIONS.len(), failed.join("\n"));
}

const ENVIRONMENTS: Option<&[&str]> = Some(&["development", "staging", "production"]);

/// Returns records as they come back from a file.
fn written_and_read(records: &AssetRecords) -> AssetRecords {
    serde_json::from_slice(&serde_json::to_vec(&records).unwrap()).unwrap()
}

#[test]
fn what_is_remembered_changes_no_finding() {
    let hub = Hub::read();
    let clean = hub.set().check_since(AssetRecords::default(), ENVIRONMENTS, 2);
    for (file, old, new, ..) in MUTATIONS {
        let (mutated, _) = hub.with(file, old, new);
        let from_scratch = mutated.set().check(ENVIRONMENTS, 2);
        let (found, records) = mutated.set().check_since(written_and_read(&clean.1), ENVIRONMENTS, 2);
        assert_eq!(shown(&found), shown(&from_scratch), "{file}: {old:?} -> {new:?}");
        let back = hub.set().check_since(written_and_read(&records), ENVIRONMENTS, 2);
        assert_eq!(shown(&back.0), shown(&clean.0), "{file}: {new:?} -> {old:?}");
    }
    // Other environments are other questions.
    let found = hub.set().check_since(written_and_read(&clean.1), Some(&["development", "test"]), 2).0;
    assert_eq!(shown(&found), shown(&hub.set().check(Some(&["development", "test"]), 2)));
}

/// The files of a hub, and which of them were read.
struct Watched<'a>(&'a Hub, std::sync::Mutex<Vec<String>>);

impl AssetFiles for Watched<'_> {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        self.1.lock().unwrap().push(format!("{}/{path}", PACKAGES[package]));
        self.0.read(package, path)
    }

    fn digest(&self, package: PackageIndex, path: &str) -> Option<crate::model::TreeDigest> {
        self.0.digest(package, path)
    }
}

#[test]
fn only_what_changed_and_what_refers_to_it_is_read_again() {
    let hub = Hub::read();
    let first = hub.set().check_since(AssetRecords::default(), ENVIRONMENTS, 2);
    let again = |hub: &Hub| {
        let watched = Watched(hub, std::sync::Mutex::default());
        let set = AssetSet::new(hub.packages(), &watched);
        let (_, records) = set.check_since(written_and_read(&first.1), ENVIRONMENTS, 1);
        let mut read = watched.1.into_inner().unwrap();
        read.sort();
        read.dedup();
        (read, records.is_new())
    };
    assert_eq!(again(&hub), (Vec::new(), false), "nothing changed");
    let (mutated, _) = hub.with("billing/flows/bookkeeping.kdl", "to=\"review-out\"", "to=\"ledger-out\"");
    let (read, is_new) = again(&mutated);
    assert!(is_new && read.contains(&"billing/flows/bookkeeping.kdl".to_owned()), "{read:?}");
    // `confirmation` depends on it; what it reads itself is of no interest to others.
    assert!(read.contains(&"billing/flows/confirmation.kdl".to_owned()), "{read:?}");
    let is_apart = |file: &String| file.starts_with("orders/flows") || file.starts_with("orders/mappings");
    assert!(!read.iter().any(is_apart), "{read:?}");
}

/// Flows that depend on each other, of which each number is one.
struct Flows(Vec<String>);

impl AssetFiles for Flows {
    fn read(&self, _: PackageIndex, path: &str) -> Option<Arc<str>> {
        self.0.get(path.parse::<usize>().ok()?).map(|text| text.as_str().into())
    }
}

#[test]
fn what_nothing_uses_is_a_note() {
    let (hub, _) = Hub::read().with("billing/flows/bookkeeping.kdl", "to=\"review-out\"", "to=\"ledger-out\"");
    let found = hub.set().check(None, 1);
    let orphans = found.iter().filter(|one| one.code == "asset.orphan" && one.message.contains("adapter"));
    let orphans: Vec<(&str, &str)> = orphans.map(|one| (one.level.as_str(), &*one.message)).collect();
    assert_eq!(orphans, [("note", "nothing here uses adapter `review-out`")]);
}

#[test]
fn impact_agrees_with_brute_force() {
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for round in 0..200 {
        let count = 2 + usize::try_from(next(14)).unwrap();
        let edges: Vec<Vec<bool>> = (0..count).map(|_| (0..count).map(|_| next(5) == 0).collect()).collect();
        let depends = |of: usize| {
            let targets = (0..count).filter(|to| edges[of][*to]);
            targets.map(|to| format!("depends \"f{to}\"")).collect::<Vec<_>>().join("\n")
        };
        let files = Flows((0..count).map(|at| format!("flow \"f{at}\" {{\n{}\n}}\n", depends(at))).collect());
        let lines: Vec<String> = (0..count).map(|at| format!("flow \"f{at}\" \"{at}\"")).collect();
        let lines = lines.join("\n");
        let text = format!("package \"p\" version=\"1.0.0\"\nassets {{\n{lines}\n}}\n");
        let manifest = parse("m", &text, ManifestKind::Package).unwrap();
        let package = AssetPackage {
            name: manifest.package.as_ref().unwrap().name.value.clone(),
            version: semver::Version::new(1, 0, 0),
            manifest: "m".into(),
            text: Arc::clone(&manifest.text),
            folder: "".into(),
            declarations: manifest.assets.clone(),
            dependencies: BTreeMap::new(),
            absent: BTreeMap::new(),
            is_own: true,
        };
        let set = AssetSet::new(vec![package], &files);
        // Reachability as Warshall computes it.
        let mut reaches = edges.clone();
        for middle in 0..count {
            for from in 0..count {
                for to in 0..count {
                    reaches[from][to] |= reaches[from][middle] && reaches[middle][to];
                }
            }
        }
        let references = set.references();
        #[allow(clippy::needless_range_loop, reason = "an index of a matrix")]
        for changed in 0..count {
            let mut touched: Vec<usize> = references.touched_by(&[changed]).iter().map(|one| one.asset).collect();
            touched.sort_unstable();
            let expected: Vec<usize> = (0..count).filter(|at| *at != changed && reaches[*at][changed]).collect();
            assert_eq!(touched, expected, "round {round}: {text} {:?}", files.0);
            for one in references.touched_by(&[changed]) {
                assert!(one.path.windows(2).all(|step| edges[step[1]][step[0]]), "a way that there is not");
            }
        }
    }
}

#[test]
fn digests_follow_what_is_referred_to() {
    let hub = Hub::read();
    let digests = |hub: &Hub| {
        let set = hub.set();
        (0..set.assets().len()).map(|at| (set.asset(at).id.to_string(), set.digest(at))).collect::<BTreeMap<_, _>>()
    };
    let before = digests(&hub);
    let (changed, _) = hub.with("orders/adapters/dead-letter.kdl", "/var/spool", "/srv/spool");
    let after = digests(&changed);
    let moved: Vec<&str> =
        before.iter().filter(|(id, digest)| after[*id] != **digest).map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        moved,
        [
            "adapter:orders/dead-letter@1",
            "flow:billing/bookkeeping@1",
            "flow:billing/confirmation@1",
            "flow:orders/order-approval@1",
            "flow:orders/order-intake@1",
            "flow:orders/order-shipping@1"
        ]
    );
    let (windows, _) = hub.with("orders/flows/order-intake.kdl", "\n", "\r\n");
    assert_eq!(digests(&windows), before, "line ends do not count");
}

#[test]
fn a_frozen_flow_is_checked_without_its_packages() {
    let hub = Hub::read();
    let set = hub.set();
    let flow = set.references().matching(&"flow:billing/bookkeeping".parse().unwrap())[0];
    let frozen = set.freeze(flow);
    let document = FlowDocument::parse(frozen.document.to_text().as_bytes()).unwrap();
    assert_eq!(document, frozen.document);
    let files = FrozenFiles { flow: &frozen };
    let again = AssetSet::new(document.asset_packages().unwrap(), &files);
    let mut found = again.check(Some(&["development", "staging", "production"]), 1);
    found.retain(|one| one.code != "asset.orphan");
    assert_eq!(shown(&found), [""; 0]);
    assert_eq!(
        again.digest(again.references().matching(&"flow:billing/bookkeeping".parse().unwrap())[0]).to_string(),
        document.digest
    );
}

#[test]
fn a_wrong_direction_hides_only_what_it_makes_unknown() {
    let hub = Hub::read();
    let file = "orders/flows/order-intake.kdl";
    let steps = "map \"order-to-invoice\"\n    map \"order-to-approval\"\n    to \"shipping-out\"\n";
    let (hub, _) = hub.with(file, "map \"order-to-invoice\"\n    to \"billing-out\"\n", steps);
    let (hub, _) = hub.with(file, "from \"orders-in\"", "from \"billing-out\"");
    let found = hub.check();
    let at: Vec<(u32, &str)> = found.iter().map(|one| (one.position.line, &*one.code)).collect();
    assert_eq!(at, [(2, "flow.direction"), (4, "flow.schema"), (5, "flow.schema")], "{:#?}", shown(&found));
}

/// The hub's order-intake, as it is carried elsewhere.
fn carried(hub: &Hub) -> BTreeMap<crate::model::EntryPath, Arc<str>> {
    let set = hub.set();
    let flow = set.references().matching(&"flow:orders/order-intake".parse().unwrap())[0];
    set.carry(&[flow]).all_files()
}

#[test]
fn flows_carry_no_files_that_tools_take_for_theirs() {
    let hub = Hub::read();
    assert!(CarriedFlows::read(carried(&hub)).is_ok());
    let (file, sample) = ("orders/mappings/order-to-invoice.kdl", "samples/order-1.xml");
    for path in [
        "larder.lock",
        "Larder.Local.kdl",
        ".envrc",
        ".github/workflows/x.json",
        "a/.GIT/hooks/x.xml",
        "node_modules/a/x.json",
        "package.json",
        "Makefile",
        "x.sh",
    ] {
        let (mut hostile, _) = hub.with(file, &format!("\"{sample}\""), &format!("\"{path}\""));
        hostile.0.insert(format!("packages/orders/{path}"), "x".into());
        let refused = CarriedFlows::read(carried(&hostile)).unwrap_err();
        assert!(refused.contains(path), "{path}: {refused}");
    }
}

#[test]
fn a_file_of_flows_that_would_cost_hours_is_refused() {
    let list = |flows: usize, assets: usize| {
        let flow = |at: usize| format!(r#"{{"id": "flow:a/f{at}@1", "digest": ""}}"#);
        let asset = |at: usize| format!(r#"{{"id": "flow:a/f{at}@1", "file": "f.kdl"}}"#);
        let flows: Vec<String> = (0..flows).map(flow).collect();
        let assets: Vec<String> = (0..assets).map(asset).collect();
        let package = r#""name": "a", "version": "1.0.0", "folder": "a-1.0.0""#;
        let (flows, assets) = (flows.join(", "), assets.join(", "));
        format!(r#"{{"version": 1, "flows": [{flows}], "packages": [{{{package}, "assets": [{assets}]}}]}}"#)
    };
    let read = |text: &str| {
        let path = crate::model::EntryPath::parse(FLOWS_FILE).unwrap();
        CarriedFlows::read(BTreeMap::from([(path, text.into())])).unwrap_err()
    };
    assert_eq!(read(&list(1_001, 1)), "it has more than 1000 flows");
    assert_eq!(read(&list(1, 10_001)), "it has more than 10000 assets");
    let twice = list(1, 1).replace(
        "[{\"id\": \"flow:a/f0@1\", \"digest\": \"\"}]",
        r#"[{"id": "a", "digest": ""}, {"id": "a", "digest": ""}]"#,
    );
    assert_eq!(read(&twice), "it names `a` twice");
}
