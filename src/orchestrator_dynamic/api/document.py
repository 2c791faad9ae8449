"""Writes the OpenAPI document, as docs/openapi.json has it: `make openapi`."""

import sys

import orjson

from orchestrator_dynamic.api.app import application


def text() -> str:
    """Return the document for people: sorted, so that a change is seen where it is."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(application().openapi(), option=options).decode()


if __name__ == "__main__":
    sys.stdout.write(text())
