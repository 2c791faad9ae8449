"""Plans, journals and records in MongoDB."""
