"""The TeX that people write in BibTeX fields, as plain text with CSL's tags for what it formats."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331", "t": "\u0361",
}  # fmt: skip
_SIGNS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ",
    "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ", "S": "§", "P": "¶", "dag": "†", "ddag": "‡", "copyright": "©", "pounds": "£",
    "euro": "€", "texteuro": "€", "dots": "…", "ldots": "…", "textellipsis": "…", "LaTeX": "LaTeX",
    "TeX": "TeX", "BibTeX": "BibTeX", "LaTeXe": "LaTeX2e", "XeTeX": "XeTeX", "BibLaTeX": "BibLaTeX", "textendash": "–", "textemdash": "—",
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textunderscore": "_",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”",
    "textquotedbl": '"', "guillemotleft": "«", "guillemotright": "»", "quotedblbase": "„", "textdegree": "°", "degree": "°", "textregistered": "®",
    "texttrademark": "™", "textperiodcentered": "·", "slash": "/", "hyphen": "-", "nobreakspace": "\u00a0",
    "space": " ", "par": " ", "quad": " ", "qquad": " ", "textbullet": "•", "times": "×", "pm": "±", "cdot": "·", "leq": "≤", "geq": "≥", "le": "≤", "ge": "≥", "neq": "≠",
    "approx": "≈", "sim": "∼", "to": "→", "rightarrow": "→", "leftarrow": "←", "infty": "∞", "circ": "°", "prime": "′",
    "textless": "<", "textgreater": ">", "textbar": "|", "textdollar": "$", "textmu": "µ", "percent": "%",
    "textordfeminine": "ª", "textordmasculine": "º", "textexclamdown": "¡", "textquestiondown": "¿", "noopsort": "", "relax": "", "protect": "",
    "ldotp": ".", "colon": ":", "ell": "ℓ", "hbar": "ħ", "partial": "∂", "nabla": "∇", "sum": "∑", "int": "∫", "in": "∈",
    "textsection": "§", "textparagraph": "¶", "addcomma": ",", "adddot": ".", "isdot": ".", "addspace": " ", "addslash": "/",
}  # fmt: skip
_ESCAPED = set("&%$#_{}")
_GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
          "sigma tau upsilon phi chi psi omega").split()  # fmt: skip
_SIGNS |= {
    spelt: unicodedata.lookup(f"GREEK {size} LETTER {name.replace('lambda', 'lamda')}")
    for name in _GREEK
    for spelt, size in ((name, "SMALL"), (name.title(), "CAPITAL"))
}
_AROUND = {
    "textit": ("<i>", "</i>"), "emph": ("<i>", "</i>"), "textsl": ("<i>", "</i>"), "mkbibemph": ("<i>", "</i>"),
    "mkbibitalic": ("<i>", "</i>"), "textbf": ("<b>", "</b>"), "mkbibbold": ("<b>", "</b>"), "textsc": ("<sc>", "</sc>"), "mathit": ("<i>", "</i>"), "mathbf": ("<b>", "</b>"),
    "textsuperscript": ("<sup>", "</sup>"), "mkbibsuperscript": ("<sup>", "</sup>"), "textsubscript": ("<sub>", "</sub>"),
    "enquote": ("“", "”"), "mkbibquote": ("“", "”"), "mkbibparens": ("(", ")"), "mkbibbrackets": ("[", "]"),
}  # fmt: skip
# Commands whose argument is all there is to print.
_BARE = set(
    """url nolinkurl path text textrm textsf texttt textup textmd textnormal mathrm mathsf mathtt mathbb mathcal
mathit mbox hbox uppercase MakeUppercase ensuremath BibTitle foreignquote lowercase titlecap nocase autocap
operatorname boldsymbol underline""".split()
)
_SWITCHES = {"it": "i", "em": "i", "itshape": "i", "sl": "i", "bf": "b", "bfseries": "b", "sc": "sc",
             "scshape": "sc"}  # fmt: skip
_DROPPED = set(
    """rm sf tt tiny small footnotesize normalsize large Large bibsentence bibstring midsentence autocap
