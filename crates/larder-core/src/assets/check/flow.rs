//! What is wrong with flows.

use crate::assets::adapter::Direction;
use crate::assets::package::AssetIndex;
use crate::assets::set::AssetSet;
use crate::assets::{Flow, PackageIndex, Reference, Route};
use crate::diagnostic::SourceFinding;
use crate::document::SourceFile;
use crate::expression::Expression;
use crate::model::{AssetKind, AssetReference};
use crate::schema::shape::Namespaces;

impl AssetSet<'_> {
    pub(super) fn check_flow(&self, at: AssetIndex) -> Vec<SourceFinding> {
        let (Some(flow), Some(source)) = (self.flow(at), &self.content(at).source) else { return Vec::new() };
        let mut found = check_parts(flow, source);
        let name = &self.asset(at).id.name;
        if *flow.name != *name.as_str() {
            let message = format!("the flow calls itself `{}`, and the manifest calls it `{name}`", flow.name);
            let help = "give both the same name";
            found.push(SourceFinding::error("flow.name", &source.file, flow.position, message).with_help(help));
        }
        let directions = flow.from.iter().map(|one| (one, Direction::In));
        let ways = flow.targets().chain(flow.on_error.iter().map(|way| &way.to)).map(|one| (one, Direction::Out));
        for (reference, wanted) in directions.chain(ways) {
            found.extend(self.check_direction(at, source, reference, wanted));
        }
        found.extend(self.check_chain(at, flow, source));
        found
    }

    /// Reports an adapter that documents cannot come from, or go to.
    fn check_direction(
        &self,
        at: AssetIndex,
        source: &SourceFile,
        reference: &Reference,
        wanted: Direction,
    ) -> Option<SourceFinding> {
        let adapter = self.resolve(self.asset(at).package, AssetKind::Adapter, &reference.to).ok()?;
        let adapter = self.adapter(adapter)?;
        (adapter.direction != wanted).then(|| {
            let message = match wanted {
                Direction::In => format!("documents go to adapter `{}`, and do not come from it", reference.text),
                Direction::Out => format!("documents come from adapter `{}`, and do not go to it", reference.text),
            };
            let help = format!("name an adapter of direction \"{}\"", wanted.as_str());
            SourceFinding::error("flow.direction", &source.file, reference.position, message).with_help(help)
        })
    }

    /// Checks that each step takes what the one before it gives.
    fn check_chain(&self, at: AssetIndex, flow: &Flow, source: &SourceFile) -> Vec<SourceFinding> {
        let package = self.asset(at).package;
        let mut found = Vec::new();
        let Some(from) = &flow.from else { return found };
        // What an adapter of the wrong direction has, or a mapping that is not there gives, is not known: that is told already, and
        // says nothing of the steps behind the next one.
        let mut given = self.documents_of(package, from, Direction::In);
        let mut from_name = &from.text;
        let mut namespaces = Namespaces::new();
        for map in &flow.maps {
            let mapping = self.resolve(package, AssetKind::Mapping, &map.to).ok();
            let ends = mapping.map(|mapping| self.ends_of(mapping)).unwrap_or_default();
            if let (Some(given), Some(taken)) = (&given, &ends.taken)
                && !self.is_same(given, taken)
            {
                found.push(self.disagreement(source, map, (from_name, given), taken));
            }
            (given, from_name) = (ends.made, &map.text);
            let body = mapping.and_then(|mapping| self.mapping(mapping));
            namespaces = body.map(|body| body.namespaces().clone()).unwrap_or_default();
        }
        let Some(given) = given else { return found };
        for target in flow.targets() {
            if let Some(taken) = self.documents_of(package, target, Direction::Out)
                && !self.is_same(&given, &taken)
            {
                found.push(self.disagreement(source, target, (from_name, &given), &taken));
            }
        }
        // Routes read what the last mapping gives, with its prefixes.
        let shape = self.schema(given.asset).and_then(|schema| schema.shape(given.entry.as_deref()).ok());
        let Some(shape) = shape else { return found };
        let scope = shape.scope(&namespaces);
        for route in &flow.routes {
            for error in route.when.iter().flat_map(|when| when.check(&scope)) {
                let finding = SourceFinding::error("flow.expression", &source.file, route.when_position, error.message);
                found.push(finding.with_help_if(error.help));
            }
        }
        found
    }

    /// Returns what the documents of an adapter of this direction look like.
    fn documents_of(&self, package: PackageIndex, adapter: &Reference, direction: Direction) -> Option<Documents> {
        let adapter = self.resolve(package, AssetKind::Adapter, &adapter.to).ok()?;
        let body = self.adapter(adapter).filter(|body| body.direction == direction)?;
        let document = body.document.as_ref()?;
        self.documents(self.asset(adapter).package, &document.to)
    }

    /// Returns what a mapping takes and gives.
    fn ends_of(&self, mapping: AssetIndex) -> Ends {
        let Some(body) = self.mapping(mapping) else { return Ends::default() };
        let package = self.asset(mapping).package;
        let end = |text: &str| self.documents(package, &text.parse::<AssetReference>().ok()?);
        let (from, to) = (end(&body.from().text), end(&body.to().text));
        let shape = |of: &Option<Documents>| {
            let of = of.as_ref()?;
            self.schema(of.asset)?.shape(of.entry.as_deref()).ok()
        };
        // What a mapping takes or gives that names another schema than its own is not known: that is told already.
        let wrong = shape(&from).zip(shape(&to)).map(|(from, to)| body.wrong_sides(&from, &to)).unwrap_or_default();
        Ends { taken: from.filter(|_| !wrong.from), made: to.filter(|_| !wrong.to) }
    }

    fn documents(&self, package: PackageIndex, reference: &AssetReference) -> Option<Documents> {
        let asset = self.resolve(package, AssetKind::Schema, reference).ok()?;
        // A part that is not there is told where it is named.
        self.schema(asset)?.shape(reference.entry.as_deref()).ok()?;
        Some(Documents { asset, entry: reference.entry.clone() })
    }

    /// Returns whether both mean the same documents, however the part of the schema is named.
    fn is_same(&self, one: &Documents, other: &Documents) -> bool {
        let name = |of: &Documents| {
            let shape = self.schema(of.asset)?.shape(of.entry.as_deref()).ok()?;
            Some(shape.name())
        };
        // What a schema that cannot be used means is not judged.
        one.asset == other.asset
            && (one.entry == other.entry || self.schema(one.asset).is_none() || name(one) == name(other))
    }

    fn disagreement(
        &self,
        source: &SourceFile,
        step: &Reference,
        (from_name, given): (&str, &Documents),
        taken: &Documents,
    ) -> SourceFinding {
        let name = |of: &Documents| match &of.entry {
            Some(entry) => format!("{}#{entry}", self.asset(of.asset).id),
            None => self.asset(of.asset).id.to_string(),
        };
        let message = format!("`{from_name}` gives {}, and `{}` takes {}", name(given), step.text, name(taken));
        SourceFinding::error("flow.schema", &source.file, step.position, message)
            .with_help("put a mapping between them, or name one that takes what is given")
    }
}

