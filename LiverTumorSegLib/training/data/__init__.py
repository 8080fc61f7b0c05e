"""Public data sets for training: who is in them, what each one annotates, no patient twice. No framework."""
