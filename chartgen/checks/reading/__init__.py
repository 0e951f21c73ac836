"""What several rules look at: sizes, host names in texts, rendered containers."""
