"""How sure the networks are of what they found: a confidence of every lesion, a quality of the whole case."""
