"""The files of the pages, under an address that changes whenever one of them does."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

mimetypes.add_type("font/woff", ".woff")  # not every machine knows; else it is packed twice
FOLDER: Final = Path(__file__).parent / "static"
_WORKER: Final = "floor/worker.js"


def build_of(folder: Path) -> str:
    """A name for what the files are now."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"b{digest.hexdigest()[:12]}"


BUILD: Final = build_of(FOLDER)
ADDRESS: Final = f"/static/{BUILD}"


class Files(StaticFiles):
    """Files of this build are kept for a year, by another address for an hour. Another build's
    address leads to what there is: its page was opened before we were started."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        build, _, name = path.partition("/")
        of_a_build = len(build) == len(BUILD) and build.startswith("b") and bool(name)
        response = await super().get_response(name if of_a_build else path, scope)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if build == BUILD else "public, max-age=3600"
        )
        if path.endswith(_WORKER):
            response.headers["Service-Worker-Allowed"] = "/warehouse"
        return response
