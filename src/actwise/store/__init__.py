"""Finished runs, kept for good, and who is training the others. Torch-free."""
