//! Tables of cases: one a line, tab-separated, `#` in front of a comment, characters that hide written `\u00a0`.

/// Checks a table of at least so many cases: of each, the last column is what `read` is to answer of the others. Fails with all that
/// differ, so that they are seen at once.
pub(crate) fn check(table: &str, least: usize, read: impl Fn(&[String]) -> String) {
    let cases = of(table);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (expected, given) = case.split_last().unwrap();
            let got = read(given);
            (got != *expected).then(|| format!("{}: {expected} expected, {got} read", given.join(" | ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

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
