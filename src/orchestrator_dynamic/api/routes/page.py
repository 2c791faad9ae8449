"""The web page and the API's description for people: files of this package, and nothing else."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

router = APIRouter(include_in_schema=False)

PAGE = Path(__file__).parents[1] / "page"

# Nothing from elsewhere, nothing inline: what a plan says can never become code on the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The library that draws the description writes styles into its own elements.
_DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

# A document is asked for each time, so that an update is seen at once. It names its files by what
# they all hold, so that those are never asked for twice.
_FRESH = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/")
async def index() -> Response:
    """Return the page."""
    return _file("index.html", POLICY)


@router.get("/docs")
async def docs() -> Response:
    """Return the description of the API, to be read and tried out."""
    return _file("docs.html", _DOCS_POLICY)


class PageFiles(StaticFiles):
    """The page's files, each with the page's policy; under their version they never change."""

    def __init__(self) -> None:
        super().__init__(directory=PAGE)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file.

        Raises:
            HTTPException: there is none of this name.
        """
        bare = path.removeprefix(f"{version()}/")
        response = await super().get_response(bare, scope)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = _FRESH if bare == path else _FOR_EVER
        return response


@cache
def version() -> str:
    """Return a name for what the page's files hold now; another content has another name."""
    held = blake2b(digest_size=8)
    for file in sorted(path for path in PAGE.rglob("*") if path.is_file()):
        held.update(f"{file.relative_to(PAGE)}\0{file.stat().st_size}\0".encode())
        held.update(file.read_bytes())
    return held.hexdigest()


@cache
def _document(name: str) -> str:
    """Return a document of the page, whose files are named with their version."""
    return (PAGE / name).read_text("utf-8").replace('"/page/', f'"/page/{version()}/')


def _file(name: str, policy: str) -> Response:
    headers = {"Content-Security-Policy": policy, "Cache-Control": _FRESH}
    return HTMLResponse(_document(name), headers=headers)
