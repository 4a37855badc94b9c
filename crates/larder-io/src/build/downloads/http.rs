//! A request → the URL that it asks for, and its answer: HTTP/1.1, one request a connection.

use std::io::{self, Read, Write};

use super::Downloads;

/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 << 10;

/// The most headers of a request.
const MOST_HEADERS: usize = 100;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedFile {
    /// Its URL.
    pub(super) url: String,
    /// Whether only what is told of it is asked for.
    pub(super) is_head: bool,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRequest {
    /// It is none of HTTP/1, too long, or names no host.
    Malformed,
    /// It wants something else than a file.
    Method,
}

/// Answers one request of a connection.
pub(super) fn serve(connection: &mut (impl Read + Write), scheme: &str, downloads: &dyn Downloads) -> io::Result<()> {
    let head = read_head(connection)?;
    let asked = match parse(&head, scheme) {
        Ok(asked) => asked,
        Err(BadRequest::Malformed) => return refuse(connection, "400 Bad Request", "this is no request for a file"),
        Err(BadRequest::Method) => {
            return refuse(connection, "405 Method Not Allowed", "a build may ask for files, and send nothing");
        }
    };
    let Some(mut found) = downloads.file(&asked.url) else {
        return refuse(
            connection,
            "403 Forbidden",
            "a build may have the files that its `allow` line names, and no others",
        );
    };
    let length = found.length;
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    if !asked.is_head {
        io::copy(&mut found.content, connection)?;
    }
    connection.flush()
}

fn refuse(connection: &mut impl Write, status: &str, reason: &str) -> io::Result<()> {
    let length = reason.len() + 1;
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{reason}\n"
    )?;
    connection.flush()
}

/// Reads to the empty line, or to the end, or as far as a head may go.
fn read_head(connection: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut head, mut piece) = (Vec::new(), [0; 4096]);
    while head.len() < LONGEST_HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut piece)? {
            0 => break,
            count => head.extend_from_slice(&piece[..count]),
        }
    }
    Ok(head)
}

/// Reads a request's head.
fn parse(head: &[u8], scheme: &str) -> Result<AskedFile, BadRequest> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) | Err(_) => return Err(BadRequest::Malformed),
    }
    let is_head = match request.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Err(BadRequest::Method),
    };
    let target = request.path.ok_or(BadRequest::Malformed)?;
    if !target.starts_with('/') {
        return Err(BadRequest::Malformed);
    }
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
    let host = host.and_then(|header| std::str::from_utf8(header.value).ok()).ok_or(BadRequest::Malformed)?;
    Ok(AskedFile { url: format!("{scheme}://{}{target}", host.trim()), is_head })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_url() {
        let parse = |text: &str| parse(text.as_bytes(), "https");
        let asked = |url: &str, is_head| Ok(AskedFile { url: url.to_owned(), is_head });
        assert_eq!(
            parse("GET /a/b.zip?x=1 HTTP/1.1\r\nAccept: */*\r\nHOST: github.com\r\n\r\n"),
            asked("https://github.com/a/b.zip?x=1", false)
        );
        assert_eq!(parse("HEAD / HTTP/1.0\r\nhost: a.example:8443 \r\n\r\n"), asked("https://a.example:8443/", true));
        assert_eq!(parse("POST / HTTP/1.1\r\nhost: a\r\n\r\nx"), Err(BadRequest::Method));
        assert_eq!(parse("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n"), Err(BadRequest::Method));
        for bad in
            ["", "GET / HTTP/1.1\r\nhost: a", "GET / HTTP/1.1\r\n\r\n", "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n"]
        {
            assert_eq!(parse(bad), Err(BadRequest::Malformed), "{bad}");
        }
    }
}
