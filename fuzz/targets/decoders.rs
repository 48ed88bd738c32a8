//! The operations of the language on known values: decoders, decompressors, codecs, patterns, formats, numbers.
//! The first byte chooses the function or method; the pieces of the rest are its arguments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_flow::evaluate::{Budget, Concrete, format_value, function, method, repr};
use sluice_fuzz::pieces;

/// Functions whose argument is hostile text or bytes.
const FUNCTIONS: &[&str] = &[
    "base64.b64decode",
    "base64.b32decode",
    "base64.b16decode",
    "base64.b85decode",
    "base64.a85decode",
    "base64.urlsafe_b64decode",
    "binascii.a2b_base64",
    "binascii.unhexlify",
    "binascii.a2b_hex",
    "bytes.fromhex",
    "zlib.decompress",
    "gzip.decompress",
    "bz2.decompress",
    "lzma.decompress",
    "codecs.decode",
    "codecs.encode",
    "codecs.escape_decode",
    "marshal.loads",
    "pickle.loads",
    "json.loads",
    "html.unescape",
    "html.escape",
    "ast.literal_eval",
    "int",
    "float",
    "complex",
    "chr",
    "ord",
    "eval",
    "str",
    "bytes",
    "repr",
    "ascii",
    "int.from_bytes",
    "struct.unpack",
    "struct.unpack_from",
    "struct.pack",
    "struct.calcsize",
    "re.findall",
    "re.sub",
    "re.subn",
    "re.split",
    "re.escape",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "urllib.parse.unquote_to_bytes",
    "urllib.parse.quote",
    "os.path.normpath",
    "os.path.join",
    "os.path.split",
    "ntpath.join",
    "textwrap.dedent",
    "string.capwords",
    "operator.mod",
    "operator.pow",
    "operator.lshift",
    "operator.mul",
    "format",
    "sorted",
    "reversed",
    "list",
    "dict",
    "set",
    "zip",
    "max",
    "sum",
    "bytearray.fromhex",
    "str.maketrans",
    "itertools.zip_longest",
    "range",
    "slice",
    "divmod",
    "pow",
    "round",
    "hex",
    "bin",
    "oct",
];

/// Methods of text and bytes.
const METHODS: &[&str] = &[
    "decode",
    "encode",
    "format",
    "format_map",
    "translate",
    "replace",
    "split",
    "rsplit",
    "splitlines",
    "partition",
    "join",
    "strip",
    "lower",
    "upper",
    "title",
    "swapcase",
    "casefold",
    "expandtabs",
    "zfill",
    "center",
    "ljust",
    "count",
    "find",
    "rfind",
    "index",
    "startswith",
    "endswith",
    "hex",
    "removeprefix",
    "isidentifier",
];

const CODECS: &[&str] = &[
    "utf-8",
    "utf-16",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "latin-1",
    "cp1252",
    "cp437",
    "idna",
    "punycode",
    "rot13",
    "hex",
    "base64",
    "zlib",
    "bz2",
    "uu",
    "quopri",
    "unicode_escape",
    "raw_unicode_escape",
    "gbk",
    "shift_jis",
    "big5",
    "iso2022_jp",
    "koi8-r",
    "mbcs",
    "ascii",
];

/// A value in every form that its bytes can have.
fn value(piece: &[u8]) -> Concrete {
    let Some((kind, rest)) = piece.split_first() else { return Concrete::None };
    match kind % 8 {
        0 | 1 => Concrete::bytes(rest),
        2 | 3 => Concrete::text(&String::from_utf8_lossy(rest)),
        4 => {
            let mut digits = [0; 8];
            digits.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            Concrete::Int(i64::from_le_bytes(digits))
        }
        5 => Concrete::text(CODECS[usize::from(rest.first().copied().unwrap_or(0)) % CODECS.len()]),
        6 => {
            let mut b = Budget::new(100_000, 100_000);
            let text = Concrete::text(&String::from_utf8_lossy(rest));
            function("json.loads", &[text], &[], &mut b).map_or(Concrete::None, |outcome| outcome.value)
        }
        _ => {
            let mut b = Budget::new(100_000, 100_000);
            let text = Concrete::text(&String::from_utf8_lossy(rest));
            function("ast.literal_eval", &[text], &[], &mut b).map_or(Concrete::None, |outcome| outcome.value)
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let args: Vec<Concrete> = pieces(rest).take(4).map(value).collect();
    let mut b = Budget::new(1_000_000, 4 << 20);
    let at = usize::from(first) % (FUNCTIONS.len() + METHODS.len());
    let outcome = match FUNCTIONS.get(at) {
        Some(symbol) => function(symbol, &args, &[], &mut b),
        None => {
            args.split_first().and_then(|(base, args)| method(base, METHODS[at - FUNCTIONS.len()], args, &[], &mut b))
        }
    };
    if let Some(outcome) = outcome {
        let _ = repr(&outcome.value);
    }
    if let [base, Concrete::Str(spec), ..] = args.as_slice() {
        let _ = format_value(base, None, spec);
    }
});
