"""Measures the desk beside a bare server of the same stack; see bench/README.md."""
