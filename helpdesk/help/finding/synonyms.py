"""Words that mean the same. An installation begins with these and may change them."""

from sqlalchemy import func, select

from helpdesk.desk import Transaction
from helpdesk.help.models import Synonym

# The first words are ours; what follows is how people say it.
DEFAULT = (
    ("login", "log in", "log on", "logon", "sign in", "signin", "sign on"),
    ("register", "sign up", "signup", "join", "create an account", "registration", "onboarding"),
    ("verify", "verification", "kyc", "confirm", "proof of identity"),
    ("identity", "id", "passport", "licence", "license"),
    ("password", "passcode", "pwd", "pw", "passwort", "pass word"),
    ("security", "2fa", "two factor", "authenticator", "otp"),
    ("suspension", "suspended", "suspend", "banned", "ban", "blocked", "restricted", "locked",
     "kicked", "disabled", "deactivated", "hold"),
    ("appeal", "unban", "unblock", "reinstate", "reactivate"),
    ("closing", "close", "delete", "deletion", "remove", "quit", "leave", "deactivate",
     "get rid of", "shut down"),
    ("hacked", "hack", "hacker", "compromised", "takeover", "taken over", "stolen", "hijacked",
     "broke into", "got into", "intruder"),
    ("withdrawal", "withdraw", "payout", "pay out", "cash out", "cashout", "take out", "transfer"),
    ("bank", "iban", "wire", "sepa", "swift", "ach"),
    ("paid", "payment", "pay", "money", "cash", "funds", "earnings", "salary", "wages", "bucks"),
    ("refund", "money back", "reimburse", "reimbursement", "return funds", "give back", "returned"),
    ("charge", "charged", "debit", "debited", "billed", "deducted", "transaction"),
    ("card", "visa", "mastercard", "amex", "credit card", "debit card"),
    ("unrecognised", "recognise", "recognize", "unauthorised", "unauthorized", "fraudulent",
     "not mine", "chargeback", "charge back"),
    ("deposit", "fund", "funding", "escrow", "prepay", "top up", "topup"),
    ("declined", "decline", "rejected", "refused", "fails", "failed", "failing", "error"),
    ("release", "released", "releasing", "approve", "approval", "accept"),
    ("milestone", "stage", "instalment", "installment"),
    ("dispute", "disagree", "disagreement", "conflict", "argue", "argument", "quarrel",
     "mediation", "arbitration"),
    ("complaint", "complain", "unhappy", "dissatisfied", "unsatisfied", "angry", "useless",
     "escalate", "escalation", "manager", "supervisor"),
    ("support", "customer service", "customer care", "helpdesk", "agent", "human", "representative",
     "hotline"),
    ("chat", "live chat", "messenger"),
    ("cancel", "cancellation", "terminate", "end", "call off", "stop"),
    ("quality", "bad", "poor", "terrible", "awful", "rubbish", "crap", "garbage", "sloppy", "shit",
     "trash", "buggy", "broken"),
    ("scope", "extra", "extras", "additional", "scope creep", "beyond"),
    ("breach", "broke", "violated", "nda", "confidential", "confidentiality"),
    ("unresponsive", "ghosted", "ghosting", "silent", "ignores", "ignoring", "ignored",
     "disappeared", "vanished", "no reply", "no answer", "no response", "not answering",
     "not responding", "not replying", "went silent", "stopped answering", "stopped replying"),
    ("hourly", "hours", "timesheet", "overbilled", "overcharged"),
    ("scam", "scammed", "scammer", "fraud", "fake", "phishing", "con", "swindle", "ripped off",
     "telegram", "whatsapp"),
    ("hire", "hiring", "recruit", "recruiting", "job post", "post a job"),
    ("policy", "rule", "rules", "violation", "terms", "guidelines", "cheating"),
    ("harassment", "abuse", "abusive", "insult", "insulted", "insulting", "threat", "threatens",
     "threatening", "threatened", "rude", "bully", "bullying", "swearing", "racist", "sexist"),
    ("app", "tracker", "time tracker", "timer", "desktop app", "application"),
    ("log", "logs", "log file"),
    ("crash", "crashes", "crashed", "freezes", "frozen", "hangs", "stuck"),
    ("browser", "chrome", "firefox", "safari", "edge"),
    ("notification", "notifications", "alerts", "emails"),
    ("outage", "down", "offline", "unreachable", "unavailable", "not loading", "wont load",
     "503", "500", "502", "maintenance"),
    ("slow", "lag", "laggy", "loading", "hangs"),
    ("private", "confidential", "sensitive", "personal", "privacy"),
    ("evidence", "proof", "prove", "screenshot", "screenshots"),
    ("fee", "fees", "commission", "cost", "price", "percentage"),
    ("tax", "taxes", "vat", "w9", "1099", "invoice"),
    ("freelancer", "contractor", "developer", "designer", "worker", "seller", "dev"),
    ("client", "customer", "employer", "buyer", "boss"),
    ("deadline", "late", "overdue", "delay", "delayed", "delays"),
    ("email", "mail", "mails", "e mail", "inbox"),
    ("phone", "mobile", "cell", "sms", "text message"),
    ("settlement", "decision", "ruling", "agreed", "agreement", "verdict"),
    ("ticket", "request", "case"),
)  # fmt: skip


async def ensure_synonyms(tx: Transaction) -> None:
    """The words we ship, unless the desk has words of its own."""
    if await tx.db.scalar(select(func.count()).select_from(Synonym)):
        return
    tx.db.add_all(Synonym(words=list(group)) for group in DEFAULT)
