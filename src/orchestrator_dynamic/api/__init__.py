"""The HTTP service: routes, problem documents, identity at the door, and the web page."""
