//! The examples of the documentation are run; `TRYCMD=overwrite` writes what they print into the pages.

#[test]
fn the_usage_page_shows_what_the_program_prints() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/usage.md");
    assert!(docs.is_file());
    trycmd::TestCases::new().register_bin("sluice", std::path::Path::new(env!("CARGO_BIN_EXE_sluice"))).case(docs);
}
