"""Which settings the annotations of a data set ask for."""
