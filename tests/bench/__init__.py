"""Benchmarks: this project's commands beside plain helm doing the same work in the same run (`make bench`)."""
