"""Is a difference of AP more than chance?"""
