"""What somebody typed into a search box, taken apart into words."""

import re
from dataclasses import dataclass

LONGEST = 400  # characters that are looked at: a long subject and then some
MOST_WORDS = 40
LONGEST_WORD = 40

WORD = re.compile(r"\w+")
APOSTROPHES = str.maketrans("", "", "'’ʼ`´")
# Marks that nobody sees, among them those that turn text around.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

# Words of questions and complaints that say nothing about what is asked.
SAYING_NOTHING = """
    a about actually after again ago all already also always am an and another any anybody anyone
    anything are arent as asap ask at away be because been before being both bro but by can cannot
    cant come comes could couldnt damn did didnt do does doesnt doing done dont dude each
    else even ever every everything fix for from fuck fucking get gets getting give given go goes
    going gonna good got guys had has hasnt have havent having hello help her here hey hi him his
    how however i if ill im in into is isnt it its ive just keep keeps kindly know let
    lets like long look lol made make makes many may maybe me might more most much must my
    need needs never no nobody not nothing now of ok okay on once one ones only or other our ours
    out own people please plz pls possible problem problems really right said same says see seems
    shall she should shouldnt show since so some somebody someone something sorry still stuff stupid
    such take takes tell than thank thanks that thats the their them then there these they theyre
    thing things think this those though through to today tomorrow too tried try trying u
    until ur us use used using very via wanna want wanted wants was wasnt way we well
    were what whats when where which while who whom whose why will with without wont would wouldnt
    wtf yes yesterday yet you your yours youre
"""
EMPTY = frozenset(SAYING_NOTHING.split())


@dataclass(frozen=True, slots=True)
class Typed:
    words: tuple[str, ...]  # as typed, in lower case
    unfinished: bool  # the last word may still be growing

    @property
    def telling(self) -> tuple[int, ...]:
        """The places of words worth looking for; of all of them when none stands out."""
        places = tuple(at for at, word in enumerate(self.words) if word not in EMPTY)
        return places or tuple(at for at, word in enumerate(self.words) if len(word) > 1)


def take_apart(text: str) -> Typed:
    text = UNSEEN.sub(" ", text[:LONGEST]).translate(APOSTROPHES).lower()
    found = [word[:LONGEST_WORD] for word in WORD.findall(text.replace("_", " "))]
    words = tuple(found[:MOST_WORDS])
    return Typed(words, bool(words) and text[-1:].isalnum() and len(found) <= MOST_WORDS)
