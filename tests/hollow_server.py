"""A model server without a model: it answers every GET with 200 on $PORT, and starts in a moment."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hollow(BaseHTTPRequestHandler):
    """Ready, always."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
        """Nothing is worth telling."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Hollow).serve_forever()
