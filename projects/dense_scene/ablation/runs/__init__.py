"""What the logs of finished runs say."""
