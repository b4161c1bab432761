"""How urgent a problem is: the usual level of its type, moved by rules everybody can read."""
