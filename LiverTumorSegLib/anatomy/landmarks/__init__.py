"""Where spine, aorta and vena cava are: what other organs are found beside."""
