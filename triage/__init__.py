"""Advice about a problem: what it is about, how urgent, whose it is, and what it repeats."""

import os

# Tables of some hundred rows are multiplied here: threads would cost more than they bring. It is
# read when numpy is first imported, which every room of this package does after this line.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
