"""How boxes move through the stages of a cascade."""
