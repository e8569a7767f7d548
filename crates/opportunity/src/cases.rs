//! Tables of cases: one a line, tab-separated, `#` in front of a comment, characters that hide written `\u00a0`.

/// The cases of a table, by their columns.
pub(crate) fn of(table: &str) -> Vec<Vec<String>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').map(unescaped).collect())
        .collect()
}

fn unescaped(cell: &str) -> String {
    let mut parts = cell.split("\\u");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(4);
        text.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

/// Fails with every case whose answer is not the one expected, so that all are seen at once.
pub(crate) fn check(cases: &[(String, String, String)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(_, expected, got)| expected != got)
        .map(|(words, expected, got)| format!("{words:?}: {expected} expected, {got} read"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
