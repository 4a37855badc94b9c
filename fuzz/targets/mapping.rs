#![no_main]
//! A mapping as anybody may write it, between an order and an invoice. What is read can be checked; what has no errors can be
//! run, and makes a document.

use std::sync::LazyLock;

use larder_core::mapping::{Document, Mapping};
use larder_core::schema::shape::{Format, Shape};
use larder_core::schema::{Schema, SourceFile};

fn shape(text: &str) -> Shape {
    let loaded = Schema::load(&SourceFile::new("schema", text), None, &|_| None);
    loaded.schema.expect("a schema").shape(None).expect("a root")
}

static ORDER: LazyLock<Shape> = LazyLock::new(|| {
    shape(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='Order'><xs:complexType><xs:sequence><xs:element \
         name='Id' type='xs:string'/><xs:element name='Line' minOccurs='0' maxOccurs='unbounded'><xs:complexType><xs:sequence><xs:element \
         name='Sum' type='xs:decimal'/></xs:sequence><xs:attribute name='no' type='xs:int'/></xs:complexType></xs:element></xs:sequence>\
         </xs:complexType></xs:element></xs:schema>",
    )
});
static INVOICE: LazyLock<Shape> = LazyLock::new(|| {
    shape(
        "{\"properties\": {\"number\": {\"type\": \"string\"}, \"lines\": {\"type\": \"array\", \"items\": {\"properties\": {\"sum\": \
         {\"type\": \"number\"}}}}, \"total\": {}}}",
    )
});
const INPUT: &str = "<Order><Id>1</Id><Line no='1'><Sum>1.5</Sum></Line><Line><Sum>2</Sum></Line></Order>";

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(mapping) = Mapping::parse(&SourceFile::new("mapping.kdl", text)) else { return };
    let input = Document::parse(&SourceFile::new("order.xml", INPUT), Format::Xml).expect("a document");
    if mapping.check(&ORDER, &INVOICE).iter().any(larder_core::diagnostic::SourceFinding::is_error) {
        return;
    }
    if let Ok(made) = mapping.run(&ORDER, &INVOICE, &input) {
        Document::parse(&SourceFile::new("made.json", made.to_text()), Format::Json).expect("a document");
    }
});
