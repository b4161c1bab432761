"""How escalations are put into words, for requesters and for staff."""

from .states import Cause, Level, Outcome

LEVELS = {Level.L1: "Level 1", Level.L2: "Level 2", Level.MANAGER: "Managers"}
TO = {Level.L1: "level 1", Level.L2: "level 2", Level.MANAGER: "the managers"}
# The same in what both sides read.
TO_WHOM = TO | {Level.L1: "a colleague", Level.L2: "an experienced colleague"}
# Whoever looks at it, as the requester reads it.
WHO = {Level.L1: "A colleague", Level.L2: "An experienced colleague", Level.MANAGER: "A manager"}
CAUSES = {
    Cause.USER: "The requester says it is not resolved",
    Cause.FOLLOW_UPS: "Asked for news again and again",
    Cause.AGENT: "An agent asked for it",
    Cause.TIME: "Time ran out",
    Cause.MONEY: "Much money at stake",
    Cause.ROUTING: "A rule of routing",
}
# Of a decision: for whoever decides, in the sentence of the event, and for the requester.
OUTCOMES = {
    Outcome.GRANTED: "In favour of the requester",
    Outcome.PARTLY: "Partly in favour of the requester",
    Outcome.KEPT: "The answer stays as it was",
    Outcome.SETTLED: "Settled without a decision",
}
DECIDED = {
    Outcome.GRANTED: "in favour of the request",
    Outcome.PARTLY: "partly in favour of the request",
    Outcome.KEPT: "the answer stays as it was",
    Outcome.SETTLED: "there is nothing left to decide",
}
