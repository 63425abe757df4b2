"""Which column of a list is what: guide's own names, and those of schools, offices and programs.

Names are compared without case, accents and signs: `E-Mail-Adresse` is `e mail adresse`. The words
are English, German, French, Spanish, Serbian (both alphabets) and Albanian, and those of the exports
of Outlook and Google Contacts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from guide.model.copies import Recipient
from guide.model.letters import unaccented

COLUMNS = tuple(Recipient.model_fields)
_APART = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "æ": "ae", "ß": "ss", "ı": "i"})

# `name` is a whole name where it is alone, a family name beside a given name, and the reverse.
_WORDS: Mapping[str, str] = {
    "name": "name, nom, nombre, ime, emri, emer, име",
    "full": """full name, fullname, display name, student, student name, pupil, pupil name, participant,
        recipient, contact name, recipient name, schüler, schülerin, schülername, teilnehmer, teilnehmerin,
        empfänger, schüler in, teilnehmer in, schülerinnen und schüler, last name first name, vor und nachname, vorname nachname, vorname und nachname, nachname vorname,
        name vorname, vollständiger name, anzeigename, élève, nom complet, nom et prénom, nom prénom,
        prénom et nom, prénom nom, destinataire, stagiaire, alumno, alumna, estudiante, nombre completo,
        nombre y apellido, nombre y apellidos, apellidos y nombre, destinatario, ime i prezime,
        prezime i ime, učenik, učenica, ime i prezime učenika, primalac, puno ime, polaznik,
        emri dhe mbiemri, emri mbiemri, emër mbiemër, nxënësi, nxënës, marrësi, pjesëmarrësi,
        име и презиме, презиме и име, ученик, ученица, прималац, полазник""",
    "given": """first name, firstname, given name, forename, christian name, vorname, rufname, prénom,
        nombre de pila, primer nombre, имена, lično ime, лично име""",
    "middle": """middle name, additional name, second name, weitere vornamen, zweiter vorname, 2 vorname,
        deuxième prénom, segundo nombre, srednje ime, средње име, emri i mesëm""",
    "family": """last name, lastname, family name, familyname, surname, nachname, familienname, zuname,
        nom de famille, apellido, apellidos, apellido 1, primer apellido, apellido paterno, prezime,
        презиме, mbiemri, mbiemër, mbiemer""",
    "family2": "apellido 2, segundo apellido, apellido materno, second surname",
    "email": """email, e mail, mail, email address, e mail address, mail address, emailaddress,
        primary email, primary email address, work email, school email, email adresse, e mail adresse,
        mailadresse, mail adresse, emailadresse, adresse e mail, adresse email, adresse mail, mél,
        adresse de messagerie, adresse électronique, courriel, correo, correo electrónico, dirección de correo,
        dirección de correo electrónico, dirección de e mail, e pošta, elektronska pošta, imejl, mejl,
        email adresa, e mail adresa, imejl adresa, adresa e pošte, e maili, emaili, posta elektronike,
        adresa e emailit, adresa elektronike, имејл, мејл, е пошта, електронска пошта, имејл адреса,
        е маил, адреса е поште, email 1 value, e mail 1 value, email 1 address, e mail 1 address,
        e mail 2 value, e mail 2 address, e mail 2 adresse, email 2 value, e mail 3 value,
        e mail 3 address, e mail 3 adresse""",
    "class": """class, form, homeroom, home room, klasse, klassenname, klassenbezeichnung, kurs, lerngruppe,
        gruppe, group, course, classe, division, groupe, clase, curso, grupo, razred, odeljenje, odjeljenje,
        grupa, klasa, klasë, paralelja, grupi, разред, одељење, група""",
    "organisation": """organisation, organization, organization name, organisation name,
        organization 1 name, organisation 1 name, company, company name, employer, unit, firma,
        unternehmen, einheit, dienststelle, behörde, société, entreprise, organisme, établissement,
        unité, organización, empresa, compañía, unidad, organizacija, preduzeće, ustanova, jedinica,
        firma, kompania, organizata, ndërmarrja, institucioni, njësia, организација, предузеће,
        установа, јединица, фирма""",
    "department": """department, organization department, organization 1 department, office, abteilung,
        amt, service, département, departamento, odeljak, sektor, departamenti, сектор""",
    "copies": """copies, number of copies, quantity, qty, anzahl, exemplare, anzahl exemplare, kopien,
        exemplaires, nombre d exemplaires, copias, ejemplares, primeraka, broj primeraka, kopije, kopje,
        numri i kopjeve, примерака, број примерака, копије""",
    "channel": "channel, kanal, versandart, canal, kanali, канал",
    "edition": "edition, ausgabe, édition, edición, izdanje, botimi, издање",
    "language": "language, sprache, langue, idioma, lengua, jezik, gjuha, језик",
    "password": "password, passwort, kennwort, mot de passe, contraseña, lozinka, fjalëkalimi, лозинка",
    "ref": """ref, reference, staff number, staff id, employee id, employee number, student id,
        student number, pupil id, pupil number, personalnummer, schülernummer, matrikelnummer, matricule,
        numéro d élève, número de alumno, matični broj, матични број, numri personal""",
}


def _folded(name: str) -> str:
    """Return a column's name without case, accents and signs."""
    text = unaccented(name.casefold()).translate(_APART)
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


