//! Bytes as hexadecimal digits: digests of files, hashes of logs, identifiers.

/// Returns two digits in lower case for each byte.
pub fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

/// Fills `bytes` from two digits each, in either case. Returns `None` if `text` has another length or another character, a sign among
/// them.
pub fn decode_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    if text.len() != bytes.len() * 2 {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = value(digits[0])? << 4 | value(digits[1])?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{decode_hex, encode_hex};

    #[test]
    fn digits_stand_for_bytes_and_nothing_else_does() {
        let mut bytes = [0; 3];
        assert_eq!(decode_hex("00fFa9", &mut bytes), Some(()));
        assert_eq!(bytes, [0x00, 0xff, 0xa9]);
        assert_eq!(encode_hex(&bytes), "00ffa9");
        for wrong in ["", "00ff", "00ffa", "00ffa9b", "+0ffa9", "00ffag", "00ffé"] {
            assert_eq!(decode_hex(wrong, &mut bytes), None, "{wrong:?}");
        }
    }
}
