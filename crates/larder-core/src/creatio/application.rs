//! `Files/app-descriptor.json` of one of an application's packages: which packages the application has, and the oldest platform that
//! it runs on. The version of an application is not that of its packages.

use serde_json::Value;

use super::json;
use crate::model::{CreatioVersion, Ecosystem, PackageName};

/// The file.
pub const APP_DESCRIPTOR: &str = "Files/app-descriptor.json";

/// What an application says of itself, as far as it decides anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// `Code`, else `Name`.
    pub name: String,
    /// `RequiredPlatformVersion`
    pub required_platform: Option<CreatioVersion>,
    /// The names of `Packages`.
    pub packages: Vec<PackageName>,
}

impl Application {
    /// Parses the content of the file.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document = json::parse(bytes).map_err(|error| format!("cannot be read: {error}"))?;
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let name = text("Code").or_else(|| text("Name")).ok_or("has neither a `Code` nor a `Name`")?;
        let required = text("RequiredPlatformVersion").map(CreatioVersion::parse).transpose();
        let packages = document.get("Packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let packages = packages.iter().map(|package| {
            let name = package.get("Name").and_then(Value::as_str).unwrap_or_default();
            PackageName::parse(Ecosystem::CREATIO, name)
                .map_err(|error| format!("lists a package that cannot be: {error}"))
        });
        Ok(Self {
            name: name.to_owned(),
            required_platform: required
                .map_err(|reason| format!("has a `RequiredPlatformVersion` that cannot be: {reason}"))?,
            packages: packages.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mutation;

    #[test]
    fn an_application_names_its_packages_and_its_platform() {
        let text = "\u{feff}{\"Name\":\"Orders\",\"Code\":\"UsrOrdersApp\",\"Version\":\"1.1.4\",\"Icon\":\"aWNvbg==\",\
                    \"RequiredPlatformVersion\":\"8.3.3\",\"Packages\":[{\"UId\":\"x\",\"Name\":\"UsrOrders\"}]}";
        let read = Application::parse(text.as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.packages[0].as_str()), ("UsrOrdersApp", "UsrOrders"));
        assert_eq!(read.required_platform.unwrap().to_string(), "8.3.3");
        for (text, reason) in [
            ("{\"Name\":\"a\",\"Name\":\"b\"}", "twice"),
            ("{\"Name\":\"a\",}", "trailing comma"),
            ("{}", "neither"),
            ("{\"Name\":\"a\",\"Packages\":[{}]}", "lists a package"),
            ("{\"Name\":\"a\",\"RequiredPlatformVersion\":\"8/1\"}", "RequiredPlatformVersion"),
        ] {
            assert!(Application::parse(text.as_bytes()).unwrap_err().contains(reason), "{text}");
        }
        mutation::of(&[text], |text| drop(Application::parse(text.as_bytes())));
    }
}
