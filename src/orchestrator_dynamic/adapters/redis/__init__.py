"""The cache on a Redis Cluster."""
