//! Whether all names stand for something: the elements and types of parts, the messages of operations, the interfaces of
//! bindings, the bindings of ports.

use super::super::xsd::Xsd;
use super::description::{Mention, WsdlComponents};
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::Name;

/// Adds a finding for each name that stands for nothing.
pub(super) fn check(description: &WsdlComponents, xsd: &Xsd, findings: &mut Vec<SourceFinding>) {
    for (message, parts) in &description.messages {
        for part in parts {
            let what = format!("part `{}` of message `{}`", part.name, message.local);
            match &part.content {
                None if part.place.text.is_empty() => {
                    findings.push(part.place.error(format!("{what} names neither an element nor a type")));
                }
                None => findings.push(undeclared(&part.place, &what)),
                Some((name, true)) if !xsd.compiled.has_element(name) => {
                    findings.push(part.place.error(format!("{what}: there is no element {name}")));
                }
                Some((name, false)) if !xsd.compiled.has_type(name) => {
                    findings.push(part.place.error(format!("{what}: there is no type {name}")));
                }
                Some(_) => {}
            }
        }
    }
    let known_messages: Vec<&Name> = description.messages.keys().collect();
    for message in description.messages_of_operations() {
        let what = &message.entry;
        if let Some(name) = &message.message
            && !description.messages.contains_key(name)
        {
            findings.push(unknown(&message.place, what, "message", name, &known_messages));
        }
        if let Some(name) = &message.element
            && !xsd.compiled.has_element(name)
        {
            findings.push(message.place.error(format!("{what}: there is no element {name}")));
        }
        if message.message.is_none() && message.element.is_none() && message.place.text.contains(':') {
            findings.push(undeclared(&message.place, what));
        }
    }
    let interfaces: Vec<&Name> = description.interfaces.keys().collect();
    let bindings: Vec<&Name> = description.bindings.iter().map(|binding| &binding.name).collect();
    for binding in &description.bindings {
        let what = format!("binding `{}`", binding.name.local);
        // A binding of WSDL 2.0 may be for all interfaces.
        let Some(name) = &binding.interface else {
            if !binding.place.text.is_empty() {
                findings.push(undeclared(&binding.place, &what));
            }
            continue;
        };
        let Some(operations) = description.interfaces.get(name) else {
            findings.push(unknown(&binding.place, &what, "port type", name, &interfaces));
            continue;
        };
        for mention in &binding.operations {
            let local = mention.text.rsplit(':').next().unwrap_or_default();
            if !operations.iter().any(|operation| operation.name == local) {
                let finding = mention.error(format!("{what}: `{}` has no operation `{local}`", name.local));
                let near = nearest(local, operations.iter().map(|operation| operation.name.as_str()));
                findings.push(match near {
                    Some(near) => finding.with_help(format!("did you mean `{near}`?")),
                    None => finding,
                });
            }
        }
    }
    for endpoint in &description.endpoints {
        match &endpoint.binding {
            None => findings.push(undeclared(&endpoint.place, "port")),
            Some(name) if !bindings.contains(&name) => {
                findings.push(unknown(&endpoint.place, "port", "binding", name, &bindings));
            }
            Some(_) => {}
        }
    }
}

/// Adds a finding for each part whose element or type is named in findings about the elements that were made of parts.
pub(super) fn report_parts(
    description: &WsdlComponents,
    of_parts: &[SourceFinding],
    findings: &mut Vec<SourceFinding>,
) {
    for (message, parts) in &description.messages {
        for part in parts {
            let Some((name, is_element)) = &part.content else { continue };
            let text = name.to_string();
            if of_parts.iter().any(|finding| finding.message.contains(&text)) {
                let noun = if *is_element { "element" } else { "type" };
                let what = format!("part `{}` of message `{}`", part.name, message.local);
                findings.push(part.place.error(format!("{what}: there is no {noun} {name}")));
            }
        }
    }
}

fn undeclared(place: &Mention, what: &str) -> SourceFinding {
    let prefix = place.text.split_once(':').map_or("", |(prefix, _)| prefix);
    place.error(format!("{what}: the prefix `{prefix}` is not declared"))
}

fn unknown(place: &Mention, what: &str, noun: &str, name: &Name, known: &[&Name]) -> SourceFinding {
    let finding = place.error(format!("{what}: there is no {noun} {name}"));
    match nearest(&name.local, known.iter().map(|known| &*known.local)) {
        Some(near) => finding.with_help(format!("did you mean `{near}`?")),
        None => finding,
    }
}
