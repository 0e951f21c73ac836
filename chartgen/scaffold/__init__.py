"""New platforms and new services: text as people would write it, proven to be right before anything is written."""
