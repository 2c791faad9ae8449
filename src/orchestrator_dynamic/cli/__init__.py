"""The command line: `orq`, one file a group of commands."""
