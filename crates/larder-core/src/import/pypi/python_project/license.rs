//! What a project says of its license, before a build makes headers of it.

use toml::{Table, Value};

use super::setup_cfg::{self, SetupCfg};
use super::setup_py::SetupPy;
use crate::model::LicenseHeaders;

/// Returns what `[project]` says, else `[tool.poetry]`. Of a file that `license = { file = … }` names, nothing is known here.
pub(super) fn of_document(document: &Table) -> LicenseHeaders {
    let poetry = document.get("tool").and_then(|tool| tool.get("poetry"));
    let mut said = LicenseHeaders::default();
    for table in [document.get("project"), poetry].into_iter().flatten().filter_map(Value::as_table) {
        match table.get("license") {
            // PEP 639. The name of a license, as Poetry and older backends have it, is read in the same way.
            Some(Value::String(text)) => {
                said.expression.get_or_insert_with(|| text.clone());
                said.license.get_or_insert_with(|| text.clone());
            }
            Some(Value::Table(table)) => {
                let text = table.get("text").and_then(Value::as_str).map(str::to_owned);
                said.license = said.license.take().or(text);
            }
            _ => {}
        }
        let classifiers = table.get("classifiers").and_then(Value::as_array).into_iter().flatten();
        said.classifiers.extend(classifiers.filter_map(Value::as_str).map(str::to_owned));
    }
    said
}

/// Returns what a setup.cfg says, else a setup.py.
pub(super) fn of_setuptools(cfg: Option<&SetupCfg>, py: Option<&SetupPy>) -> LicenseHeaders {
    let option = |key: &str| cfg?.get("metadata", key).filter(|value| !value.is_empty()).map(str::to_owned);
    let classifiers = match option("classifiers") {
        Some(value) => setup_cfg::lines(&value),
        None => py.and_then(|py| py.list("classifiers")).unwrap_or_default(),
    };
    LicenseHeaders {
        expression: option("license_expression"),
        license: option("license").or_else(|| py?.text("license")),
        classifiers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_files_say_licenses() {
        let of = |text: &str| {
            let said = of_document(&text.parse().unwrap());
            (said.expression, said.license, said.classifiers)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("[project]\nlicense = 'MIT OR ISC'"), (some("MIT OR ISC"), some("MIT OR ISC"), vec![]));
        assert_eq!(of("[project]\nlicense = { text = 'BSD' }").1, some("BSD"));
        assert_eq!(of("[project]\nlicense = { file = 'L' }"), (None, None, vec![]));
        assert_eq!(of("[project]\nname = 'a'\n[tool.poetry]\nlicense = 'MIT'").0, some("MIT"));
        let classifier = "License :: OSI Approved :: MIT License";
        assert_eq!(of(&format!("[project]\nclassifiers = ['{classifier}']")).2, [classifier]);
        let cfg = SetupCfg::parse(&format!("[metadata]\nlicense = MIT\nclassifiers =\n    {classifier}\n"));
        let said = of_setuptools(Some(&cfg), None);
        assert_eq!((said.license, said.classifiers), (some("MIT"), vec![classifier.to_owned()]));
    }
}
