"""Turn one release manifest into one umbrella chart with a subchart per service, and publish it."""
