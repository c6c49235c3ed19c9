"""What is known of finished runs: one line of JSON each, never changed."""
