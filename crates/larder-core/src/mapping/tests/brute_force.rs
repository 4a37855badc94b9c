//! What a mapping has to write, against brute force: for random schemas and random mappings the document that a mapping makes
//! is put together and validated. It is valid exactly if nothing was reported as missing.

use super::{mapping, schema, shown};
use crate::diagnostic::SourceFinding;
use crate::document::{Format, SourceFile};
use crate::mapping::Document;
use crate::schema::Schema;

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.next(number) == 0
    }
}

/// A schema with the paths that a mapping can write.
struct Generated {
    text: String,
    leaves: Vec<String>,
}

struct Generator<'a> {
    random: &'a mut Random,
    leaves: Vec<String>,
    names: usize,
    /// Declarations beside the root.
    beside: Vec<String>,
}

impl Generator<'_> {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    /// Returns a part of a content: an element, a sequence, a choice.
    fn particle(&mut self, path: &str, depth: usize) -> String {
        let occurs = if self.random.one_in(3) { " minOccurs=\"0\"" } else { "" };
        match if depth == 0 { 0 } else { self.random.next(5) } {
            3 | 4 => {
                let kind = if self.random.one_in(2) { "sequence" } else { "choice" };
                let parts = 1 + self.random.next(3);
                let parts: String = (0..parts).map(|_| self.particle(path, depth - 1)).collect();
                format!("<xs:{kind}{occurs}>{parts}</xs:{kind}>")
            }
            2 => {
                let name = self.name();
                let below = format!("{path}{name}/");
                format!("<xs:element name=\"{name}\"{occurs}>{}</xs:element>", self.complex(&below, depth - 1))
            }
            kind => {
                let name = self.name();
                self.leaves.push(format!("{path}{name}"));
                let value = if kind == 1 { "xs:string" } else { "Filled" };
                format!("<xs:element name=\"{name}\" type=\"{value}\"{occurs}/>")
            }
        }
    }

    fn attributes(&mut self, path: &str) -> String {
        let number = self.random.next(3);
        (0..number)
            .map(|_| {
                let name = self.name();
                self.leaves.push(format!("{path}@{name}"));
                let required = if self.random.one_in(2) { " use=\"required\"" } else { "" };
                format!("<xs:attribute name=\"{name}\" type=\"xs:string\"{required}/>")
            })
            .collect::<Vec<_>>()
            .concat()
    }

    fn complex(&mut self, path: &str, depth: usize) -> String {
        match self.random.next(4) {
            // A base with more behind it.
            0 if depth > 0 => {
                let base = format!("T{}", self.beside.len());
                self.beside.push(String::new());
                let place = self.beside.len() - 1;
                let content =
                    format!("<xs:sequence>{}</xs:sequence>{}", self.particle(path, depth - 1), self.attributes(path));
                self.beside[place] = format!("<xs:complexType name=\"{base}\">{content}</xs:complexType>");
                let own =
                    format!("<xs:sequence>{}</xs:sequence>{}", self.particle(path, depth - 1), self.attributes(path));
                format!(
                    "<xs:complexType><xs:complexContent><xs:extension base=\"{base}\">{own}</xs:extension></xs:complexContent></xs:complexType>"
                )
            }
            // A named group.
            1 if depth > 0 => {
                let group = format!("G{}", self.beside.len());
                self.beside.push(String::new());
                let place = self.beside.len() - 1;
                let inner = format!("<xs:sequence>{}</xs:sequence>", self.particle(path, depth - 1));
                self.beside[place] = format!("<xs:group name=\"{group}\">{inner}</xs:group>");
                let occurs = if self.random.one_in(2) { " minOccurs=\"0\"" } else { "" };
                format!("<xs:complexType><xs:group ref=\"{group}\"{occurs}/>{}</xs:complexType>", self.attributes(path))
            }
            2 => {
                let number = 1 + self.random.next(3);
                let parts = (0..number)
                    .map(|_| {
                        let name = self.name();
                        self.leaves.push(format!("{path}{name}"));
                        let occurs = if self.random.one_in(2) { " minOccurs=\"0\"" } else { "" };
                        format!("<xs:element name=\"{name}\" type=\"Filled\"{occurs}/>")
                    })
                    .collect::<Vec<_>>()
                    .concat();
                format!("<xs:complexType><xs:all>{parts}</xs:all>{}</xs:complexType>", self.attributes(path))
            }
            _ => {
                let parts = 1 + self.random.next(3);
                let parts: String = (0..parts).map(|_| self.particle(path, depth)).collect();
                format!("<xs:complexType><xs:sequence>{parts}</xs:sequence>{}</xs:complexType>", self.attributes(path))
            }
        }
    }

    /// Returns a schema of an object.
    fn object(&mut self, path: &str, depth: usize) -> String {
        let mut parts = vec!["\"type\": \"object\"".to_owned()];
        let (mut properties, mut required) = (Vec::new(), Vec::new());
        for _ in 0..=self.random.next(3) {
            let name = self.name();
            let inner = match if depth == 0 { 0 } else { self.random.next(4) } {
                3 => self.object(&format!("{path}{name}/"), depth - 1),
                2 => {
                    let definition = format!("d{}", self.beside.len());
                    self.beside.push(String::new());
                    let place = self.beside.len() - 1;
                    let inner = self.object(&format!("{path}{name}/"), depth - 1);
                    self.beside[place] = format!("\"{definition}\": {inner}");
                    format!("{{\"$ref\": \"#/$defs/{definition}\"}}")
                }
                _ => {
                    self.leaves.push(format!("{path}{name}"));
                    "{\"type\": \"string\"}".to_owned()
                }
            };
            if self.random.one_in(2) {
                required.push(format!("\"{name}\""));
            }
            properties.push(format!("\"{name}\": {inner}"));
        }
        parts.push(format!("\"properties\": {{{}}}", properties.join(", ")));
        parts.push(format!("\"required\": [{}]", required.join(", ")));
        if depth > 0 {
            for keyword in ["allOf", "oneOf", "anyOf"] {
                if self.random.one_in(4) {
                    let number = 1 + self.random.next(3);
                    let branches: Vec<String> = (0..number).map(|_| self.object(path, 0)).collect();
                    parts.push(format!("\"{keyword}\": [{}]", branches.join(", ")));
                }
            }
        }
        format!("{{{}}}", parts.join(", "))
    }
}

