"""The makers of test data, one home each."""
