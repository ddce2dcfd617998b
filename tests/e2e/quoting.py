"""An SF that refuses every parcel and repeats in its refusal what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

REFUSED = "quoting-control"  # what is no person's and may be read everywhere


class _Quoting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        form = parse_qs(self.rfile.read(length).decode())
        sent = json.loads(form["msgData"][0])
        words = " ".join(_words(sent))
        told = {"success": False, "errorCode": "8117", "errorMsg": f"{REFUSED} {words}"}
        body = json.dumps(
            {
                "apiErrorMsg": "",
                "apiResponseID": "1",
                "apiResultCode": "A1000",
                "apiResultData": json.dumps(told | {"msgData": None}, ensure_ascii=False),
            },
            ensure_ascii=False,
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json;charset=UTF-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _words(sent: Any) -> Iterator[str]:
    """People first: a refusal is cut off where it grows long."""
    for contact in sent.get("contactInfoList", []):
        if contact.get("contactType") == 2:
            yield from (str(value) for value in contact.values())
    yield json.dumps(sent, ensure_ascii=False)


@contextmanager
def quoting_carrier() -> Iterator[str]:
    """Its address while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Quoting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
