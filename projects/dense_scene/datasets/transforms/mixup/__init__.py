"""Two images in one, and the weights of their boxes."""
