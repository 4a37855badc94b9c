//! Types, particles, entries.

use std::collections::BTreeMap;

use super::{SimpleType, Wildcard};
pub use crate::document::Format;
use crate::document::Name;

/// The number of a type in its graph.
pub(crate) type TypeId = usize;

/// All types that a schema describes, and where documents may start.
#[derive(Debug)]
pub(crate) struct ShapeGraph {
    pub(crate) format: Format,
    pub(crate) types: Vec<TypeShape>,
    /// In the order of the schema.
    pub(crate) entries: Vec<Entry>,
}

/// Something that can be named behind `#`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The name as it is written there.
    pub(crate) text: Box<str>,
    pub(crate) root: EntryRoot,
}

/// Where documents start.
#[derive(Clone, Debug)]
pub(crate) struct EntryRoot {
    /// The root element's name. `None` in JSON, and where only the type is known.
    pub(crate) name: Option<Name>,
    pub(crate) type_id: TypeId,
    pub(crate) place: FileOffset,
}

/// A place in the files of a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileOffset {
    /// The number of the file among the schema's.
    pub(crate) file: usize,
    pub(crate) offset: usize,
}

/// What an element or a value may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeShape {
    /// Its name, for messages.
    pub(crate) name: Option<Box<str>>,
    /// The type of its text, or of it as a scalar.
    pub(crate) value: Option<SimpleType>,
    /// Whether text may stand between its elements.
    pub(crate) is_mixed: bool,
    /// Whether it may be `null` (JSON) or nil (XML).
    pub(crate) is_nullable: bool,
    pub(crate) attributes: Vec<AttributeShape>,
    /// Which attributes it may have that are not listed.
    pub(crate) attribute_wildcards: Vec<Wildcard>,
    /// Its elements or members.
    pub(crate) content: Option<Particle>,
    /// What its items are, if it is a list of JSON.
    pub(crate) items: Option<Items>,
    /// Whether it may have members or elements that are not listed.
    pub(crate) is_open: bool,
    /// What members may be that are not listed, where the schema says so or lists none. `None` of a schema that lists members and
    /// forbids no others: of a name that is none of them, a misspelt one is more likely.
    pub(crate) others: Option<OtherMembers>,
    /// What nobody can decide without running a sample.
    pub(crate) undecided: Vec<Undecided>,
    /// Rules of which only the text can be compared.
    pub(crate) rules: BTreeMap<String, String>,
    /// The elements or members by name, with how often they occur at all.
    pub(crate) children: Vec<Child>,
    /// Where elements may stand that are not listed.
    pub(crate) wildcards: Vec<WildcardPlace>,
    pub(crate) place: FileOffset,
}

/// The items of a list.
#[derive(Clone, Debug)]
pub(crate) struct Items {
    pub(crate) type_id: TypeId,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

/// Members of an object that are not listed. Whether one of some name may be there, a sample decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherMembers {
    /// The keyword that admits them.
    pub(crate) construct: &'static str,
    pub(crate) type_id: TypeId,
}

/// An attribute of a type.
#[derive(Clone, Debug)]
pub(crate) struct AttributeShape {
    pub(crate) name: Name,
    pub(crate) is_required: bool,
    pub(crate) value: SimpleType,
    pub(crate) fixed: Option<String>,
    pub(crate) place: FileOffset,
}

/// A part of a type's content, with how often it occurs.
#[derive(Clone, Debug)]
pub(crate) struct Particle {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) term: Term,
}

/// What a part of a content is.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    Element(ElementShape),
    /// All, in this order.
    Sequence(Vec<Particle>),
    /// All, in any order.
    All(Vec<Particle>),
    Choice(Vec<Particle>, ChoiceKind),
    /// Anything of some namespaces; of this type, unless the schema declares it.
    Wildcard(Wildcard, TypeId),
}

/// How many branches of a choice a document takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChoiceKind {
    /// One of different elements.
    Branch,
    /// `oneOf`: exactly one holds.
    Exactly,
    /// `anyOf`: at least one holds.
    AtLeast,
}

/// An element or a member.
#[derive(Clone, Debug)]
pub(crate) struct ElementShape {
    pub(crate) name: Name,
    pub(crate) type_id: TypeId,
    /// The only value that it may have.
    pub(crate) fixed: Option<String>,
    pub(crate) place: FileOffset,
}

/// An element or a member of a type, seen from the whole of its content.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) name: Name,
    pub(crate) type_id: TypeId,
    /// Whether a document may be without it.
    pub(crate) is_optional: bool,
    /// Whether it may occur more than once.
    pub(crate) is_repeated: bool,
}

/// A wildcard of a type, seen from the whole of its content.
#[derive(Clone, Debug)]
pub(crate) struct WildcardPlace {
    pub(crate) wildcard: Wildcard,
    /// Whether several elements may stand there.
    pub(crate) is_repeated: bool,
    /// How many of the type's elements stand before it.
    pub(crate) behind: usize,
    /// The type of elements that the schema does not declare.
    pub(crate) type_id: TypeId,
}

