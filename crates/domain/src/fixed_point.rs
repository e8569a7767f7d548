//! Fixed-point numbers. They are held as integers of a fraction and written in units: 15,000,000 hundredths are `150000` in
//! JSON, as in the database.

macro_rules! scaled {
    ($(#[$doc:meta])* $name:ident, $parts:literal) => {
        $(#[$doc])*
        pub(crate) mod $name {
            use serde::{Deserialize as _, Deserializer, Serializer};

            #[expect(clippy::ref_option, reason = "the form serde asks for")]
            pub(crate) fn serialize<T, S>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error>
            where
                T: Copy + Into<i64>,
                S: Serializer,
            {
                let Some(value) = value.map(Into::into) else { return to.serialize_none() };
                if value % i64::from($parts) == 0 {
                    return to.serialize_i64(value / i64::from($parts));
                }
                #[expect(clippy::cast_precision_loss, reason = "a double holds amounts to a hundredth up to 90 billions")]
                to.serialize_f64(value as f64 / f64::from($parts))
            }

            pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
            where
                T: TryFrom<i64>,
                D: Deserializer<'de>,
            {
                let value = Option::<f64>::deserialize(from)?;
                #[expect(clippy::cast_possible_truncation, reason = "rounded; what is too large saturates")]
                let whole = value.map(|value| (value * f64::from($parts)).round() as i64);
                whole.map(|whole| T::try_from(whole).map_err(|_| serde::de::Error::custom("beyond its bounds"))).transpose()
            }
        }
    };
}

scaled!(
    /// Hundredths: money, months.
    hundredths,
    100_i32
);
scaled!(
    /// Thousandths: percentages.
    thousandths,
    1_000_i32
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        duration::Duration,
        money::{Amount, AmountKind, Currency, Interest, RatePeriod},
    };

    #[test]
    fn json_has_whole_units() {
        let amount = Amount {
            kind: AmountKind::Wage,
            min: Some(15_000_000),
            max: Some(12_345),
            currency: Currency::Xaf,
            period: None,
            basis: None,
        };
        let written = serde_json::to_value(&amount).unwrap();
        assert_eq!((&written["min"], &written["max"]), (&json!(150_000), &json!(123.45)));
        assert_eq!(serde_json::from_value::<Amount>(written).unwrap(), amount);
        let rate = Interest { min: Some(12_500), max: None, period: RatePeriod::Year, tax: None };
        let written = serde_json::to_value(&rate).unwrap();
        assert_eq!((&written["min"], &written["max"]), (&json!(12.5), &json!(null)));
        assert_eq!(serde_json::from_value::<Interest>(written).unwrap(), rate);
        let length = Duration { min: Some(299), max: Some(600) };
        assert_eq!(serde_json::to_value(length).unwrap(), json!({"min": 2.99, "max": 6}));
    }
}
