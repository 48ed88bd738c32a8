use super::{line, read};

/// Text of letters and digits spread like encoded data, from a linear congruence.
fn noise(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state: u32 = 12_345;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(LETTERS[(state >> 26) as usize])
        })
        .collect()
}

#[test]
fn the_longest_literal_and_line_are_measured() {
    let text = "'''A docstring that is longer than anything else in this text.'''\nx = 'four'\ny = b'\\x00\\x01\\x02\\x03\\x04'\n";
    let (module, found) = read(text);
    assert_eq!(found.form.longest_literal, 5);
    assert_eq!(line(&module, found.form.longest_literal_at.unwrap()), 3);
    assert_eq!(found.form.longest_line, 65);
    assert_eq!(line(&module, found.form.longest_line_at), 1);
    let (_, empty) = read("");
    assert_eq!(empty.form, super::super::RawForm::default());
}

#[test]
fn dense_literals_are_encoded_data_and_not_prose() {
    let dense = |literal: &str| read(&format!("short = 1\nblob = {literal}\n")).1.form.dense_literal_bytes;
    assert_eq!(dense(&format!("'{}'", noise(400))), 400);
    assert_eq!(dense(&format!("'{}'", noise(199))), 0);
    assert_eq!(dense(&format!("b'{}'", noise(200))), 200);
    assert_eq!(dense(&format!("'{}'", "0123456789abcdef".repeat(20))), 0, "hexadecimal has four bits a byte");
    assert_eq!(dense(&format!("'{}'", "0123456789abcdef".repeat(40))), 640, "so much of it is data all the same");
    assert_eq!(dense(&format!("'{}'", "4711 0815 ".repeat(50))), 500, "and so are numbers with blanks");
    assert_eq!(dense(&format!("b'{}'", "\\x9f\\x01\\xe3\\x77".repeat(60))), 0, "four values are no noise");
    let letters = noise(560).into_bytes();
    let words: Vec<_> = letters.chunks(7).map(|word| String::from_utf8_lossy(word)).collect();
    assert_eq!(dense(&format!("'{}'", words.join(" "))), 0, "blanks make it a table");
    let wrapped: Vec<String> =
        noise(760).as_bytes().chunks(76).map(|row| String::from_utf8(row.to_vec()).unwrap()).collect();
    assert_eq!(dense(&format!("'''{}'''", wrapped.join("\n"))), 769);
    let (module, found) = read(&format!("'''{0}'''\na = '{1}'\nb = '{0}'\n", noise(900), noise(300)));
    assert_eq!(found.form.dense_literal_bytes, 1200);
    assert_eq!(line(&module, found.form.dense_literal_at.unwrap()), 3);
}

#[test]
fn invisible_and_look_alike_characters_are_counted() {
    let strange = |text: &str| {
        let (module, found) = read(text);
        (found.form.strange_characters, found.form.strange_at.map(|span| module.line_column(span.start)))
    };
    assert_eq!(strange("x = 'plain'\n# naïve café, Привет, 你好, 👍\u{FE0F}\n"), (0, None));
    assert_eq!(strange("x = 1\nif role != 'user\u{202E} \u{2066}': pass\n"), (2, Some((2, 17))));
    assert_eq!(strange("x = 'a\u{200B}b'\n"), (1, Some((1, 7))));
    assert_eq!(strange("x = 'a\u{200D}b'\n"), (1, Some((1, 7))));
    assert_eq!(strange("x = '\u{1F468}\u{200D}\u{1F469}'\n"), (0, None));
    assert_eq!(strange("x = '\u{E0041}\u{E0100}'\n").0, 2);
    assert_eq!(strange("def f(\u{3164}=1): pass\n").0, 1);
    assert_eq!(strange("\u{FEFF}x = 1\n").0, 0);
    // Cyrillic `о` in a Latin name.
    assert_eq!(strange("import os\nx = passw\u{043E}rd\n"), (1, Some((2, 5))));
    assert_eq!(strange("def \u{0440}ost(): pass\n"), (1, Some((1, 5))));
    assert_eq!(strange("имя = 1\nпривет = имя\n"), (0, None));
    assert_eq!(strange("Δt = 1\nprint(Δt)\n"), (0, None));
    // A built-in written in mathematical letters, which the language reads as plain ones.
    assert_eq!(strange("\u{1D4EE}\u{1D4E7}ec('1')\n").0, 1);
}

#[test]
fn code_behind_a_long_gap_is_pushed_out_of_sight() {
    let gap = " ".repeat(220);
    let (module, found) = read(&format!("import os\nx = 1{gap}; os.getcwd()\n"));
    assert_eq!(found.form.pushed_lines, 1);
    assert_eq!(module.slice(found.form.pushed_at.unwrap()), "; os.getcwd()");
    for text in [
        format!("x = 1{gap}# a comment\n"),
        format!("x = 'a{gap}b'\n"),
        format!("x = '''\na{gap}b\n'''\n"),
        format!("x = [{}1]\n", " ".repeat(90)),
        format!("x = [{}]\n", "1, ".repeat(200)),
    ] {
        assert_eq!(read(&text).1.form.pushed_lines, 0, "{text}");
    }
}
