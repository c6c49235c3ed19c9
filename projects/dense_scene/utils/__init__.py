"""What two rooms need: boxes, groups, checks, files."""
