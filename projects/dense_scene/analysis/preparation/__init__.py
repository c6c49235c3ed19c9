"""Is a copy of SKU-110K whole? Checks, manifests and a report."""
