"""Crops that know what they cut."""