/// What documents look like: a schema, and the part of it that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Documents {
    asset: AssetIndex,
    entry: Option<Box<str>>,
}

/// What a mapping takes and gives, as far as that is known.
#[derive(Clone, Debug, Default)]
struct Ends {
    taken: Option<Documents>,
    made: Option<Documents>,
}

/// Returns what a flow lacks, and which of its parts nothing reaches.
fn check_parts(flow: &Flow, source: &SourceFile) -> Vec<SourceFinding> {
    let mut found = Vec::new();
    let mut lacks = |code, message: &str, help: &str| {
        found.push(SourceFinding::error(code, &source.file, flow.position, message).with_help(help));
    };
    if !flow.states("from") {
        lacks(
            "flow.incomplete",
            "the flow has no `from`",
            "name the adapter that documents come from: `from \"orders-in\"`",
        );
    }
    if !flow.states("to") && !flow.states("otherwise") {
        lacks("flow.incomplete", "the flow has no `to`", "name the adapter that documents go to: `to \"billing-out\"`");
    }
    if !flow.states("on-error") {
        lacks(
            "flow.error-way",
            "the flow has no way out for documents that fail",
            "add `on-error retry=3 to=\"dead-letter\"`",
        );
    }
    let constant = |route: &Route| route.when.as_ref().and_then(Expression::constant);
    let always = flow.routes.iter().position(|route| constant(route) == Some(true));
    let line_of_always = always.map(|at| flow.routes[at].when_position.line);
    let takes_all = |line: u32| format!("the condition in line {line} always holds");
    for (at, route) in flow.routes.iter().enumerate() {
        let same = flow.routes[..at].iter().find(|before| before.text == route.text);
        let reason = match (same, line_of_always) {
            _ if route.is_behind_otherwise => "`otherwise` stands before it, and takes all that is left".to_owned(),
            (_, Some(line)) if always.is_some_and(|always| always < at) => takes_all(line),
            _ if constant(route) == Some(false) => "its condition never holds".to_owned(),
            (Some(before), _) => format!("line {} has the same condition", before.position.line),
            (None, _) => continue,
        };
        let message = format!("no document takes the route to `{}`: {reason}", route.to.text);
        found.push(
            SourceFinding::error("flow.unreachable", &source.file, route.position, message)
                .with_help("move it up, change its condition, or take it away"),
        );
    }
    if let Some(line) = line_of_always {
        // What no route takes goes to `otherwise`, or to every `to`.
        let left: Vec<&Reference> = flow.otherwise.as_ref().map_or_else(|| flow.to.iter().collect(), |one| vec![one]);
        for to in left.into_iter().filter(|to| !flow.routes.iter().any(|route| route.to.to == to.to)) {
            let message = format!("no document goes to `{}`: {}", to.text, takes_all(line));
            found.push(
                SourceFinding::error("flow.unreachable", &source.file, to.position, message)
                    .with_help("change the condition, or take the route away"),
            );
        }
    }
    if let Some(otherwise) = &flow.otherwise {
        for to in
            flow.to.iter().filter(|to| to.to != otherwise.to && !flow.routes.iter().any(|route| route.to.to == to.to))
        {
            let message = format!("no document goes to `{}`: the routes and `otherwise` take all of them", to.text);
            found.push(
                SourceFinding::error("flow.unreachable", &source.file, to.position, message)
                    .with_help("take it away, or let a route lead there"),
            );
        }
    }
    found
}
