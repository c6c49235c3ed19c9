"""Model parts registered with mmdet, and the guard of box losses."""
