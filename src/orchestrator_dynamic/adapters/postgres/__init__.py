"""Where Temporal keeps its state: looked at by `doctor`, and by nothing else."""
