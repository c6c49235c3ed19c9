"""Detection AutoAugment."""