fn generated(random: &mut Random, format: Format) -> Generated {
    let mut generator = Generator { random, leaves: Vec::new(), names: 0, beside: Vec::new() };
    let text = match format {
        Format::Xml => {
            let root = generator.complex("", 3);
            format!(
                "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"root\">{root}</xs:element>{}<xs:simpleType \
                 name=\"Filled\"><xs:restriction base=\"xs:string\"><xs:minLength value=\"1\"/></xs:restriction></xs:simpleType></xs:schema>",
                generator.beside.concat()
            )
        }
        Format::Json => {
            let mut text = generator.object("", 3);
            text.pop();
            format!("{text}, \"$defs\": {{{}}}}}", generator.beside.join(", "))
        }
    };
    Generated { text, leaves: generator.leaves }
}

/// What came of the mappings on one target.
#[derive(Default, Debug)]
struct Counts {
    complete: usize,
    incomplete: usize,
    undecided: usize,
}

fn compare(source: &Schema, generated: &Generated, random: &mut Random, counts: &mut Counts) {
    let target = schema(&generated.text);
    let (from, to) = (source.shape(None).expect("a root"), target.shape(None).expect("a root"));
    let input = Document::parse(&SourceFile::new("in", "{\"v\": \"x\"}"), Format::Json).expect("a document");
    for turn in 0..8 {
        // The first writes everything, the last nothing.
        let lines: Vec<String> = generated
            .leaves
            .iter()
            .filter(|_| turn == 0 || (turn < 7 && !random.one_in(turn + 1)))
            .map(|leaf| format!("field \"v\" to=\"{leaf}\""))
            .collect();
        let body = lines.join("\n");
        let mapping = mapping(&body);
        let findings = mapping.check(&from, &to);
        let is_undecided = findings.iter().any(|finding| finding.code == "mapping.undecided");
        // Some leaves of JSON are below branches that say nothing of each other: paths may be missing, never wrong.
        let wrong: Vec<SourceFinding> = findings
            .iter()
            .filter(|finding| {
                !matches!(
                    &*finding.code,
                    "mapping.required" | "mapping.choice" | "mapping.undecided" | "mapping.sample"
                )
            })
            .cloned()
            .collect();
        assert!(wrong.is_empty(), "{}\n{body}\n{:#?}", generated.text, shown(&wrong));
        if is_undecided {
            counts.undecided += 1;
            continue;
        }
        let says = findings.is_empty();
        let made = mapping.run(&from, &to, &input).expect("nothing to convert").to_text();
        let faults = target.validate(None, &SourceFile::new("made", made.as_str()));
        let is_valid = faults.is_empty();
        assert_eq!(
            says,
            is_valid,
            "{}\n{body}\n{made}\n{:#?}\n{:#?}",
            generated.text,
            shown(&findings),
            shown(&faults)
        );
        if says {
            counts.complete += 1;
        } else {
            counts.incomplete += 1;
        }
    }
}

#[test]
fn required_targets_agree_with_brute_force_on_a_hundred_pairs() {
    let source =
        schema("{\"type\": \"object\", \"properties\": {\"v\": {\"type\": \"string\"}}, \"required\": [\"v\"]}");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut counts = Counts::default();
    for number in 0..120 {
        let format = if number % 2 == 0 { Format::Xml } else { Format::Json };
        let target = generated(&mut random, format);
        compare(&source, &target, &mut random, &mut counts);
    }
    // Both answers have to be frequent, or nothing was compared.
    assert!(counts.complete > 100 && counts.incomplete > 100, "{counts:?}");
}
