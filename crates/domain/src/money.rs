//! Money: currencies, amounts, and what a loan costs.

mod credit;

use serde::{Deserialize, Serialize};

use crate::{Kind, coded::coded};
pub use credit::{Fees, Interest, RatePeriod};

coded! {
    /// A currency, by its ISO 4217 code. Amounts in other currencies are not parsed.
    Currency {
        /// CFA franc of Central Africa: what "FCFA" means in Cameroon.
        Xaf = "XAF",
        /// CFA franc of West Africa: what "FCFA" means in Togo.
        Xof = "XOF",
        /// Euro.
        Eur = "EUR",
        /// Dollar of the United States.
        Usd = "USD",
        /// Pound sterling.
        Gbp = "GBP",
        /// Swiss franc.
        Chf = "CHF",
        /// Dirham of Morocco.
        Mad = "MAD",
        /// Naira of Nigeria.
        Ngn = "NGN",
        /// Dollar of Canada.
        Cad = "CAD",
        /// Dinar of Algeria.
        Dzd = "DZD",
        /// Dinar of Tunisia.
        Tnd = "TND",
        /// Pound of Egypt.
        Egp = "EGP",
        /// Franc of Guinea.
        Gnf = "GNF",
        /// Cedi of Ghana.
        Ghs = "GHS",
        /// Franc of the DR Congo.
        Cdf = "CDF",
        /// Franc of Rwanda.
        Rwf = "RWF",
        /// Shilling of Kenya.
        Kes = "KES",
        /// Shilling of Uganda.
        Ugx = "UGX",
        /// Shilling of Tanzania.
        Tzs = "TZS",
        /// Birr of Ethiopia.
        Etb = "ETB",
        /// Rand of South Africa.
        Zar = "ZAR",
        /// Ouguiya of Mauritania.
        Mru = "MRU",
        /// Riyal of Saudi Arabia.
        Sar = "SAR",
        /// Dirham of the Emirates.
        Aed = "AED",
        /// Riyal of Qatar.
        Qar = "QAR",
        /// Dinar of Kuwait.
        Kwd = "KWD",
        /// Lira of Turkey.
        Try = "TRY",
        /// Yuan renminbi of China.
        Cny = "CNY",
        /// Rupee of India.
        Inr = "INR",
        /// Real of Brazil.
        Brl = "BRL",
        /// Yen of Japan.
        Jpy = "JPY",
        /// Rouble of Russia.
        Rub = "RUB",
        /// Kwanza of Angola.
        Aoa = "AOA",
        /// Dobra of São Tomé and Príncipe.
        Stn = "STN",
        /// Dinar of Libya.
        Lyd = "LYD",
        /// Leone of Sierra Leone.
        Sle = "SLE",
        /// Dollar of Liberia.
        Lrd = "LRD",
        /// Dalasi of the Gambia.
        Gmd = "GMD",
        /// Escudo of Cape Verde.
        Cve = "CVE",
        /// Metical of Mozambique.
        Mzn = "MZN",
    }
}

coded! {
    /// The period that an amount is paid for.
    Period {
        /// An hour of work.
        Hour = "hour",
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// A month.
        Month = "month",
        /// A year.
        Year = "year",
    }
}

coded! {
    /// Whether an amount is before or after deductions.
    Basis {
        /// Before contributions and taxes.
        Gross = "gross",
        /// What is paid out.
        Net = "net",
    }
}

coded! {
    /// What an amount is: something that a person earns, pays, borrows or is granted.
    AmountKind {
        /// What work earns.
        Wage = "wage",
        /// What a training costs. 0 if it is free.
        Tuition = "tuition",
        /// What a loan lends, or the balance that a savings product asks for.
        Principal = "principal",
        /// What a program for income-generating activities spends.
        Grant = "grant",
    }
}

impl AmountKind {
    /// Returns what an amount of an opportunity of this kind is.
    ///
    /// Only the kind of the opportunity decides. An allowance that a training pays is not distinguished from its cost.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Job => Self::Wage,
            Kind::Training => Self::Tuition,
            Kind::Microfinance => Self::Principal,
            Kind::Agr => Self::Grant,
        }
    }
}

/// An amount of money. At least one of `min` and `max` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// What it is.
    pub kind: AmountKind,
    /// Lowest, in hundredths of the currency's unit, for every currency. JSON has units.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub min: Option<i64>,
    /// Highest, in hundredths of the currency's unit.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub max: Option<i64>,
    /// The currency.
    pub currency: Currency,
    /// The period it is paid for. `None` for a single amount.
    pub period: Option<Period>,
    /// Gross or net, if the partner says so.
    pub basis: Option<Basis>,
}

impl Amount {
    /// Returns the price of a training that is free.
    pub const fn free(currency: Currency) -> Self {
        Self { kind: AmountKind::Tuition, min: Some(0), max: Some(0), currency, period: None, basis: None }
    }
}
