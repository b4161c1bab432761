"""Charts as shapes: where each column and bar lies. Templates draw them; words stand beside."""
