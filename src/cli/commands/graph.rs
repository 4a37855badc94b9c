//! `larder graph`

use crate::cli::args::{GraphArgs, GraphFormName};
use crate::ops::graph::{GraphForm, GraphRequest, graph};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &GraphArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let form = match arguments.format {
        _ if output.is_json() => GraphForm::Json,
        GraphFormName::Json => GraphForm::Json,
        GraphFormName::Dot => GraphForm::Dot,
        GraphFormName::Mermaid => GraphForm::Mermaid,
        GraphFormName::Svg => GraphForm::Svg,
    };
    let request =
        GraphRequest { focus: arguments.focus.clone(), depth: arguments.depth, file: arguments.output.clone() };
    let text = if arguments.assets {
        ops::assets::graph::graph(session, form, &request)?
    } else {
        graph(session.context(), form, &request)?
    };
    if let Some(file) = &arguments.output {
        output.message(format!("Wrote {}", file.display()));
    } else if form == GraphForm::Json {
        output.json_text(&text);
    } else {
        output.data_verbatim(&text);
    }
    DONE
}
