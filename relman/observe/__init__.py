"""Reading the world: namespaces, records and live objects, as values for the core. Nothing here changes anything."""
