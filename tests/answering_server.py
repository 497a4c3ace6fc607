"""A model server without a model: twice what it is asked, or FACTOR times, on $PORT; it starts in a moment."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FACTOR = float(os.environ.get("FACTOR", "2"))
METADATA = {"name": "wine", "inputs": [{"name": "x", "datatype": "FP64"}], "outputs": [{"name": "y"}]}


class Answering(BaseHTTPRequestHandler):
    """Ready, always; it answers in the Open Inference Protocol."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(METADATA)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        given = asked["inputs"][0]["data"][0]
        self._say({"id": str(id(asked)), "outputs": [{"name": "y", "datatype": "FP64", "data": [FACTOR * given]}]})

    def _say(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
        """Nothing is worth telling."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answering).serve_forever()
