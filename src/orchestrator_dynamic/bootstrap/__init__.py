"""From settings to running applications: the only place that names an adapter."""
