"""Finished runs, kept for good. Torch-free."""
