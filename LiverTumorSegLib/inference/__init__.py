"""From a CT to probabilities on its own grid: what each network wants to see, and its answer brought back."""
