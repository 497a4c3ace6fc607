"""How a loaded model answers requests, and how its server ends: KServe's server, bound to loopback, that drains."""

from __future__ import annotations

import asyncio
import logging
import signal
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import kserve
import numpy as np
import uvicorn
from kserve.errors import InferenceError, InvalidInput
from kserve.protocol.rest.server import RESTServer
from kserve.utils.utils import get_predict_input, get_predict_response

from kanaria.local.model_server import loading

log = logging.getLogger("kanaria.model_server")
LOOPBACK = "127.0.0.1"
APPLICATION = "kserve.model_server:app"
GRACE = 25


class Served(kserve.Model):  # type: ignore[misc] # kserve tells no types
    """A model as KServe's server sees one: what it cannot read is 400, what the model raises is 500."""

    def __init__(self, name: str, model: loading.Model) -> None:
        super().__init__(name)
        self._model = model
        self._features: int | None = getattr(model, "n_features_in_", None)
        self._known: set[str] = set()
        self.ready = True

    async def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        """The predictions; in a thread, so that a slow model does not keep probes waiting."""
        del headers, response_headers  # the signature is KServe's
        rows = _rows(payload, self._features)
        try:
            result = await asyncio.to_thread(self._model.predict, rows)
        except Exception as error:
            self._tell(error)
            raise InferenceError(f"the model raised {type(error).__name__}: {error}") from error
        return get_predict_response(payload, result, self.name)

    def _tell(self, error: Exception) -> None:
        """One line for each failure; where it came from once for each kind."""
        kind = type(error).__name__
        log.error("the model raised %s: %s", kind, error, exc_info=None if kind in self._known else error)
        self._known.add(kind)


class LoopbackServer(kserve.ModelServer):  # type: ignore[misc] # kserve tells no types
    """KServe's server without its ways: it listens on loopback only and, told to end, finishes what it has begun."""

    def __init__(self, port: int, *, lame_duck: float) -> None:
        # With a handler on its logger KServe leaves logging alone; it would log every request, at length.
        logging.getLogger("kserve").addHandler(logging.NullHandler())
        logging.getLogger("kserve").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")  # KServe's to mend, not a user's
        super().__init__(http_port=port, enable_grpc=False, enable_latency_logging=False, grace_period=GRACE)
        self._lame_duck = lame_duck

    def start(self, models: Sequence[Served]) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        for model in models:
            model.enable_latency_logging = False
            self.register_model(model)
        asyncio.run(self._run())

    async def _run(self) -> None:
        rest = RESTServer(
            APPLICATION, self.dataplane, self.model_repository_extension, self.http_port, grace_period=self.grace_period
        )
        rest.create_application()
        rest.config.host = LOOPBACK  # KServe binds all interfaces
        rest.config.access_log = False
        server = _Http(rest.config)
        loop = asyncio.get_running_loop()
        # Requests go on arriving until every router has heard that this Pod is leaving: they are answered.
        loop.add_signal_handler(signal.SIGTERM, loop.call_later, self._lame_duck, server.end)
        loop.add_signal_handler(signal.SIGINT, server.end)
        await server.serve()


class _Http(uvicorn.Server):
    """uvicorn, but signals are handled above, and an end that was asked for is no death by signal."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # a generator there
        return nullcontext()

    def end(self) -> None:
        """Stop listening, finish what is under way."""
        self.should_exit = True


def _rows(payload: Any, features: int | None) -> Any:
    """The rows to predict for; `InvalidInput` where that is not what was sent."""
    if isinstance(payload, Mapping):
        given = payload.get("instances", payload.get("inputs"))
        if not isinstance(given, list) or not given:
            raise InvalidInput('"instances" must be a list of rows, with at least one')
    elif not isinstance(payload, kserve.InferRequest):
        raise InvalidInput("the body must be a JSON object, sent with Content-Type: application/json")
    try:
        rows = get_predict_input(payload)
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(f"the rows cannot be read: {error}") from error
    _check(rows, features)
    return rows


def _check(rows: Any, features: int | None) -> None:
    if features is None or not isinstance(rows, np.ndarray):
        return
    if rows.ndim != 2 or rows.shape[1] != features:
        raise InvalidInput(f"each row must have {features} numbers; the shape sent is {list(rows.shape)}")
    if not (np.issubdtype(rows.dtype, np.number) or rows.dtype == bool):
        raise InvalidInput(f"rows must hold numbers, not {rows.dtype}")
