//! The manifest's own rules, held against what was measured.

use std::collections::BTreeMap;

use larder::expression::{Number, Value};
use larder::model::AlertLevel;

use super::reports::response_milliseconds;
use super::{Engine, EngineAction};
use crate::alert::Raised;
use crate::clock::Now;

impl Engine {
    /// Raises an alert for each rule that holds, and settles those that hold no more.
    pub(super) fn judge(&mut self, now: Now, actions: &mut Vec<EngineAction>) {
        if self.settings.rules.is_empty() {
            return;
        }
        let values = self.values();
        let (mut raised, mut over) = (Vec::new(), Vec::new());
        for rule in &self.settings.rules {
            let paths: Vec<String> = rule.when.paths().iter().map(ToString::to_string).collect();
            // What nobody has looked at yet is not known to be otherwise.
            if !paths.iter().all(|path| self.was_measured(path)) {
                continue;
            }
            let name = rule.name.value.as_str();
            if rule.when.evaluate(&values) {
                let known = paths.iter().filter_map(|path| Some(format!("{path} is {}", values.get(path)?)));
                let known = known.collect::<Vec<_>>().join(", ");
                let message = format!("{} holds: {known}", rule.when);
                let (level, category, component) = (rule.level, rule.category, name.to_owned());
                let found = Raised { rule: name.to_owned(), level, category, component, message, resolved: false };
                raised.push((found, Some(rule.cooldown)));
            } else if rule.level == AlertLevel::Critical {
                over.push((name.to_owned(), rule.category));
            }
        }
        self.raise(raised, now, actions);
        for (name, category) in over {
            self.settle(&name, (category, &name), now, actions);
        }
    }

    /// Returns what was measured, by the names that rules use.
    pub(super) fn values(&self) -> BTreeMap<String, Value> {
        let mut values = BTreeMap::new();
        let mut set = |name: String, value: Option<f64>| {
            let number = value.and_then(Number::from_f64);
            values.extend(number.map(|number| (name, Value::Number(number))));
        };
        for (settings, check) in self.settings.checks.iter().zip(&self.checks) {
            if check.state.last.is_none() {
                continue;
            }
            let name = |metric: &str| format!("{}.{metric}", settings.name);
            set(name("failures"), Some(f64::from(check.state.failures)));
            set(name("restarts"), Some(f64::from(check.restarts.count)));
            set(name("responseTime"), response_milliseconds(check));
        }
        let machine = self.machine.report;
        for (name, value) in
            [("memory", machine.memory), ("cpu", machine.cpu), ("disk", machine.disk), ("cache", machine.cache)]
        {
            set(name.to_owned(), value);
        }
        if let Some(packages) = self.packages {
            let counts = [
                ("total", packages.total),
                ("critical", packages.critical),
                ("high", packages.high),
                ("moderate", packages.moderate),
                ("low", packages.low),
            ];
            for (name, value) in counts {
                set(format!("packages.{name}"), Some(super::reports::count(value)));
            }
            set("packages.healthScore".to_owned(), Some(f64::from(packages.health_score)));
        }
        let looked_at = self.settings.checks.iter().zip(&self.checks).filter(|(_, check)| check.state.last.is_some());
        values.extend(looked_at.map(|(settings, check)| {
            (format!("{}.status", settings.name), Value::String(check.state.status().as_str().into()))
        }));
        values
    }

    /// Returns whether what a name stands for was looked at since the monitor began.
    fn was_measured(&self, path: &str) -> bool {
        if path.starts_with("packages.") && !self.settings.checks.iter().any(|check| check.name == "packages") {
            return self.packages.is_some();
        }
        match path.rsplit_once('.') {
            Some((check, _)) => {
                let found = self.settings.checks.iter().position(|settings| settings.name == check);
                found.and_then(|at| self.checks.get(at)).is_some_and(|check| check.state.last.is_some())
            }
            None => self.machine.report.memory.is_some() || self.machine.report.disk.is_some(),
        }
    }
}
