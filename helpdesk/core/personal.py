"""Numbers and words that belong to nobody else: cards, bank accounts, passwords, identity numbers.

It finds what has a shape and a check digit, or is said to be one. Order numbers, telephone
numbers, amounts and dates stay. Pure; used by the form, the API and the chat alike.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 200_000  # characters that are looked at


class Kind(StrEnum):
    CARD = "card"
    IBAN = "iban"
    SECRET = "secret"
    IDENTITY = "identity"


NAMES = {
    Kind.CARD: "card number",
    Kind.IBAN: "bank account number",
    Kind.SECRET: "password or code",
    Kind.IDENTITY: "identity number",
}


@dataclass(frozen=True)
class Finding:
    kind: Kind
    start: int
    end: int

    @property
    def name(self) -> str:
        return NAMES[self.kind]


# Most messages hold none of these, and need no closer look.
_FIGURES = re.compile(r"\d(?:\D{0,3}\d){5}")
_SECRETS = (
    "pass", "pwd", "pin", "code", "cvv", "cvc", "otp", "answer", "contrase", "kennwort", "senha",
)  # fmt: skip
_GAP = r"[ \u00a0\u202f.\-–]?"
_CARD = re.compile(rf"(?<![\w.,+#-])(?:\d{_GAP}){{12,18}}\d(?![\w-]|[.,]\d)")
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0\u202f.\-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"
)
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        r"(\w\w):(\d\d)",
        """
        AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24
        DE:22 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28
        HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20
        LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 NL:18 NO:15 PK:24 PL:28 PS:29 PT:25
        QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29
        VA:22 VG:24 XK:20
        """,
    )
}
# “my password is hunter2”, “PIN: 4711”, “security code 123456”.
_SECRET = re.compile(
    r"""(?ix)\b
    (?: (?:pass(?:word|code|phrase)|pwd|contraseña|mot\ de\ passe|kennwort|passwort|senha)
        \s*(?: (?:is|was|es|est|ist|é) \s*[:=]?\s* | [:=]\s* )
      | (?:pin|cvv2?|cvc2?|otp|2fa\ code|security\ code|verification\ code|one-time\ code
            |authenticat(?:or|ion)\ code|login\ code|backup\ code)
        (?:\s+(?:number|code))? \s*(?: (?:is|was) \s*[:=]?\s* | [:=]\s* | \s )(?=["“'`(]?[A-Z-]*\d)
      | (?:security\ answer|answer\ to\ (?:the|my)\ security\ question)
        \s*(?: (?:is|was) \s*[:=]?\s* | [:=]\s* )
    )
    (?!\[) (?P<secret> ["“'‘`] [^"”'’`\n]{3,60} ["”'’`] | [^\s,;]{3,60} )"""
)
# What follows “password is” and is no password.
_NO_SECRET = frozenset(
    """
    not no wrong incorrect invalid correct right fine okay ok expired rejected refused reset changed
    being the a an my his her their our your that this too also still never always now only so
    very asked required needed unknown lost forgotten gone known empty missing blank safe secret
    stored saved visible hidden shown sent accepted working strong weak short long different
    same new old case sensitive at least in on by from with to for what where when why how and or
    but because after before since until it i we you they he she there here
    """.split()  # noqa: SIM905
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_SAID_IDENTITY = re.compile(
    r"""(?ix)\b(?: passport | social\ security | ssn | sin | national\ id(?:entity)?(?:\ card)?
        | identity\ card | id\ card | tax(?:payer)?\ id(?:entification)? | tin | aadhaar | pan\ card
        | curp | cpf | dni | nie | nino | driv(?:er’?'?s?|ing)\ licen[cs]e | personalausweis
        | steuer-?id )
    (?: \s+ (?:no\.?|nr\.?|num(?:ber)?|card) )? \s*(?: (?:is|was|:|=|\#) \s* )?
    (?P<number> (?=[A-Z0-9 .-]*\d[A-Z0-9 .-]*\d[A-Z0-9 .-]*\d) [A-Z0-9](?:[ .-]?[A-Z0-9]){5,17} )
    (?![\w])"""
)


def find_personal(text: str) -> tuple[Finding, ...]:
    """In the order of the text; none overlaps another."""
    if not _may_hold(text):
        return ()
    seen = _plain_figures(text[:LONGEST])
    found = [*_cards(seen), *_ibans(seen), *_secrets(seen), *_identities(seen)]
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            kept[-1] = Finding(kept[-1].kind, kept[-1].start, one.end)
    return tuple(kept)


def _may_hold(text: str) -> bool:
    lowered = text.casefold()
    for word in _SECRETS:  # not any(): this is asked of every message
        if word in lowered:
            return True
    return _FIGURES.search(text) is not None


def mask_personal(text: str, only: Collection[Kind] = tuple(Kind)) -> str:
    """The text with a word in place of each; the last four figures of a card stay."""
    masked, at = [], 0
    for one in find_personal(text):
        if one.kind not in only:
            continue
        masked += [text[at : one.start], _in_place_of(one, text[one.start : one.end])]
        at = one.end
    return "".join(masked) + text[at:]


def kinds_in(texts: Iterable[str]) -> tuple[Kind, ...]:
    """Which kinds there are, each once."""
    return tuple(dict.fromkeys(one.kind for text in texts for one in find_personal(text)))


def notice_of(kinds: Iterable[Kind]) -> str:
    """One kind sentence for whoever typed it; empty when there is nothing."""
    names = [f"a {NAMES[kind]}".replace("a identity", "an identity") for kind in kinds]
    if not names:
        return ""
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"This looks like {said}. You need not send it: we hide it in what others read. "
        "Nobody of our team ever asks for it."
    )


def _in_place_of(one: Finding, original: str) -> str:
    if one.kind is Kind.CARD:
        figures = "".join(ch for ch in _plain_figures(original) if ch.isdigit())
        return f"[card number ending in {figures[-4:]}]"
    return f"[{one.name}]"


def _plain_figures(text: str) -> str:
    """Figures of other scripts as 0 to 9, one for one, so that places stay the same."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(ch)) if ch.isdecimal() and not ch.isascii() else ch for ch in text
    )


def _cards(text: str) -> Iterable[Finding]:
    for match in _CARD.finditer(text):
        figures = [int(ch) for ch in match[0] if ch.isdigit()]
        if is_card(figures) and not _in_address(text, match.start()):
            yield Finding(Kind.CARD, match.start(), match.end())


def _in_address(text: str, at: int) -> bool:
    before = text[max(0, at - 300) : at].split()
    return bool(before) and not text[at - 1].isspace() and "://" in before[-1]


def is_card(figures: list[int]) -> bool:
    """ISO/IEC 7812-1: a known first figure, and the check digit of Luhn."""
    if not 13 <= len(figures) <= 19 or figures[0] not in (2, 3, 4, 5, 6) or len(set(figures)) < 2:
        return False
    doubled = (
        figure if place % 2 == 0 else sum(divmod(2 * figure, 10))
        for place, figure in enumerate(reversed(figures))
    )
    return sum(doubled) % 10 == 0


def _ibans(text: str) -> Iterable[Finding]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
        written = [place for place, ch in enumerate(match[0]) if ch.isalnum()]
        # Words may follow after a space: only as many signs as the country has.
        if length and len(written) >= length and _ends(match[0], written, length):
            number = "".join(match[0][place] for place in written[:length])
            if is_iban(number):
                end = match.start() + written[length - 1] + 1
                yield Finding(Kind.IBAN, match.start(), end)


def _ends(text: str, written: list[int], length: int) -> bool:
    after = written[length - 1] + 1
    return after == len(text) or not text[after].isalnum()


def is_iban(number: str) -> bool:
    """ISO 13616: the remainder by 97 is one."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(ch, 36)) for ch in turned)) % 97 == 1


def _secrets(text: str) -> Iterable[Finding]:
    for match in _SECRET.finditer(text):
        said = match["secret"]
        bare = said.strip("\"“”'‘’`.!?()").casefold()
        quoted = said[0] in "\"“'‘`"
        if bare in _NO_SECRET or (not quoted and bare.isalpha() and len(bare) < 6):
            continue
        start, end = match.span("secret")
        while not quoted and end > start and text[end - 1] in ".!?)":
            end -= 1
        if end > start:
            yield Finding(Kind.SECRET, start, end)


def _identities(text: str) -> Iterable[Finding]:
    for match in _SSN.finditer(text):
        yield Finding(Kind.IDENTITY, match.start(), match.end())
    for match in _SAID_IDENTITY.finditer(text):
        yield Finding(Kind.IDENTITY, *match.span("number"))
