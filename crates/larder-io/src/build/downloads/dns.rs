//! Answers to queries for names: each is here. RFC 1035.

/// The bytes of a message before its questions.
const HEADER: usize = 12;

/// The longest part of a name. Larger numbers are pointers, which a question of a query has none of.
const LONGEST_LABEL: u8 = 63;

/// The address 127.0.0.1 as the answer to the first question, for a minute.
const LOOPBACK: [u8; 16] = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1];

/// Returns the answer to a query of one question: the loopback for an IPv4 address, and that there is nothing for all else.
/// Returns `None` for what is no such query.
pub(super) fn answer(query: &[u8]) -> Option<Vec<u8>> {
    let is_query = query.get(2)? & 0xf8 == 0 && query.get(4..6)? == [0, 1];
    if !is_query {
        return None;
    }
    let mut end = HEADER;
    loop {
        match *query.get(end)? {
            0 => break,
            length if length > LONGEST_LABEL => return None,
            length => end += 1 + usize::from(length),
        }
    }
    let asked = query.get(end + 1..end + 5)?;
    let is_address = asked == [0, 1, 0, 1];
    let mut answer = query[..2].to_vec();
    // An answer, with recursion that was desired and is there.
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend_from_slice(&query[HEADER..end + 5]);
    if is_address {
        answer.extend(LOOPBACK);
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &[u8], kind: u8) -> Vec<u8> {
        [&[7, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1][..], name, &[0, 0, kind, 0, 1], b"\0\0\x29\x10\0\0\0\0\0\0\0"].concat()
    }

    #[test]
    fn every_name_is_here_and_has_no_other_address() {
        let asked = query(b"\x06github\x03com", 1);
        let told = answer(&asked).unwrap();
        assert_eq!(told[..12], [7, 8, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(told[12..28], asked[12..28]);
        assert!(told.ends_with(&[127, 0, 0, 1]));
        let told = answer(&query(b"\x06github\x03com", 28)).unwrap();
        assert_eq!((told[7], told.len()), (0, 28));
    }

    #[test]
    fn what_is_no_query_has_no_answer() {
        let whole = query(b"\x06github\x03com", 1);
        for length in 0..27 {
            assert_eq!(answer(&whole[..length]), None, "{length}");
        }
        assert_eq!(answer(&query(b"\xc0\x0c", 1)), None);
        let mut answered = whole.clone();
        answered[2] |= 0x80;
        assert_eq!(answer(&answered), None);
    }
}
