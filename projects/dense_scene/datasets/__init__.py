"""Dense-scene data sets registered in mmdet's DATASETS."""
