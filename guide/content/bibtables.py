"""What BibTeX and biblatex call types and fields, and what CSL calls them."""

from __future__ import annotations

import re

TYPES = {
    "article": "article-journal", "book": "book", "mvbook": "book", "booklet": "pamphlet", "inbook": "chapter", "bookinbook": "chapter", "suppbook": "chapter",
    "incollection": "chapter", "inproceedings": "paper-conference", "conference": "paper-conference", "collection": "book", "mvcollection": "book", "reference": "book",
    "inreference": "entry-encyclopedia", "manual": "report", "mastersthesis": "thesis", "phdthesis": "thesis", "thesis": "thesis", "bachelorsthesis": "thesis",
    "proceedings": "book", "mvproceedings": "book", "techreport": "report", "report": "report", "unpublished": "manuscript", "periodical": "periodical",
    "online": "webpage", "www": "webpage", "electronic": "webpage", "webpage": "webpage", "misc": "document", "patent": "patent", "standard": "standard",
    "legislation": "legislation", "legal": "legislation", "jurisdiction": "legal_case", "dataset": "dataset", "software": "software", "video": "motion_picture",
    "movie": "motion_picture", "audio": "song", "music": "song", "image": "graphic", "artwork": "graphic", "letter": "personal_communication", "newspaper": "article-newspaper",
    "review": "review", "performance": "performance", "speech": "speech", "map": "map",
}  # fmt: skip
GENRES = {"mastersthesis": "Master’s thesis", "phdthesis": "PhD thesis", "bachelorsthesis": "Bachelor’s thesis",
           "mathesis": "Master’s thesis", "techreport": "", "resreport": "Research report", "candthesis": "Candidate thesis"}  # fmt: skip
FIELDS = {
    "journal": "container-title", "journaltitle": "container-title", "shortjournal": "container-title-short", "booktitle": "container-title",
    "maintitle": "container-title", "publisher": "publisher", "institution": "publisher", "school": "publisher", "organization": "publisher",
    "address": "publisher-place", "location": "publisher-place", "volume": "volume", "pages": "page", "doi": "DOI", "url": "URL", "isbn": "ISBN", "issn": "ISSN",
    "edition": "edition", "chapter": "chapter-number", "series": "collection-title", "note": "note", "addendum": "note",
    "type": "genre", "version": "version", "pagetotal": "number-of-pages", "volumes": "number-of-volumes", "language": "language", "langid": "language",
    "eventtitle": "event-title", "venue": "event-place", "shorttitle": "title-short", "origtitle": "original-title", "origpublisher": "original-publisher",
    "origlocation": "original-publisher-place", "pubstate": "status", "part": "part-number", "pmid": "PMID", "pmcid": "PMCID", "library": "archive", "issue": "issue", "eid": "number",
    "articleno": "number", "numpages": "number-of-pages", "lccn": "call-number",
}  # fmt: skip
PEOPLE = {"author": "author", "editor": "editor", "translator": "translator", "bookauthor": "container-author", "director": "director",
          "holder": "author", "origauthor": "original-author", "illustrator": "illustrator", "composer": "composer", "interviewer": "interviewer"}  # fmt: skip
# What `editortype` of biblatex makes of an editor; other types are those of an editor.
EDITORS = {"director": "director", "compiler": "compiler", "organizer": "organizer", "translator": "translator",
           "collaborator": "contributor", "scriptwriter": "script-writer", "producer": "producer",
           "executiveproducer": "executive-producer", "performer": "performer", "narrator": "narrator", "guest": "guest",
           "host": "host", "interviewer": "interviewer", "illustrator": "illustrator", "composer": "composer"}  # fmt: skip
DATES = {"urldate": "accessed", "lastchecked": "accessed", "eventdate": "event-date", "origdate": "original-date", "origyear": "original-date"}  # fmt: skip
# What programs write for themselves, and what no list of sources prints.
IGNORED = re.compile(
    r"(?:bdsk-|date-|mendeley-|__|jabref|citeulike|x-|tex\.|zotero|ads|sort).*|abstract|keywords?|annot(?:e|ation)|origlanguage|.*\+an.*|mrclass|mrnumber|mrreviewer|zblnumber|"
    r"file|timestamp|owner|groups?|added-at|biburl|bibsource|interhash|intrahash|rating|read|review|comment|"
    r"ids|xdata|crossref|xref|options|label|presort|shorthand|hyphenation|gender|related.*|execute|entryset|"
    r"entrysubtype|index.*|acmid|key|month|year|date|day|priority|ranking|username|creationdate|modificationdate|"
    r"issn-.*|isbn-.*|langidopts|local-url|pdf|ps|bibdate|acknowledgement|checked|printed|qualityassured|"
    r"useprefix|editor[abc]?type|authortype|translatortype|bookpagination|pagination|eprinttype|eprintclass|archiveprefix|primaryclass|"
    r"shorteditor|shortauthor|shortseries|unique-id|researcherid.*|orcid.*|times-cited|doc-delivery-number|affiliation|cited-references|web-of-science.*|journal-iso|"
    r"number-of-cited-references|usage-count.*|author-email|funding.*|subject|category|categories|collection|issue_date|source|coden|document_type|abbrev_source_title|"
    r"author_keywords|correspondence_address\d?|affiliations|da|research-areas|keywords-plus|web-of-science-index|eissn|//.*",
    re.I,
)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
TITLES = {"title": "subtitle", "booktitle": "booksubtitle", "journaltitle": "journalsubtitle", "journal": "journalsubtitle", "maintitle": "mainsubtitle"}  # fmt: skip
ORDINALS = {word: str(n) for n, word in enumerate(
    "first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)}  # fmt: skip
ORDINALS |= {f"{n}{end}": str(n) for n in range(1, 40) for end in ("st", "nd", "rd", "th")}
LANGUAGES = {"english": "en", "american": "en-US", "british": "en-GB", "german": "de", "ngerman": "de", "french": "fr", "spanish": "es",
              "italian": "it", "russian": "ru", "albanian": "sq", "serbian": "sr", "dutch": "nl", "polish": "pl"}  # fmt: skip
