//! Every command says how it is used, by an example and on a page of the manual.

use std::fs;

use crate::run::{end, gridtap};

#[test]
fn every_command_has_an_example_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(end(gridtap("man --out").arg(folder.path())).status, 0);
    let pages = fs::read_dir(folder.path())
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap());
    let mut commands: Vec<String> =
        pages.map(|page| page.trim_end_matches(".1").replace('-', " ")).collect();
    commands.sort();
    assert!(commands.contains(&"gridtap baseline merge".to_owned()), "{commands:?}");
    for command in &commands {
        let words = command.trim_start_matches("gridtap").trim();
        let help = end(gridtap(words).arg("--help"));
        assert_eq!(help.status, 0, "{command}: {}", help.stderr);
        assert!(help.stdout.contains("Example"), "{command} --help has no example");
    }
    let missing = end(gridtap("man --out").arg(folder.path().join("missing")));
    assert_eq!(missing.status, 4, "{}", missing.stderr);
}
