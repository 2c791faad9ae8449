"""The deciding part: pure, total and deterministic; a fold of facts into commands."""
