//! What kind of schema a text is.

use std::fmt;
use std::str::FromStr;

/// A language of schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaKind {
    /// XML Schema.
    Xsd,
    /// WSDL.
    Wsdl,
    /// JSON Schema.
    JsonSchema,
}

/// A text that names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`xsd`, `wsdl` and `json-schema` are possible")]
pub struct UnknownKind;

impl SchemaKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Xsd, Self::Wsdl, Self::JsonSchema];

    /// Returns the kind of a text: by its first character, then by the name of its root element. `None` if it is of none.
    pub fn of_content(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        match text.as_bytes().first()? {
            b'{' => return Some(Self::JsonSchema),
            b'<' => {}
            _ => return None,
        }
        let name = root_name(text)?;
        match name.rsplit(':').next()? {
            "schema" => Some(Self::Xsd),
            "definitions" | "description" => Some(Self::Wsdl),
            _ => None,
        }
    }

    /// Returns the name that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xsd => "xsd",
            Self::Wsdl => "wsdl",
            Self::JsonSchema => "json-schema",
        }
    }
}

/// Returns the name of the first element.
fn root_name(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix("<!--") {
            text = rest.split_once("-->")?.1;
        } else if let Some(rest) = text.strip_prefix("<?") {
            text = rest.split_once("?>")?.1;
        } else if let Some(rest) = text.strip_prefix("<!") {
            // It is refused when it is read; the kind is told nevertheless, so that it is refused as that.
            let end = rest.find('>')?;
            let subset = rest.find('[').filter(|&at| at < end);
            let after = subset.map_or(Some(rest), |_| rest.split_once(']').map(|(_, after)| after))?;
            text = after.split_once('>')?.1;
        } else {
            let rest = text.strip_prefix('<')?;
            return rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
        }
    }
}

impl fmt::Display for SchemaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SchemaKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}
