"""Words for sources that the locales of CSL lack: Albanian, and much of Serbian in both scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Term(NamedTuple):
    """A word of a locale, for one and for several, with its gender and how an ordinal matches."""

    single: str
    multiple: str
    gender: str = ""
    match: str = ""


Terms = dict[tuple[str, str, str], Term]

# A term, its long form and its short form; `one|many` where the two differ.
_ALBANIAN = """accessed=qasur më; and=dhe; and others=e të tjerë; anonymous=anonim/anon.; at=në;
available at=gjendet në; by=nga; circa=rreth/rr.; cited=cituar; et-al=etj.; film=film; forthcoming=në botim;
from=nga; ibid=po aty; in=në; in press=në shtyp; internet=internet; interview=intervistë; letter=letër;
no date=pa datë/p.d.; online=në internet; personal-communication=komunikim personal; presented at=paraqitur në;
reference=referencë/ref.; retrieved=marrë më; review-of=recension i; scale=shkalla; version=versioni;
book=libri; chapter=kapitulli|kapitujt/kap.; chapter-number=kapitulli|kapitujt/kap.; column=kolona|kolonat/kol.;
edition=botimi|botimet/bot.; figure=figura|figurat/fig.; folio=fleta|fletët/fl.; issue=numri|numrat/nr.;
number=numri|numrat/nr.; collection-number=numri|numrat/nr.; line=rreshti|rreshtat/rr.; note=shënimi|shënimet/shën.;
page=faqja|faqet/f.|ff.; paragraph=paragrafi|paragrafët/par.; part=pjesa|pjesët/pj.; section=seksioni|seksionet/seks.;
table=tabela|tabelat/tab.; verse=vargu|vargjet/v.|vv.; volume=vëllimi|vëllimet/vëll.;
number-of-volumes=vëllim|vëllime/vëll.; number-of-pages=faqe/f.; supplement=shtojca|shtojcat/sht.;
director=regjisori|regjisorët/reg.; editor=redaktori|redaktorët/red.;
editortranslator=redaktori dhe përkthyesi|redaktorët dhe përkthyesit/red. dhe përkth.;
collection-editor=redaktori i serisë|redaktorët e serisë/red. i serisë; illustrator=ilustruesi|ilustruesit/ilustr.;
translator=përkthyesi|përkthyesit/përkth.; interviewer=intervistuesi|intervistuesit; composer=kompozitori|kompozitorët;
article-journal=artikull; article-newspaper=artikull gazete; dataset=të dhëna; legislation=legjislacion;
manuscript=dorëshkrim; map=hartë; motion_picture=video; report=raport; review=recension; software=program kompjuterik;
speech=fjalim; thesis=tezë; treaty=traktat; webpage=faqe interneti; patent=patentë; standard=standard;
ad=\u00a0e.s.; bc=\u00a0p.e.s.; ordinal=-të; season-01=pranverë; season-02=verë; season-03=vjeshtë; season-04=dimër;
month-01=janar/jan.; month-02=shkurt/shk.; month-03=mars/mar.; month-04=prill/pri.; month-05=maj/maj; month-06=qershor/qer.;
month-07=korrik/kor.; month-08=gusht/gush.; month-09=shtator/sht.; month-10=tetor/tet.; month-11=nëntor/nën.;
month-12=dhjetor/dhj.; open-quote=“; close-quote=”; open-inner-quote=‘; close-inner-quote=’"""
_ALBANIAN_VERBS = """editor=redaktuar nga/red.; translator=përkthyer nga/përkth.; director=regjia nga; illustrator=ilustruar nga/ilustr.;
editortranslator=redaktuar dhe përkthyer nga; interviewer=intervistuar nga; composer=kompozuar nga; container-author=nga;
collection-editor=redaktuar nga; performer=interpretuar nga; narrator=rrëfyer nga"""
_SERBIAN = """available at=dostupno na; by=od; circa=oko; film=film; henceforth=u daljem tekstu; ibid=isto; no date=bez datuma/b. d.;
no-place=bez mesta/b. m.; no-publisher=bez izdavača/b. i.; on=na; original-work-published=prvobitno objavljeno;
podcast=podkast; podcast-episode=epizoda podkasta; preprint=preprint; article=preprint; radio-broadcast=radijska emisija;
review-of=prikaz; review=prikaz; review-book=prikaz knjige; special-issue=poseban broj; special-section=poseban odeljak;
television-broadcast=televizijska emisija; television-series=televizijska serija; video=video-snimak;
working-paper=radni dokument; audio-recording=zvučni zapis; album=album; reference=referenca/ref.; scale=razmera;
retrieved=preuzeto; letter=pismo; from=od; cited=citirano; personal-communication=lična komunikacija;
personal_communication=lična komunikacija; interview=intervju; bill=predlog zakona; dataset=skup podataka;
legislation=zakon; legal_case=sudski predmet; manuscript=rukopis; map=mapa; motion_picture=video-snimak;
paper-conference=saopštenje; patent=patent; regulation=propis; report=izveštaj; software=računarski program;
song=zvučni zapis; speech=izlaganje; standard=standard; treaty=ugovor; webpage=veb-stranica; version=verzija;
article-locator=član|članovi/čl.; ad=\u00a0n. e.; bc=\u00a0p. n. e.; ordinal=.;
season-01=proleće; season-02=leto; season-03=jesen; season-04=zima"""
# Letters of two signs first, so that they are not read as two letters.
_SCRIPTS = tuple(zip(
    "lj nj dž Lj Nj Dž a b v g d đ e ž z i j k l m n o p r s t ć u f h c č š "
    "A B V G D Đ E Ž Z I J K L M N O P R S T Ć U F H C Č Š".split(),
    "љ њ џ Љ Њ Џ а б в г д ђ е ж з и ј к л м н о п р с т ћ у ф х ц ч ш "
    "А Б В Г Д Ђ Е Ж З И Ј К Л М Н О П Р С Т Ћ У Ф Х Ц Ч Ш".split(), strict=True,
))  # fmt: skip


def is_cyrillic_serbian(lang: str) -> bool:
    """Return True if Serbian of this tag is written in Cyrillic, which is its usual script."""
    parts = lang.lower().split("-")
    return parts[0] == "sr" and "latn" not in parts


def supplemented(terms: Terms, lang: str) -> Terms:
    """Return the terms of a locale with those that CSL lacks in a language (a BCP 47 tag)."""
    language = lang.lower().partition("-")[0]
    if language == "sq":
        return _without_ordinals(terms) | _read(_ALBANIAN) | _read(_ALBANIAN_VERBS, "verb")
    if language == "sr":
        return _serbian(_without_ordinals(terms), is_cyrillic_serbian(lang))
    return terms


def _without_ordinals(terms: Terms) -> Terms:
    """Return terms without English endings of numbers (1st, 2nd)."""
    return {key: term for key, term in terms.items() if not key[0].startswith("ordinal")}


def _serbian(terms: Terms, cyrillic: bool) -> Terms:
    """Return Serbian terms in one script: the locales mix the two, and leave many in English."""
    made = (
        {key: _changed(term, _to_latin) for key, term in terms.items()} if not cyrillic else terms
    )
    for key, term in _read(_SERBIAN).items():
        if not cyrillic:
            made[key] = term
        elif key not in made or not re.search("[а-џ]", made[key].single.lower()):
            made[key] = _changed(term, _to_cyrillic)
    return made


def _changed(term: Term, change: Callable[[str], str]) -> Term:
    return term._replace(single=change(term.single), multiple=change(term.multiple))


def _to_cyrillic(text: str) -> str:
    for latin, cyrillic in _SCRIPTS:
        text = text.replace(latin, cyrillic)
    return text


def _to_latin(text: str) -> str:
    for latin, cyrillic in _SCRIPTS:
        text = text.replace(cyrillic, latin)
    return text


def _read(table: str, form: str = "long") -> Terms:
    """Read `name=one|many/short|shorts; ...`; a term without a short form has one form."""
    found: Terms = {}
    for line in table.replace("\n", " ").split(";"):
        name, _, forms = line.strip(" ").partition("=")
        long, _, short = forms.partition("/")
        for each, words in (
            (form, long),
            ("short" if form == "long" else "verb-short", short or long),
        ):
            one, _, many = words.partition("|")
            found[name, each, ""] = Term(one, many or one)
    return found
