//! Constants of the standard library.

use super::Concrete;

/// The value of a constant by its canonical symbol.
#[must_use]
pub fn constant(symbol: &str) -> Option<Concrete> {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    const SPACE: &str = " \t\n\r\x0b\x0c";
    Some(match symbol {
        "string.ascii_lowercase" | "string.lowercase" => Concrete::text(LOWER),
        "string.ascii_uppercase" | "string.uppercase" => Concrete::text(UPPER),
        "string.ascii_letters" | "string.letters" => Concrete::text(&[LOWER, UPPER].concat()),
        "string.digits" => Concrete::text(DIGITS),
        "string.hexdigits" => Concrete::text("0123456789abcdefABCDEF"),
        "string.octdigits" => Concrete::text("01234567"),
        "string.punctuation" => Concrete::text(PUNCTUATION),
        "string.whitespace" => Concrete::text(SPACE),
        "string.printable" => Concrete::text(&[DIGITS, LOWER, UPPER, PUNCTUATION, " \t\n\r\x0b\x0c"].concat()),
        "math.pi" => Concrete::Float(std::f64::consts::PI),
        "math.e" => Concrete::Float(std::f64::consts::E),
        "math.tau" => Concrete::Float(std::f64::consts::TAU),
        "math.inf" => Concrete::Float(f64::INFINITY),
        "math.nan" => Concrete::Float(f64::NAN),
        "re.I" | "re.IGNORECASE" => Concrete::Int(2),
        "re.M" | "re.MULTILINE" => Concrete::Int(8),
        "re.S" | "re.DOTALL" => Concrete::Int(16),
        "re.U" | "re.UNICODE" => Concrete::Int(32),
        "re.X" | "re.VERBOSE" => Concrete::Int(64),
        "re.A" | "re.ASCII" => Concrete::Int(256),
        "zlib.MAX_WBITS" => Concrete::Int(15),
        "posixpath.sep" => Concrete::text("/"),
        "ntpath.sep" => Concrete::text("\\"),
        _ => return None,
    })
}
