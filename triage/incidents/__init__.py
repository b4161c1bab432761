"""Bursts of similar reports by different people: noticed, proposed, worked as one incident."""