_KNOWN = {
    _folded(word): role for role, words in _WORDS.items() for word in words.split(",")
}  # fmt: skip
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]+")
_NAMING = ("full", "name", "given", "middle", "family", "family2")


@dataclass(frozen=True)
class Columns:
    """A header that was understood.

    `written` are the names as they are in the file, `roles` what each column is ('' for none). `fields`
    has one of guide's own names for each column that is read, else ''.
    """

    written: tuple[str, ...]
    roles: tuple[str, ...]
    fields: tuple[str, ...]

    @cached_property
    def own(self) -> bool:
        """Return whether all names that are known are guide's own."""
        names = (name.strip().lower() for name in self.written)
        return all(name in COLUMNS for name, role in zip(names, self.roles, strict=True) if role)

    @cached_property
    def _plain(self) -> bool:
        """Whether each cell is a field as it is: no list of thousands may wait for the others."""
        fields = [field for field in self.fields if field]
        return self.own and len(set(fields)) == len(fields)

    @cached_property
    def known(self) -> int:
        """The number of columns that are read."""
        return sum(1 for role in self.roles if role)

    @property
    def named(self) -> bool:
        """Return whether a column says who a row is."""
        return any(role in _NAMING for role in self.roles)

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        """Return the cells of a row by guide's own names."""
        if self._plain:
            return {field: cell for field, cell in zip(self.fields, row, strict=False) if field}
        by_role: dict[str, list[str]] = {}
        for role, cell in zip(self.roles, row, strict=False):
            if role:
                by_role.setdefault(role, []).append(cell)
        found = {field: "" for field in self.fields if field}
        for field in found:
            values = by_role.get(field, [])
            found[field] = next((v for v in values if v.strip()), values[0] if values else "")
        if "name" in found:
            found["name"] = self._name(by_role)
        if "email" in found:  # Google writes several into one cell
            found["email"] = found["email"].partition(" ::: ")[0]
        if "organisation" in found:
            found["organisation"] = self._organisation(by_role)
        if not self.own and not found.get("name", "-").strip():  # an office in an address book
            found["name"] = found.get("organisation", "")
            found["organisation"] = ""
        return found

    def _name(self, by_role: Mapping[str, Sequence[str]]) -> str:
        whole = [cell for role in ("full", "name") for cell in by_role.get(role, ())]
        if any(cell.strip() for cell in whole) or self.own:
            return next((cell for cell in whole if cell.strip()), whole[0] if whole else "")
        given, family = (
            " ".join(c.strip() for role in roles for c in by_role.get(role, ()) if c.strip())
            for roles in (("given", "middle"), ("family", "family2"))
        )
        if _EAST_ASIAN.fullmatch(given + family):  # 王小明: the family first, and no blank
            return family + given
        return f"{given} {family}".strip()

    @staticmethod
    def _organisation(by_role: Mapping[str, Sequence[str]]) -> str:
        """Return the class (of a year and a letter, both) or else the company, or the department."""
        classes = list(dict.fromkeys(filter(str.strip, by_role.get("class", ()))))
        if classes:
            return "/".join(cell.strip() for cell in classes) if len(classes) > 1 else classes[0]
        others = [*by_role.get("organisation", ()), *by_role.get("department", ())]
        return next((cell for cell in others if cell.strip()), others[0] if others else "")

    def described(self) -> str:
        """Return in words which columns are used for what."""
        readings: dict[str, list[str]] = {}
        for name, field in zip(self.written, self.fields, strict=True):
            if field or name.strip():
                readings.setdefault(field, []).append(f"`{name.strip()}`")
        unread = readings.pop("", [])
        said = "; ".join(f"{field} from {', '.join(names)}" for field, names in readings.items())
        if unread:
            more = f" and {len(unread) - 6} more" if len(unread) > 6 else ""
            said += f"; not used: {', '.join(unread[:6])}{more}"
        return said


def columns(header: Sequence[str]) -> Columns:
    """Return what each column of a header is; one that is not known is ''."""
    roles = [_KNOWN.get(_folded(name), "") for name in header]
    if "name" in roles and "full" not in roles:
        given, family = "given" in roles, "family" in roles
        other = {(True, True): "full", (False, True): "given", (True, False): "family"}
        meant = other.get((given, family), "name")
        roles = [meant if role == "name" else role for role in roles]
    own = {**dict.fromkeys(_NAMING, "name"), "class": "organisation", "department": "organisation"}
    fields = [own.get(role, role) for role in roles]
    return Columns(tuple(header), tuple(roles), tuple(fields))