/// A construct that decides about documents and that no static check follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecided {
    /// As it is written: `xs:any`, `if`.
    pub(crate) construct: &'static str,
    pub(crate) place: FileOffset,
}

/// How many parts may still be made of a schema: named groups and bases stand for their parts, and can be made to stand for
/// more than fit anywhere.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
}

impl Budget {
    /// The most parts of a schema.
    const MOST: usize = 200_000;

    pub(crate) fn new() -> Self {
        Self { left: Self::MOST }
    }

    /// Takes parts out. Returns whether there were enough.
    pub(crate) fn take(&mut self, parts: usize) -> bool {
        let enough = self.left >= parts;
        self.left = self.left.saturating_sub(parts);
        enough
    }

    /// Returns whether more was asked for than there was.
    pub(crate) fn is_spent(&self) -> bool {
        self.left == 0
    }
}

impl ShapeGraph {
    /// Fills in the children of all types.
    pub(crate) fn finish(mut self) -> Self {
        for shape in &mut self.types {
            let (mut children, mut wildcards) = (Vec::new(), Vec::new());
            if let Some(content) = &shape.content {
                content.add_children(false, false, &mut children, &mut wildcards);
            }
            shape.children = children;
            shape.wildcards.append(&mut wildcards);
        }
        self
    }

    /// Returns the type behind lists: what an item of it is.
    pub(crate) fn item(&self, type_id: TypeId) -> Option<TypeId> {
        self.types[type_id].items.as_ref().map(|items| items.type_id)
    }

    pub(crate) fn entry(&self, text: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| *entry.text == *text)
    }
}

impl TypeShape {
    pub(crate) fn child(&self, name: &Name) -> Option<&Child> {
        self.children.iter().find(|child| child.name == *name)
    }

    /// Returns the type of a member of this name, listed or not.
    pub(crate) fn below(&self, name: &Name) -> Option<TypeId> {
        self.child(name).map(|child| child.type_id).or_else(|| Some(self.others?.type_id))
    }
}

impl Particle {
    /// Makes a particle that occurs once.
    pub(crate) fn once(term: Term) -> Self {
        Self { min: 1, max: Some(1), term }
    }

    /// Returns the number of parts, for budgets.
    pub(crate) fn size(&self) -> usize {
        1 + match &self.term {
            Term::Element(_) | Term::Wildcard(..) => 0,
            Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts, _) => parts.iter().map(Self::size).sum(),
        }
    }

    /// Returns how many elements may be left out or repeated, alone or with what is around them: each of them may stand before each
    /// other one, so that the work of the rules grows with the square of their number. Those of `all` are not ordered.
    pub(crate) fn variable_parts(&self) -> usize {
        fn count(particle: &Particle, is_variable: bool) -> usize {
            let is_variable = is_variable || particle.min == 0 || particle.is_repeated();
            match &particle.term {
                Term::Element(_) | Term::Wildcard(..) => usize::from(is_variable),
                Term::Sequence(parts) => parts.iter().map(|part| count(part, is_variable)).sum(),
                Term::Choice(parts, _) => parts.iter().map(|part| count(part, true)).sum(),
                Term::All(_) => 0,
            }
        }
        count(self, false)
    }

    /// Returns whether it may occur more than once.
    pub(crate) fn is_repeated(&self) -> bool {
        self.max.is_none_or(|most| most > 1)
    }

    fn add_children(
        &self,
        is_optional: bool,
        is_repeated: bool,
        children: &mut Vec<Child>,
        wildcards: &mut Vec<WildcardPlace>,
    ) {
        let (is_optional, is_repeated) = (is_optional || self.min == 0, is_repeated || self.is_repeated());
        match &self.term {
            Term::Element(element) => match children.iter_mut().find(|child| child.name == element.name) {
                None => children.push(Child {
                    name: element.name.clone(),
                    type_id: element.type_id,
                    is_optional,
                    is_repeated,
                }),
                Some(child) => {
                    // In JSON each mention adds a rule for the one member; in XML one more element may occur.
                    child.is_optional &= is_optional;
                    child.is_repeated |= is_repeated;
                }
            },
            Term::Sequence(parts) | Term::All(parts) => {
                for part in parts {
                    part.add_children(is_optional, is_repeated, children, wildcards);
                }
            }
            Term::Choice(parts, _) => {
                let is_optional = is_optional || parts.len() > 1;
                for part in parts {
                    part.add_children(is_optional, is_repeated, children, wildcards);
                }
            }
            Term::Wildcard(wildcard, type_id) => wildcards.push(WildcardPlace {
                wildcard: wildcard.clone(),
                is_repeated,
                behind: children.len(),
                type_id: *type_id,
            }),
        }
    }
}
