"""The Temporal driver: one workflow a plan, which keeps order, time and intent."""
