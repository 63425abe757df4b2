"""The encoding of a text file: known by its marks, or the only one in which the text makes sense."""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import pairwise

from guide.exchange.reading.columns import field_of
from guide.exchange.reading.found import Found, cleaned

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheets and editors save; of two that read a file the same way, the first is named.
_TRIED = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman", "cp850", "cp852", "koi8_r",
          "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"]  # fmt: skip
_SAMPLE = 60_000  # bytes that decide
_CLEARER = 0.15  # of how well the letters fit a language
_SHOWN = 3
_WORD = re.compile(r"[^\s;,\t|.:!?()\"]+")
_JOINING = "’‘-–·"
_RARE = "ﬁﬂŕĺðþƒºª"  # what a text in another encoding has more often than one in this


def decoded(data: bytes, found: Found, encoding: str = "") -> str:
    """Return a text with unix line ends; raises GuideError if its encoding is not certain.

    `encoding` is the one that the user named, '' to find it out.
    """
    if encoding:
        try:
            return cleaned(data.decode(encoding))
        except LookupError:
            found.refuse(
                "import-encoding",
                f"there is no encoding `{encoding}`",
                "Use a name such as utf-8, cp1252, cp1250, cp1251 or mac_roman.",
            )
        except UnicodeDecodeError as exc:
            line = data.count(b"\n", 0, exc.start) + 1
            message = f"byte 0x{data[exc.start]:02X} does not exist in {encoding}"
            found.refuse(
                "import-encoding",
                message,
                "Give another `--encoding`, or save the file as UTF-8.",
                found.at(line),
            )
    for mark, name in _MARKS:
        if data.startswith(mark):
            return cleaned(_surely(data, name, found))
    try:
        return cleaned(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if wide := _wide(data):
        return cleaned(_surely(data, wide, found))
    return cleaned(_guessed(data, found))


def _surely(data: bytes, name: str, found: Found) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as exc:
        message = (
            f"the file begins as {name.removesuffix('-sig')}, and is damaged at byte {exc.start}"
        )
        found.refuse("import-encoding", message, "Export the file again.")


def _wide(data: bytes) -> str:
    """Return the encoding of a UTF-16 text without its mark: every other byte is zero."""
    sample = data[:4000]
    if sample[1::2].count(0) > len(sample) // 3 and not sample[0::2].count(0):
        return "utf-16-le"
    if sample[0::2].count(0) > len(sample) // 3 and not sample[1::2].count(0):
        return "utf-16-be"
    return ""


def _guessed(data: bytes, found: Found) -> str:
    from charset_normalizer import from_bytes

    # Lines without letters beyond ASCII say nothing, and there are many in a long file.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    fits = from_bytes(telling, cp_isolation=_TRIED, threshold=0.4)
    results = {name: each for each in fits for name in (each.encoding, *each.could_be_from_charset)}
    said = {name: telling.decode(name, "replace") for name in _TRIED if name in results}
    wrong = {name: _senseless(text) for name, text in said.items()}
    said = {name: text for name, text in said.items() if wrong[name] == min(wrong.values())}
    if not said:
        found.refuse(
            "import-encoding",
            "the file is in no encoding that is known, or is not a text",
            "Save it as UTF-8: in Excel, `CSV UTF-8`.",
        )
    headed = [name for name, text in said.items() if _has_names(data, name)]
    said = {name: said[name] for name in headed} or said
    best = max(results[name].coherence for name in said)
    texts: dict[str, str] = {}
    for name, text in said.items():
        if results[name].coherence >= best - _CLEARER and text not in texts.values():
            texts[name] = text
    first = next(iter(texts))
    if len(texts) > 1:
        number = next(n for n, line in enumerate(data.splitlines(), 1) if not line.isascii())
        shown = "; ".join(f"{name}: `{_word(text)}`" for name, text in [*texts.items()][:_SHOWN])
        message = f"the encoding of the file is not certain: {shown}"
        hint = f"Name the one that reads well, such as `--encoding {first}`; or save the file as UTF-8."
        found.refuse("import-encoding", message, hint, found.at(number))
    found.remark(
        f"the file is read in the encoding {first}",
        found.at(),
        "If letters are wrong, give another `--encoding`.",
    )
    return data.decode(first, "replace")


def _senseless(text: str) -> int:
    """Return how often a word has signs that no writer puts into one: two scripts, a sign or a capital inside."""
    count = sum(not sign.isprintable() and sign not in "\n\t" for sign in text)
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        scripts = {unicodedata.name(sign, "?").partition(" ")[0] for sign in word if sign.isalpha()}
        count += len(scripts - {"MODIFIER", "FEMININE", "MASCULINE"}) > 1
        count += sum(
            not sign.isalpha() and not sign.isascii() and sign not in _JOINING
            for sign in word[1:-1]
        )
        count += any(low.islower() and high.isupper() for low, high in pairwise(word))
        count += any(sign in _RARE for sign in word.lower()) + (len(word) > 3 and word.isupper())
    return count


def _has_names(data: bytes, encoding: str) -> bool:
    """Return True if the first line has a name of a column with letters beyond ASCII."""
    line = data.partition(b"\n")[0].decode(encoding, "replace")
    return any(
        field_of(cell) for cell in re.split(r"[,;\t|]", line.replace('"', "")) if not cell.isascii()
    )


def _word(text: str) -> str:
    """Return the first words of a text that have a letter beyond ASCII."""
    found = [word for word in text.split() if not word.isascii()]
    return " ".join(found[:2])[:30]
