//! The words of both editions, and what may stand where.

use crate::document::XmlElement;

/// The words of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vocabulary {
    pub(super) edition: &'static str,
    pub(super) namespace: &'static str,
    pub(super) root: &'static str,
    /// What operations stand in: `portType`, `interface`.
    pub(super) interface: &'static str,
    /// The attribute of a binding that names it.
    pub(super) bound: &'static str,
    /// What a service has: `port`, `endpoint`.
    pub(super) endpoint: &'static str,
    /// What may stand in an element, by the element's name.
    pub(super) children: &'static [(&'static str, &'static [&'static str])],
    /// Elements that need an attribute, and the attribute.
    pub(super) required: &'static [(&'static str, &'static str)],
}

const FIRST: Vocabulary = Vocabulary {
    edition: "WSDL 1.1",
    namespace: "http://schemas.xmlsoap.org/wsdl/",
    root: "definitions",
    interface: "portType",
    bound: "type",
    endpoint: "port",
    children: &[
        ("definitions", &["import", "documentation", "types", "message", "portType", "binding", "service"]),
        ("message", &["documentation", "part"]),
        ("portType", &["documentation", "operation"]),
        ("binding", &["documentation", "operation"]),
        ("operation", &["documentation", "input", "output", "fault"]),
        ("service", &["documentation", "port"]),
    ],
    required: &[
        ("message", "name"),
        ("part", "name"),
        ("portType", "name"),
        ("binding", "name"),
        ("binding", "type"),
        ("operation", "name"),
        ("service", "name"),
        ("port", "name"),
        ("port", "binding"),
        ("import", "namespace"),
    ],
};

const SECOND: Vocabulary = Vocabulary {
    edition: "WSDL 2.0",
    namespace: "http://www.w3.org/ns/wsdl",
    root: "description",
    interface: "interface",
    bound: "interface",
    endpoint: "endpoint",
    children: &[
        ("description", &["documentation", "import", "include", "types", "interface", "binding", "service"]),
        ("interface", &["documentation", "fault", "operation"]),
        ("operation", &["documentation", "input", "output", "infault", "outfault"]),
        ("binding", &["documentation", "fault", "operation"]),
        ("service", &["documentation", "endpoint"]),
    ],
    required: &[
        ("description", "targetNamespace"),
        ("interface", "name"),
        ("binding", "name"),
        ("service", "name"),
        ("service", "interface"),
        ("endpoint", "name"),
        ("endpoint", "binding"),
        ("import", "namespace"),
        ("include", "location"),
    ],
};

impl Vocabulary {
    /// Returns the words of the edition that a document is written in.
    pub(super) fn of(root: &XmlElement) -> Option<Self> {
        [FIRST, SECOND].into_iter().find(|words| root.name.is(words.namespace, words.root))
    }

    /// Returns whether an element is a word of the edition.
    pub(super) fn is(&self, element: &XmlElement, local: &str) -> bool {
        element.name.is(self.namespace, local)
    }
}
