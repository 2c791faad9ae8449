"""One file a group of routes; each is thin: read the request, ask, answer."""