nolinebreak nobreak newblock linebreak break selectfont rmfamily sffamily ttfamily upshape mdseries allowbreak
displaystyle textstyle limits left right big Big bigg Bigg /""".split()
)
_TOKEN = re.compile(
    r"\\([A-Za-z]+)\*?[ \t]*|\\(.)|([{}$~^_])|(---|--|``|''|`|'|,,)|([^\\{}$~^_`',-]+|.)", re.S
)
_SMALL = {"^": "sup", "_": "sub"}
_SPACING = {**dict.fromkeys("-/!@", ""), **dict.fromkeys(";: \\\n\t", " "), ",": "\u2009", "|": "‖"}


class Reader:
    """Reads one field. `unknown` are the names of commands that it does not know."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_TOKEN.finditer(text))
        self.at = 0
        self.maths = False
        self.opened = 0
        self.unknown: list[str] = []

    def read(self) -> str:
        """Return the field as text."""
        parts = []
        while self.at < len(self.tokens):
            parts.append(self._group())
            self.at += 1  # a brace that closes nothing
        return re.sub(r"[ \t\n]+", " ", unicodedata.normalize("NFC", "".join(parts))).strip()

    def _group(self) -> str:
        """Read up to the brace that closes this group."""
        result, switch = "", ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token[3] == "}":
                break
            name = token[1] or ""
            if name in _SWITCHES:
                self.at += 1
                switch = _SWITCHES[name]
                return f"{result}<{switch}>{self._group()}</{switch}>"
            result += self._piece()
        return result

    def _piece(self) -> str:
        """Read one sign, command or group."""
        token = self.tokens[self.at]
        self.at += 1
        if token[1]:
            return self._command(token[1], token[0])
        if token[2]:
            return self._control(token[2])
        if token[3]:
            return self._special(token[3])
        if token[4]:
            return self._mark(token[4])
        return token[0]

    def _mark(self, sign: str) -> str:
        """Return a dash or quotation mark of TeX as the sign that it prints."""
        if sign == "'":
            return self._apostrophe()
        if sign == ",,":  # German: „so“
            return "„" if self._opens() else ",,"
        return {"---": "—", "--": "–", "``": "“", "''": "”", "`": "‘"}[sign]

    def _apostrophe(self) -> str:
        """Return ’; of a pair of straight marks around words, as R writes them, each unchanged."""
        if self._opens():
            self.opened += 1
            return "'"
        if self.opened and not self._after().isalnum():
            self.opened -= 1
            return "'"
        return "’"

    def _opens(self) -> bool:
        """Return True if the mark just read begins a word."""
        before = self.tokens[self.at - 2][0][-1:] if self.at > 1 else ""
        after = self._after()
        begins = not before or before.isspace() or before in "([{~"
        return begins and (after.isalnum() or after in "{\\")

    def _after(self) -> str:
        return self.tokens[self.at][0][:1] if self.at < len(self.tokens) else ""

    def _special(self, sign: str) -> str:
        if sign == "{":
            inner = self._group()
            self.at += 1
            return inner
        if sign == "$":
            if self.at < len(self.tokens) and self.tokens[self.at][3] == "$":
                self.at += 1
            self.maths = not self.maths
            return ""
        if sign == "~":
            return "\u00a0"
        if self.maths and sign in _SMALL:
            return f"<{_SMALL[sign]}>{self._argument()}</{_SMALL[sign]}>"
        return sign

    def _argument(self) -> str:
        """Read what a command applies to: a group, a command or one letter."""
        while self.at < len(self.tokens) and self.tokens[self.at][0].isspace():
            self.at += 1
        if self.at >= len(self.tokens) or self.tokens[self.at][3] == "}":
            return ""
        token = self.tokens[self.at]
        text = (token[5] or "").lstrip()  # `{\" o}`: a space may separate an accent from its letter
        if text:
            self.tokens[self.at : self.at + 1] = map(_match, filter(None, [text[0], text[1:]]))
        return self._piece()

    def _control(self, sign: str) -> str:
        if sign in _ESCAPED:
            return sign
        if sign in _ACCENTS:
            return self._accented(sign)
        if sign in {"(", ")", "[", "]"}:
            self.maths = sign in "(["
            return ""
        return _SPACING.get(sign, sign)

    def _accented(self, accent: str) -> str:
        letter = self._argument()
        letter = {"ı": "i", "ȷ": "j"}.get(letter, letter)
        whole = letter[:1] + _ACCENTS[accent] + letter[1:]
        return unicodedata.normalize("NFC", whole) if letter else ""

    def _command(self, name: str, written: str) -> str:
        if name in _ACCENTS:
            return self._accented(name)
        if name in _SIGNS:
            return _SIGNS[name]
        if name in _AROUND:
            before, after = _AROUND[name]
            return f"{before}{self._argument()}{after}"
        if name in _BARE:
            return self._argument()
        if name == "href":
            address, text = self._argument(), self._argument()
            return text if address in text else f"{text} ({address})"
        if name in {"frac", "sfrac", "nicefrac", "tfrac"}:
            return f"{self._argument()}/{self._argument()}"
        if name == "sqrt":
            return f"√{self._argument()}"
        if name in {"foreignlanguage", "textcolor", "color", "selectlanguage"}:
            self._argument()
            return self._argument() if name in {"foreignlanguage", "textcolor"} else ""
        if name in {"begin", "end", "cite", "citep", "citet", "footnote"}:
            self.unknown.append(name)
            return self._argument()
        if name in _DROPPED:
            return ""
        return self._of_codec(name, written)

    def _of_codec(self, name: str, written: str) -> str:
        """Ask latexcodec for the sign of a command that is not in the lists here."""
        import codecs

        import latexcodec  # noqa: F401  registers the codec "ulatex"

        decode: Callable[[str, str], str] = codecs.decode  # type: ignore[assignment]  # it takes text
        try:
            found = str(decode(f"\\{name} ", "ulatex")).strip()
        except (UnicodeDecodeError, ValueError):
            found = ""
        if found and "\\" not in found:
            return found
        self.unknown.append(name)
        return ""


def _match(text: str) -> re.Match[str]:
    found = _TOKEN.match(text)
    assert found is not None
    return found


def from_tex(text: str) -> tuple[str, list[str]]:
    """Return the text that TeX prints, and the commands that are not known; their arguments stay."""
    if not any(sign in text for sign in "\\{}$~`'-^_"):
        return re.sub(r"\s+", " ", text).strip(), []
    reader = Reader(text)
    return reader.read(), reader.unknown
