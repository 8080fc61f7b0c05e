"""Training of the networks on public data sets, each of which annotates only some of the structures; needs torch."""
