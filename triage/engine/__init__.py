"""What a report is about, and how alike two are. Knows texts and numbers, no tables but its own."""

import os

# Tables of some hundred rows are multiplied here: threads would cost more than they bring.
# Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
