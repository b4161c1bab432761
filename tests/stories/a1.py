"""What story A1 is told with: over HTTP and in a browser."""

TITLE = "Payments page is slow"
DISPUTE = "before-you-open-a-dispute"
RELEVANT = {
    "resolve disputes": {DISPUTE, "quality-problems-request-changes-first",
                         "scope-what-was-agreed"},
    "customer service": {"tickets-or-live-chat", "what-to-have-at-hand",
                         "following-up-without-waiting-longer"},
    "complaint": {"following-up-and-escalating", "report-a-policy-violation", DISPUTE},
}  # fmt: skip
# 40 tickets of the month by type; the first ten are covered by an article.
FILED = {
    "withdrawal_not_received": 10, "payment_not_received": 5, "registration_problem": 7,
    "security_qa_reset": 5, "hiring_scam": 4, "hiring_problem": 4, "guidance": 3, "level1_tech": 2,
}  # fmt: skip
ARTICLE = "when-will-my-withdrawal-arrive"
