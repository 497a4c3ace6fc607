"""How the model server is called: `python -m kanaria.local.model_server --model_name wine --model_dir file:///…`.

Nothing heavy is imported until `main` runs, so that a process which has the heavy imports done can fork and call it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence

log = logging.getLogger("kanaria.model_server")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; 1 if the model cannot be loaded."""
    began = time.monotonic()
    chosen = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)

    from kanaria.local.model_server.loading import CannotLoadError, load  # noqa: PLC0415 - see the module's docstring

    try:
        model = load(chosen.model_dir)
    except CannotLoadError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all; a traceback would hide it
        return 1

    from kanaria.local.model_server.serving import LoopbackServer, Served  # noqa: PLC0415 - likewise

    # The kubelet says which port it found free; the port in the arguments is the one inside a container.
    port = int(os.environ.get("PORT") or chosen.http_port)
    name = chosen.model_name
    log.info("%s: %s on port %d, loaded in %.1f s", name, chosen.model_dir, port, time.monotonic() - began)
    LoopbackServer(port, lame_duck=chosen.lame_duck_seconds).start([Served(name, model)])
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments, those of KServe's own servers among them."""
    found = argparse.ArgumentParser(prog="python -m kanaria.local.model_server", description=__doc__)
    found.add_argument("--model_name", required=True, help="the model's name in the paths of requests")
    found.add_argument(
        "--model_dir", required=True, help="a file:// URI or a path: an MLflow model, a joblib or pickle"
    )
    found.add_argument("--http_port", type=int, default=8080, help="where to listen, unless the environment has PORT")
    found.add_argument(
        "--lame_duck_seconds",
        type=float,
        default=1.0,
        help="how long to go on taking requests after SIGTERM, while routers learn of it",
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
