"""Training of SmoothSegNet's stages: targets, loss with a clinical prior, and both stages one after the other."""
