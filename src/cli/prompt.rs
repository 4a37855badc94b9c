//! Questions on the terminal whose answers are text, and secrets from standard input.

use std::io::{self, BufRead, IsTerminal, Read};
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::output::Output;

/// No answer is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// Returns whether there is somebody to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a line.
pub(super) fn line(output: &Output, question: &str) -> io::Result<String> {
    output.question(question);
    read_line()
}

/// Asks for a line that the terminal does not show.
pub(super) fn secret(output: &Output, question: &str) -> io::Result<String> {
    let _silence = Silence::begin()?;
    output.question(question);
    let answer = read_line();
    // The terminal did not show the end of the line either.
    output.message("");
    answer
}

/// Reads all of standard input.
pub(super) fn standard_input() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn read_line() -> io::Result<String> {
    let mut answer = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// A terminal that shows nothing of what is typed, until it is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin.as_fd(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0);
    }
}
