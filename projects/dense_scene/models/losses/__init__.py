"""Box losses registered in mmdet's MODELS."""
