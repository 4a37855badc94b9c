//! `larder login`

use crate::cli::args::LoginArgs;
use crate::cli::prompt;
use crate::ops::login::{self, Entered, LoginError};
use crate::ops::{Error, Session};
use crate::registry::credentials::Secret;

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &LoginArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(pairs) = &arguments.allow {
        return allow(pairs, session, output);
    }
    let target = login::target(session.context(), arguments.registry.as_deref())?;
    let entered = entered(arguments, output, &format!("{}", target.url))?;
    let done = login::log_in(session, &target, &entered)?;
    output.json(&done);
    match &done.account {
        Some(account) => output.message(format!("Logged in to {} as {account}", target.url)),
        None => output.message(format!("Logged in to {}, which was not asked whether the token is right", target.url)),
    }
    output.message(match &done.file {
        Some(file) => format!("There is no keyring: the token is in {}, which only you can read", file.display()),
        None => "The token is in the system's keyring".to_owned(),
    });
    DONE
}

/// Gets the credentials: from standard input, or from whoever sits at the terminal.
fn entered(arguments: &LoginArgs, output: &Output, url: &str) -> Result<Entered, Error> {
    let user = arguments.user.clone();
    let failed = |_| Error::from(LoginError::NoTerminal);
    if arguments.token_stdin {
        return Ok(Entered { user, secret: Secret::new(&prompt::standard_input().map_err(failed)?) });
    }
    if !prompt::is_possible() {
        return Err(LoginError::NoTerminal.into());
    }
    output.message(format!("The credentials are sent to what lies below {url}"));
    let user = match user {
        Some(user) => Some(user),
        None => {
            Some(prompt::line(output, "User (empty for a token): ").map_err(failed)?).filter(|user| !user.is_empty())
        }
    };
    let question = if user.is_some() { "Password: " } else { "Token: " };
    Ok(Entered { user, secret: Secret::new(&prompt::secret(output, question).map_err(failed)?) })
}

fn allow(pairs: &[String], session: &Session<'_>, output: &Output) -> CommandResult {
    let done = login::allow(session.context(), pairs, |pairs| {
        for pair in pairs {
            output.message(pair);
        }
        output.confirm("May these variables be sent to these hosts?")
    })?;
    output.json(&done);
    for pair in &done.allowed {
        output.message(format!("Allowed {pair}"));
    }
    if done.allowed.is_empty() {
        output.message("The project has no variables to allow");
    }
    DONE
}
