"""What a catalogue does not say, guessed by names: which tables are facts, what is personal, what a number is for."""

import re

from etl.draft.catalogue import Catalogue, Table
from etl.draft.names import entity, plain

_PERSONAL = re.compile(
    r"e_?mail|phone|fax|mobile|cell_?(?:no|num)|telefon|birth|geburt|^dob$|(?:first|last|given|family|sur|full|middle"
    r"|maiden|nick|user|maternal|paternal|vor|nach)_?name|^login$|address|adresse|street|strasse|straße|^zip|post_?code"
    r"|postal|^plz$|^iban$|^bic$|account_?(?:no|num)|credit_?card|card_?(?:no|num)|passport|passwor[dt]|^ssn$|tax_?id"
    r"|national_?id|social_?sec|gender|^sex$|religion|ethnic|salary|latitude_home|ip_?addr|^ip$|device_?id|signature"
    r"|photo|avatar|contact_?(?:name|person)|next_of_kin|license_?plate"
    r"|(?:^|_)born|gebor[ei]n|geb_?dat|(?:^|_)geb(?:$|_am)|naissance|nacimiento|nacid[ao]|nascita|nascimento|(?:^|_)nato(?:$|_)"
    r"|geboorte|urodz|narozen|f[öo]dels|f[øo]dsel|(?:^|_)(?:född|født|fodt)|syntym|sz[üu]let|na[șşs]ter|γέννησ|рожден"
    r"|pr[ée]nom|apellido|sobrenome|apelido|cognome|voornaam|achternaam|efternamn|f[öo]rnamn|etternavn|fornavn|efternavn"
    r"|nazwisk|(?:^|_)imi[eę]|p[řr][íi]jmen|keresztn|sukunimi|etunimi|фамили"
    r"|direcci[óo]n|domicil|indirizzo|endere[çc]o|morada|adres|gatuadress|(?:^|_)(?:rue|calle|straat|ulica|anschrift)"
    r"|t[ée]l[ée]fon|telefoon|(?:^|_)(?:tel|handy|m[óo]vil|cellulare|puhelin|komórka)(?:$|_)|courriel|correo"
    r"|reisepass|ausweis|passeport|pasaporte|passaporto|steuer_?(?:nr|nummer|id)|codice_?fiscale|(?:^|_)(?:dni|bsn|pesel"
    r"|nif|nir|cpr|personnummer)(?:$|_)|geschlecht|(?:^|_)(?:sexe|sexo|sesso|geslacht|p[łl]e[ćc]|k[öø]nn?)(?:$|_)|konfession"
    r"|(?:^|_)(?:gehalt|lohn)|salaire|sueldo|stipendio|unterschrift|kontonummer|konto_?nr"
)
_PEOPLE = re.compile(
    r"customer|client|person|people|user|employee|member|contact|patient|student|staff|supplier|vendor|guest|passenger"
    r"|driver|teacher|doctor|agent|owner|tenant|subscriber|author|kunde|mitarbeiter|lieferant|clerk|sales_?rep|borrower"
    r"|klient|cliente?s?$|g[äa]st|hu[ée]sped|ospite|invit[ée]|klant|bewohner|sch[üu]ler|mieter|pacient|paziente|empleado"
    r"|dipendent|employ[ée]|medewerker|pracownik|arzt|personal|proveedor|fornitore|fournisseur|leverancier|anvendere?|kund"
)
_NAME = re.compile(
    r"name|title|initials|comment|remark|note|nachname|bezeichnung"
    r"|(?:^|_)(?:nom|nome|nombre|naam|namn|navn|nimi|nazwa)(?:$|_)"
)
_NO_MEASURE = re.compile(
    r"(?:^|_)(?:id|key|code|no|nr|num|number|year|month|day|hour|minute|second|week|weekday|quarter|zip|plz|status|type"
    r"|kind|flag|level|version|rank|line|position|seq|sequence|sort|order|lat|lon|latitude|longitude|tz|index|flight"
    r"|phone|priority|class|category|group|uuid|is|has)(?:$|_)|(?:id|key|number|code|_at)$"
)
_TIME_OF_DAY = re.compile(r"(?:^|_)time$")


def is_personal(table: str, column: str) -> bool:
    """Whether a column may hold personal data, by its name: rather once too often."""
    name = plain(column)
    if _PERSONAL.search(name):
        return True
    return bool(_NAME.search(name) and (_PEOPLE.search(entity(table)) or _PEOPLE.search(name)))


def is_measure(column: str) -> bool:
    """Whether a number is one that people add up, by its column's name."""
    return not _NO_MEASURE.search(column) and not _TIME_OF_DAY.search(column)


def referred_by(catalogue: Catalogue, table: Table) -> int:
    """Count the tables that refer to a table."""
    return sum(any(key.table == table.full for key in t.foreign_keys) for t in catalogue.values() if t is not table)


def looks_like_a_fact(catalogue: Catalogue, table: Table) -> bool:
    """Whether a table's rows look like events: it refers to others, is longer than they, and hardly referred to."""
    referred = [catalogue[key.table] for key in table.foreign_keys if key.table in catalogue]
    longer = all((table.rows or 0) >= (other.rows or 0) for other in referred)
    if referred:
        return longer and len(referred) > referred_by(catalogue, table)
    sizes = sorted((t.rows or 0) for t in catalogue.values())
    return not table.is_view and (table.rows or 0) > 0 and (table.rows or 0) >= sizes[-max(len(sizes) // 4, 1)]
