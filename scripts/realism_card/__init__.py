"""The realism card: what real call records look like, and how a folder of records compares."""
