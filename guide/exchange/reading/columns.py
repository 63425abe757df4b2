"""What the columns of a table are: by their names in many languages, or as the user says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from guide.model.content import Card

SKIP = "-"
OWN = frozenset(Card.model_fields)
"""The names of guide's own tables of cards, whose texts are Markdown."""

_NAMES = {
    "front": "front term question word prompt vorderseite begriff frage wort vokabel recto terme question mot anverso "
    "frente pregunta termino palabra fronte domanda termine parola voorkant vraag woord przod pytanie haslo predek lic "
    "prednja-strana pitanje pojam rec lice pitane питање појам реч лице предња-страна вопрос термин слово "
    "лицевая-сторона përpara pyetja termi fjala framsida fraga forside sporgsmal etu kysymys on-yuz soru terim kelime "
    "front-side side-1 card-front expression vocabulary vocab kanji hanzi 正面 表 表面 問題 问题 单词 單字 앞면 질문 q",
    "back": "back definition answer meaning translation response ruckseite rueckseite antwort bedeutung ubersetzung "
    "erklarung losung verso reponse definition traduction signification reverso respuesta definicion traduccion "
    "significado retro risposta definizione traduzione verso resposta significado traducao achterkant antwoord betekenis "
    "vertaling tyl odpowiedz definicja tlumaczenie odpoved poledina odgovor definicija prevod znacenje zadnja-strana "
    "наличје полеђина одговор дефиниција превод значење ответ определение перевод значение оборот prapa përgjigja "
    "përkufizimi përkthimi baksida svar bagside vastaus arka-yuz cevap anlam tanim back-side side-2 card-back "
    "背面 裏 裏面 答え 答案 释义 意味 뒷면 답 a",
    "hint": "hint hinweis tipp indice aide pista suggerimento savet nagovestaj савет наговештај подсказка wskazowka",
    "tags": "tags tag labels label schlagworte schlagworter stichworte etiquettes mots-cles etiquetas categoria category "
    "categories kategorie kategorien categorie thema topic oznake ознаке теги метки",
    "cloze": "cloze luckentext texte-a-trous cloze-text",
    "image": "image picture bild figure imagen immagine slika слика картинка",
    "id": "id",
}
_LANGUAGES = {
    "en": "english englisch anglais ingles inglese engels angielski engleski енглески английский anglisht",
    "de": "deutsch german allemand aleman tedesco duits niemiecki nemacki немачки немецкий gjermanisht",
    "fr": "francais french franzosisch frances francese frans francuski француски французский frëngjisht",
    "es": "espanol spanish spanisch espagnol spagnolo spaans hiszpanski spanski шпански испанский spanjisht",
    "it": "italiano italian italienisch italien wloski italijanski италијански итальянский italisht",
    "la": "latein latin latina latino latijn latinski латински",
    "pt": "portugues portuguese portugiesisch portugais", "nl": "nederlands dutch niederlandisch neerlandais",
    "ru": "russkij russian russisch russe ruso русский руски rusisht", "pl": "polski polish polnisch polonais",
    "sr": "srpski serbian serbisch serbe српски serbisht", "sq": "shqip albanian albanisch albanais албански",
    "tr": "turkce turkish turkisch turc", "el": "greek griechisch grec ελληνικα", "ja": "japanese japanisch 日本語",
    "zh": "chinese chinesisch chinois 中文 汉语", "ar": "arabic arabisch arabe العربية",
}  # fmt: skip
_FIELD = {name: field for field, names in _NAMES.items() for name in names.split()}
_CODE = {name: code for code, names in _LANGUAGES.items() for name in names.split()}


def plain_name(name: str) -> str:
    """Return a name of a column so that it can be looked up: lower case, without accents, with hyphens."""
    bare = unicodedata.normalize("NFD", re.sub(r"\([^)]*\)|[:*]", " ", name).strip().casefold())
    found = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return (
        re.sub(r"[\s_/-]+", "-", unicodedata.normalize("NFC", found)).strip("-").replace("ß", "ss")
    )


_FIELD |= {plain_name(name): field for name, field in list(_FIELD.items())}
_CODE |= {plain_name(name): code for name, code in list(_CODE.items())}


def field_of(name: str) -> str:
    """Return the field of a card that a column's name means, '' for another."""
    return _FIELD.get(plain_name(name), "")


def is_own(header: Sequence[str]) -> bool:
    """Return True for the first row of a table of guide itself."""
    names = [name.strip() for name in header if name.strip()]
    known = all(name in OWN for name in names)
    more = {"id", "tags", "hint", "image", "sources", "reverse", "layout", "image_side", "cloze"}
    return (
        known and bool(more & set(names)) and ("cloze" in names or {"front", "back"} <= set(names))
    )


def named(header: Sequence[str]) -> tuple[list[str], dict[str, str]] | None:
    """Return the field of each column by a row of names, and the languages of the sides; None if it is none.

    A column that has a name, but not of a field, has the field ''.
    """
    if is_own(header):
        return [name.strip() or SKIP for name in header], {}
    fields = [field_of(name) if name.strip() else SKIP for name in header]
    if "cloze" in fields or {"front", "back"} <= set(fields):
        return fields, {}
    codes = [_CODE.get(plain_name(name), "") for name in header]
    if len(codes) > 1 and codes[0] and codes[1] and codes[0] != codes[1]:
        return ["front", "back", *fields[2:]], {"front_lang": codes[0], "back_lang": codes[1]}
    return None


def has_a_name(header: Sequence[str]) -> bool:
    """Return True if a row has at least one name of a column."""
    return any(
        len(plain_name(name)) > 1 and (field_of(name) or plain_name(name) in _CODE)
        for name in header
    )
