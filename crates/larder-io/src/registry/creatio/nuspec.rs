//! The nuspec of a NuGet package: which package it says it is.

/// The id and the version that a nuspec states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nuspec {
    pub(super) id: String,
    pub(super) version: String,
}

impl Nuspec {
    /// Reads a nuspec. It is no parser of XML: what is read are two elements without markup inside, of which there must be one each.
    ///
    /// # Errors
    /// The reason why it does not say what it is.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let text = without_comments(&text).ok_or("its nuspec has a comment without an end")?;
        let start = text.find("<metadata").ok_or("its nuspec has no `metadata`")?;
        let end = text[start..].find("</metadata").ok_or("the `metadata` of its nuspec does not end")?;
        // Dependencies have ids and versions of their own, as attributes.
        let metadata = &text[start..start + end];
        Ok(Self { id: element(metadata, "id")?, version: element(metadata, "version")? })
    }
}

fn without_comments(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<!--") {
        kept.push_str(&rest[..start]);
        rest = &rest[start + rest[start..].find("-->")? + 3..];
    }
    kept.push_str(rest);
    Some(kept)
}

fn element(text: &str, name: &str) -> Result<String, String> {
    let open = format!("<{name}>");
    let mut found = text.match_indices(&open);
    let (Some((at, _)), None) = (found.next(), found.next()) else {
        return Err(format!("its nuspec has not exactly one `{name}`"));
    };
    let rest = &text[at + open.len()..];
    let end = rest.find('<').filter(|end| rest[*end..].starts_with(&format!("</{name}>")));
    let inside = end.map(|end| rest[..end].trim()).filter(|inside| !inside.is_empty() && !inside.contains('&'));
    inside.map(str::to_owned).ok_or_else(|| format!("the `{name}` of its nuspec is no plain text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nuspec_says_once_what_it_is() {
        let text = "<?xml version=\"1.0\"?>\n<package xmlns=\"x\"><!-- <id>Evil</id> --><metadata minClientVersion=\"2\">\
                    <id> UsrOrders </id><version>1.4.0</version><dependencies><dependency id=\"A\" version=\"1\"/></dependencies>\
                    </metadata></package>";
        let read = Nuspec::read(text.as_bytes()).unwrap();
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
            assert!(Nuspec::read(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }
}
