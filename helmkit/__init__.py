"""What chartgen and relman share: the bill of materials, names, digests, errors, and the adapters to the outside."""
