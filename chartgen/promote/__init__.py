"""Published versions to other projects and registries, and into archives: by digest, bit by bit the same.

plan  ->  transfer  ->  Source / Target: RegistryStore, LayoutReader, LayoutWriter
"""
