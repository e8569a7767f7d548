//! Packs the tables of `world/` into one file that is searched in place: sorted names in blocks, each with what it shares with the name
//! before it left out. `src/places/world.rs` tells the layout.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

#[path = "src/text/fold.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "the build needs `fold` alone")]
mod fold;

/// Names in a block. The first one is whole.
const BLOCK: usize = 16;
/// The class of a town that `exonyms.tsv` lists.
const FAMOUS: u8 = 6;
/// Thousands of people from which on a town is of the next class.
const CLASSES: [u32; 5] = [50, 100, 200, 500, 1_000];

/// What a name means in one country.
struct Hit {
    country: u8,
    /// 0: a town known abroad by this name, 1: a town that is called so at home, 2: a region.
    kind: u8,
    thousands: u32,
    is_famous: bool,
    /// The rest of a region's code, or how a town is written if its name alone does not tell.
    text: String,
}

type Names = BTreeMap<String, Vec<Hit>>;
/// Countries and folded names of `exonyms.tsv`.
type Famous = BTreeSet<(String, String)>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=world");
    println!("cargo::rerun-if-changed=src/text/fold.rs");
    let mut countries: Vec<String> = Vec::new();
    let mut names = Names::new();
    let exonyms = fs::read_to_string("world/exonyms.tsv")?;
    let famous: Famous = exonyms
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(code, names)| names.split('|').map(move |name| (code.to_owned(), fold::fold(name))))
        .collect();
    let mut tables: Vec<PathBuf> =
        fs::read_dir("world")?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    tables.sort();
    for table in tables {
        let name = table.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let is_regions = name == "regions.tsv";
        if is_regions || name.starts_with("cities-") {
            let text = fs::read_to_string(&table)?;
            for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                let cells: Vec<&str> = line.split('\t').collect();
                let read = if is_regions {
                    region(&cells, &mut countries, &mut names)
                } else {
                    town(&cells, &famous, &mut countries, &mut names)
                };
                read.ok_or_else(|| format!("{name}: {line}"))?;
            }
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let regions = fs::read_to_string("world/regions.tsv")?;
    let mut codes: Vec<&str> = regions
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split('\t').next())
        .collect();
    codes.sort_by_key(|code| code.split_once('-'));
    fs::write(out.join("regions.txt"), codes.join(" "))?;
    fs::write(out.join("world.bin"), packed(names)?)?;
    write_countries(&out, &countries)?;
    Ok(())
}

fn write_countries(out: &Path, countries: &[String]) -> Result<(), Box<dyn Error>> {
    let mut code = format!("[&str; {}] = [", countries.len());
    for country in countries {
        write!(code, "{country:?},")?;
    }
    fs::write(
        out.join("countries.rs"),
        format!("/// Countries by their number in the table.\nstatic COUNTRIES: {code}];\n"),
    )?;
    Ok(())
}

/// Returns the number of a country.
fn number(code: &str, countries: &mut Vec<String>) -> Option<u8> {
    let at = countries.iter().position(|known| known == code).unwrap_or_else(|| {
        countries.push(code.to_owned());
        countries.len() - 1
    });
    u8::try_from(at).ok()
}

fn town(cells: &[&str], famous: &Famous, countries: &mut Vec<String>, names: &mut Names) -> Option<()> {
    let code = *cells.first()?;
    let country = number(code, countries)?;
    let thousands = cells.get(1)?.parse().ok()?;
    let mut put = |name: &str, kind: u8| {
        let key = fold::fold(name);
        let text = if titled(&key) == name { String::new() } else { name.to_owned() };
        let is_famous = famous.contains(&(code.to_owned(), key.clone()));
        let hits = names.entry(key).or_default();
        let known = hits.iter_mut().find(|hit| hit.country == country && hit.kind < 2);
        let hit = Hit { country, kind, thousands, is_famous, text };
        match known {
            None => hits.push(hit),
            // The name itself counts before another name of a larger town.
            Some(known) if (hit.kind, known.thousands) < (known.kind, hit.thousands) => *known = hit,
            Some(_) => (),
        }
    };
    put(cells.get(2)?, 0);
    for (column, kind) in [(3, 0), (4, 1)] {
        let others = cells.get(column).copied().unwrap_or_default();
        others.split('|').filter(|name| !name.is_empty()).for_each(|name| put(name, kind));
    }
    Some(())
}

fn region(cells: &[&str], countries: &mut Vec<String>, names: &mut Names) -> Option<()> {
    let (country, code) = cells.first()?.split_once('-')?;
    let country = number(country, countries)?;
    for name in cells.get(1)?.split('|') {
        let hits = names.entry(fold::fold(name)).or_default();
        if !hits.iter().any(|hit| hit.country == country && hit.kind == 2) {
            hits.push(Hit { country, kind: 2, thousands: 0, is_famous: false, text: code.to_owned() });
        }
    }
    Some(())
}

/// Returns a folded name with capitals: how most towns are written.
fn titled(key: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    key.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

fn packed(mut names: Names) -> Result<Vec<u8>, Box<dyn Error>> {
    names.retain(|key, _| !key.is_empty() && key.len() < 100);
    let (mut offsets, mut data): (Vec<u32>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut before = String::new();
    for (at, (key, mut hits)) in names.into_iter().enumerate() {
        if at % BLOCK == 0 {
            offsets.push(u32::try_from(data.len())?);
            before.clear();
        }
        let shared = key.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        let rest = key.as_bytes().get(shared..).unwrap_or_default();
        // The town that is meant where no country is named comes first.
        hits.sort_by_key(|hit| (std::cmp::Reverse(hit.thousands), hit.kind));
        hits.truncate(255);
        data.extend([u8::try_from(shared)?, u8::try_from(rest.len())?]);
        data.extend(rest);
        data.push(u8::try_from(hits.len())?);
        for hit in hits {
            let size = CLASSES.iter().filter(|least| hit.thousands >= **least).count();
            let class = if hit.is_famous { FAMOUS } else { u8::try_from(size)? };
            data.extend([hit.country, hit.kind | class << 2, u8::try_from(hit.text.len())?]);
            data.extend(hit.text.as_bytes());
        }
        before = key;
    }
    let mut packed = u32::try_from(offsets.len())?.to_le_bytes().to_vec();
    packed.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
    packed.extend(data);
    Ok(packed)
}
