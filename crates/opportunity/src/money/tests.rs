use proptest::prelude::*;

use super::*;

/// Min and max in whole units, currency, period; `-` for none.
fn shown(words: &str) -> String {
    let whole = |amount: Option<i64>| {
        amount.map_or("-".to_owned(), |cents| {
            if cents % 100 == 0 {
                (cents / 100).to_string()
            } else {
                format!("{}.{:02}", cents / 100, cents % 100)
            }
        })
    };
    match read_pay(words, Currency::Xaf) {
        Ok(None) => "none".to_owned(),
        Ok(Some(pay)) => {
            format!(
                "{} {} {} {}",
                whole(pay.min),
                whole(pay.max),
                pay.currency.as_str(),
                pay.period.map_or("-", Period::as_str)
            )
        }
        Err(_) => "unreadable".to_owned(),
    }
}

#[test]
fn words_on_pay() {
    for (words, read) in [
        ("150 000 - 250 000 FCFA / mois", "150000 250000 XAF month"),
        ("150\u{a0}000 à 250\u{202f}000 F CFA par mois", "150000 250000 XAF month"),
        ("150.000 FCFA", "150000 150000 XAF -"),
        ("150,000 XAF monthly", "150000 150000 XAF month"),
        ("2 000 000 F CFA maximum", "- 2000000 XAF -"),
        ("Jusqu'à 500 000 FCFA", "- 500000 XAF -"),
        ("à partir de 75000 FCFA/mois", "75000 - XAF month"),
        ("Mensuel de 2000.0 Euros à 2500.0 Euros sur 12.0 mois", "2000 2500 EUR month"),
        ("Mensuel de 150000.0 FCFA à 250000.0 FCFA sur 12.0 mois", "150000 250000 XAF month"),
        ("Annuel de 30000.0 Euros sur 12.0 mois", "30000 30000 EUR year"),
        ("Annuel de 25000.0 Euros à 30000.0 Euros sur 13.0 mois", "25000 30000 EUR year"),
        ("Horaire de 11.65 Euros sur 0.0 mois", "11.65 11.65 EUR hour"),
        ("Horaire de 11.88 Euros à 12.5 Euros sur 12 mois", "11.88 12.50 EUR hour"),
        ("de 15 000 dh à 20 000 dh", "15000 20000 MAD -"),
        ("5 000 FCFA par jour", "5000 5000 XAF day"),
        ("5000F/jour", "5000 5000 XAF day"),
        ("€ 1,500", "1500 1500 EUR -"),
        ("$800 per month", "800 800 USD month"),
        ("£12.50 an hour", "12.50 12.50 GBP hour"),
        ("100000", "100000 100000 XAF -"),
        ("80 000 FCFA net par semaine", "80000 80000 XAF week"),
        ("150k FCFA", "150000 150000 XAF -"),
        ("2 millions FCFA par an", "2000000 2000000 XAF year"),
        ("60 000 Naira", "60000 60000 NGN -"),
        ("300 000 XOF", "300000 300000 XOF -"),
        ("1.250.000 FCFA", "1250000 1250000 XAF -"),
        ("1 250 000,50 FCFA", "1250000.50 1250000.50 XAF -"),
        ("120000 FCFA + primes", "120000 120000 XAF -"),
        ("<b>90&nbsp;000</b> FCFA", "90000 90000 XAF -"),
        ("Salaire : 200 000 FCFA brut mensuel", "200000 200000 XAF month"),
    ] {
        assert_eq!(shown(words), read, "{words:?}");
    }
}

#[test]
fn words_without_an_amount() {
    for words in [
        "",
        "à négocier",
        "A négocier",
        "Fcfa",
        "FCFA",
        "selon profil",
        "0",
        "0 FCFA",
        "0.00",
        "Negotiable",
        "8,5%",
        "sur 12 mois",
        "-",
    ] {
        assert_eq!(shown(words), "none", "{words:?}");
    }
}

#[test]
fn words_that_cannot_be_read() {
    for words in ["300 000 - 100 000 FCFA", "99999999999999999999 FCFA", "699112233699112233 FCFA"] {
        assert_eq!(shown(words), "unreadable", "{words:?}");
    }
}

#[test]
fn fcfa_is_the_currency_of_the_place() {
    let pay = read_pay("50 000 FCFA", Currency::Xof).unwrap().unwrap();
    assert_eq!(pay.currency, Currency::Xof);
}

proptest! {
    #[test]
    fn any_words_are_read_and_a_range_is_one(words in "\\PC{0,60}|[0-9 .,kKFCAà-]{0,40}") {
        if let Ok(Some(pay)) = read_pay(&words, Currency::Xaf) {
            prop_assert!(pay.min.is_some() || pay.max.is_some());
            if let (Some(min), Some(max)) = (pay.min, pay.max) {
                prop_assert!(0 < min && min <= max && max <= LARGEST);
            }
        }
    }
}
