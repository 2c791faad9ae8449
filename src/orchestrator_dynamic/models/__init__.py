"""The contract as values: what is decided, planned, issued, answered and reported."""
