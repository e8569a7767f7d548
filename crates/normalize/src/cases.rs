//! Tables of cases: one per line, tab-separated. `#` starts a comment, and invisible characters are written as `\u00a0`.

/// Checks a table of at least that many cases. The last column is what `read` must return for the other columns. A failure lists all
/// cases that differ.
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

/// Returns the cases of a table as columns.
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
