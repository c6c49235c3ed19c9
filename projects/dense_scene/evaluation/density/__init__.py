"""Results by how dense the objects stand."""
