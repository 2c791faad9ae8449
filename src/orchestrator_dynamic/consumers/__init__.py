"""Records off topics, handed to the orchestrator, and committed once that is durable."""
