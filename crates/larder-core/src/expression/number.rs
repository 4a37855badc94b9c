//! Exact decimal numbers: what is compared is what was written, not a rounded form of it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A decimal number without rounding: `-1.50`, `1e3`. `1.5` and `1.50` are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// The digits, each from 0 to 9, without zeros at either end. Empty for zero.
    digits: Vec<u8>,
    /// The number is `0.DIGITS × 10^exponent`. 0 for zero.
    exponent: i32,
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is written in another way.
    #[error("it is not a decimal number")]
    Syntax,
    /// It has more digits than anybody needs.
    #[error("it has more than {MAX_DIGITS} digits")]
    TooLong,
}

/// The most digits, before and after the point together.
const MAX_DIGITS: usize = 1000;
/// The most that an exponent moves the point.
const MAX_EXPONENT: i32 = 10_000;

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, digits: Vec::new(), exponent: 0 };

    /// Returns the number that a float stands for. `None` for infinities and NaN.
    pub fn from_f64(value: f64) -> Option<Self> {
        // The shortest text that is read back as the same float.
        value.is_finite().then(|| format!("{value:e}").parse().ok()).flatten()
    }

    /// Writes the number without an exponent, however many digits that takes.
    pub fn to_plain_string(&self) -> String {
        let digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.negative { "-" } else { "" };
        match usize::try_from(self.exponent) {
            _ if digits.is_empty() => "0".to_owned(),
            Ok(0) | Err(_) => format!("{sign}0.{}{digits}", "0".repeat(self.exponent.unsigned_abs() as usize)),
            Ok(point) if point >= digits.len() => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
            Ok(point) => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        }
    }

    /// Returns whether the number has no fraction.
    pub fn is_integer(&self) -> bool {
        usize::try_from(self.exponent).is_ok_and(|whole| whole >= self.digits.len())
    }

    /// Returns whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    fn new(negative: bool, mut digits: Vec<u8>, mut exponent: i32) -> Self {
        let leading = digits.iter().take_while(|&&digit| digit == 0).count();
        digits.drain(..leading);
        exponent -= i32::try_from(leading).unwrap_or(i32::MAX);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() { Self::ZERO } else { Self { negative, digits, exponent } }
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() > 2 * MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, power) = match rest.find(['e', 'E']) {
            Some(at) => {
                let power = &rest[at + 1..];
                let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NumberError::Syntax);
                }
                let power: i32 = power.parse().map_err(|_| NumberError::TooLong)?;
                (&rest[..at], power)
            }
            None => (rest, 0),
        };
        if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&power) {
            return Err(NumberError::TooLong);
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = whole.bytes().chain(fraction.bytes());
        if whole.len() + fraction.len() == 0 || !all.clone().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Syntax);
        }
        let point = i32::try_from(whole.len()).map_err(|_| NumberError::TooLong)?;
        let number = Self::new(negative, all.map(|byte| byte - b'0').collect(), point + power);
        if number.digits.len() > MAX_DIGITS { Err(NumberError::TooLong) } else { Ok(number) }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        let digits: Vec<u8> = value.unsigned_abs().to_string().bytes().map(|byte| byte - b'0').collect();
        let exponent = i32::try_from(digits.len()).unwrap_or(0);
        Self::new(value < 0, digits, exponent)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        let digits: Vec<u8> = value.to_string().bytes().map(|byte| byte - b'0').collect();
        let exponent = i32::try_from(digits.len()).unwrap_or(0);
        Self::new(false, digits, exponent)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
            if self.negative { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    /// Writes the number without an exponent where that is short: `1500`, `-0.05`, else `1.5e40`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.negative { "-" } else { "" };
        match self.exponent {
            _ if self.digits.is_empty() => f.write_str("0"),
            point @ -5..=0 => write!(f, "{sign}0.{}{text}", "0".repeat(point.unsigned_abs() as usize)),
            point @ 1..=40 => {
                let point = point.unsigned_abs() as usize;
                match text.split_at_checked(point) {
                    Some((whole, "")) => write!(f, "{sign}{whole}"),
                    Some((whole, fraction)) => write!(f, "{sign}{whole}.{fraction}"),
                    None => write!(f, "{sign}{text}{}", "0".repeat(point - text.len())),
                }
            }
            point => {
                let (first, rest) = text.split_at(1);
                let dot = if rest.is_empty() { "" } else { "." };
                write!(f, "{sign}{first}{dot}{rest}e{}", point - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn equal_numbers_are_written_alike() {
        for (text, shown) in [
            ("1.50", "1.5"),
            ("-0", "0"),
            ("+7", "7"),
            ("1e3", "1000"),
            ("12.5e-1", "1.25"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.00012", "0.00012"),
            ("1e60", "1e60"),
            ("1.5e-60", "1.5e-60"),
            ("00120", "120"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(number(text).to_string(), shown, "{text}");
            assert_eq!(number(shown), number(text));
        }
        for text in ["", "-", ".", "1e", "1e+", "0x1", "1,5", "NaN", "INF", " 1", "1e99999999999", "--1"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
        assert_eq!("1".repeat(1001).parse::<Number>(), Err(NumberError::TooLong));
    }

    #[test]
    fn order_is_that_of_the_line_of_numbers() {
        let ordered = ["-1e50", "-10", "-9.99", "-0.1", "-0.09", "0", "1e-9", "0.1", "0.11", "1", "9.9", "10", "1e50"];
        for (at, one) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(number(one).cmp(&number(other)), at.cmp(&other_at), "{one} {other}");
            }
        }
    }

    #[test]
    fn machine_numbers_are_exact() {
        assert_eq!(Number::from(i64::MIN).to_string(), i64::MIN.to_string());
        assert_eq!(Number::from(u64::MAX), number(&u64::MAX.to_string()));
        assert_eq!(Number::from_f64(0.1), Some(number("0.1")));
        assert_eq!(Number::from_f64(-2.5e10), Some(number("-25000000000")));
        assert_eq!((Number::from_f64(f64::NAN), Number::from_f64(f64::INFINITY)), (None, None));
        assert!(number("3.0").is_integer() && !number("3.5").is_integer() && Number::ZERO.is_integer());
    }
}
