"""Writing articles: drafts, reviews, versions, pictures."""
