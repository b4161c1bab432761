"""Finding articles: what people type, and what answers it."""
