"""Runs in processes of their own, several at a time, each to its end."""
