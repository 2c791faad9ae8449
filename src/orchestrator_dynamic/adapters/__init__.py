"""The world behind the ports: one folder a technology, which knows its library and nothing else."""
