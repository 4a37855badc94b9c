//! The nuspec of a NuGet package: which package it says it is.

use crate::document::{XmlElement, decode, parse_xml};

/// The id and the version that a nuspec states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nuspec {
    pub(super) id: String,
    pub(super) version: String,
}

impl Nuspec {
    /// Reads a nuspec. Its namespace is one of several, and does not count.
    ///
    /// # Errors
    /// The reason why it does not say what it is.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = decode(bytes.to_vec()).map_err(|error| format!("its nuspec is no text: {error}"))?;
        let root = parse_xml(text.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("its nuspec cannot be read: {error}"))?;
        let metadata = child(&root, "metadata")?;
        Ok(Self { id: text_of(metadata, "id")?, version: text_of(metadata, "version")? })
    }
}

/// Returns the one child of a name.
fn child<'x>(parent: &'x XmlElement, name: &str) -> Result<&'x XmlElement, String> {
    let mut found = parent.children.iter().filter(|child| *child.name.local == *name);
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(format!("its nuspec has not exactly one `{name}`")),
    }
}

/// Returns the text of the one child of a name.
fn text_of(parent: &XmlElement, name: &str) -> Result<String, String> {
    let element = child(parent, name)?;
    let text = element.text.trim();
    if text.is_empty() || text.contains(['<', '&']) || !element.children.is_empty() {
        return Err(format!("the `{name}` of its nuspec is no plain text"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\"?>\n<package xmlns=\"x\"><!-- <id>Evil</id> --><metadata minClientVersion=\"2\">\
                        <id> UsrOrders </id><version>1.4.0</version><dependencies><dependency id=\"A\" version=\"1\"/></dependencies>\
                        </metadata></package>";

    #[test]
    fn a_nuspec_says_once_what_it_is() {
        let read = Nuspec::read(TEXT.as_bytes()).unwrap();
        assert_eq!((read.id.as_str(), read.version.as_str()), ("UsrOrders", "1.4.0"));
        for (from, to) in [
            ("<id> UsrOrders </id>", ""),
            ("<id> UsrOrders </id>", "<id>A</id><id>B</id>"),
            ("UsrOrders", "<b>x</b>"),
            ("UsrOrders", "a&lt;"),
            ("1.4.0", " "),
            ("</metadata>", ""),
            ("-->", ""),
        ] {
            assert!(Nuspec::read(TEXT.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn what_xml_allows_is_read() {
        let expected = Nuspec::read(TEXT.as_bytes()).unwrap();
        let utf_16 = format!("\u{feff}{}", TEXT.replace("1.0\"?", "1.0\" encoding=\"utf-16\"?"));
        let utf_16: Vec<u8> = utf_16.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Nuspec::read(&utf_16).unwrap(), expected);
        let prefixed = "<n:package xmlns:n=\"x\"><n:metadata><n:id>UsrOrders</n:id><n:version>1.4.0</n:version></n:metadata></n:package>";
        for text in [
            format!("\u{feff}{TEXT}"),
            prefixed.to_owned(),
            TEXT.replace(" UsrOrders ", "<![CDATA[UsrOrders]]>"),
            TEXT.replace("UsrOrders", "&#85;srOrders"),
        ] {
            assert_eq!(Nuspec::read(text.as_bytes()).unwrap(), expected, "{text}");
        }
    }
}
