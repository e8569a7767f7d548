use super::*;

fn sample() -> Table {
    let mut table =
        Table::new(&[Column::word("source", 0), Column::text("title", 1), Column::number("pages", 2)]);
    table.row(["fne".to_owned(), "Soudeur à l'arc\nconfirmé".to_owned(), "4".to_owned()]);
    table.row(["emploicameroun".to_owned(), "Comptable".to_owned(), "61".to_owned()]);
    table
}

#[test]
fn columns_are_aligned() {
    let rendered = sample().render(None);
    assert_eq!(
        rendered.text,
        "source          title                     pages\nfne             Soudeur à l'arc confirmé      4\nemploicameroun  Comptable                    61"
    );
    assert!(rendered.dropped.is_empty());
}

#[test]
fn text_is_shortened_at_a_blank() {
    let rendered = sample().render(Some(40));
    assert_eq!(
        rendered.text,
        "source          title             pages\nfne             Soudeur à l'arc…      4\nemploicameroun  Comptable            61"
    );
    assert!(rendered.dropped.is_empty());
}

#[test]
fn a_column_that_does_not_fit_is_left_out_and_named() {
    let rendered = sample().render(Some(30));
    assert_eq!(rendered.text, "source          title\nfne             Soudeur à…\nemploicameroun  Comptable");
    assert_eq!(rendered.dropped, ["pages"]);
}

#[test]
fn the_last_column_stays_however_narrow_the_terminal() {
    let rendered = sample().render(Some(8));
    assert_eq!(rendered.text, "source\nfne\nemploic…");
    assert_eq!(rendered.dropped, ["title", "pages"]);
}

#[test]
fn rejections_are_counted_on_one_line() {
    let counts = [
        RejectionCount { code: "unknown_place".into(), example: Some("Wallonie".into()), count: 5 },
        RejectionCount { code: "no_title".into(), example: None, count: 2 },
    ];
    assert_eq!(counted(&counts), "5 × unknown place (\"Wallonie\"), 2 × no title");
}
