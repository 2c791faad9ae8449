"""The web page and the API's description for people: files of this package, and nothing else."""

from pathlib import Path

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
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

# Asked for each time and sent only where it has changed, so that an update is seen at once.
_FRESH = "no-cache"


@router.get("/")
async def index() -> Response:
    """Return the page."""
    return _file("index.html", POLICY)


@router.get("/docs")
async def docs() -> Response:
    """Return the description of the API, to be read and tried out."""
    return _file("docs.html", _DOCS_POLICY)


class PageFiles(StaticFiles):
    """The page's files, each with the page's policy."""

    def __init__(self) -> None:
        super().__init__(directory=PAGE)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file.

        Raises:
            HTTPException: there is none of this name.
        """
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = _FRESH
        return response


def _file(name: str, policy: str) -> Response:
    path = PAGE / name
    if not path.is_file():
        raise HTTPException(404)
    headers = {"Content-Security-Policy": policy, "Cache-Control": _FRESH}
    return FileResponse(path, headers=headers)
