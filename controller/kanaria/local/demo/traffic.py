"""What users ask the model while it is changed under them, and what they get."""

import asyncio
import random
from dataclasses import dataclass, replace

import aiohttp
import numpy as np
from sklearn.datasets import load_digits

BRIGHT = 0.15  # share of requests from a scanner whose white is 17 where the training data has 16
MODEL_FAILED = 500  # the model server's answer when the model raises; everything else that fails is the road's fault


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests sent, and how they ended."""

    sent: int = 0
    answered: int = 0
    right: int = 0
    failed_by_model: int = 0
    failed_by_transition: int = 0
    last_failure: str = ""

    @property
    def failed(self) -> int:
        """All that failed."""
        return self.failed_by_model + self.failed_by_transition


class Traffic:
    """A steady stream of digits to be told, from the first answer to the end of the story."""

    def __init__(self, url: str, model: str, *, per_second: float, chance: random.Random) -> None:
        self._url = f"{url}/v2/models/{model}/infer"
        self._pause = 1 / per_second
        self._chance = chance
        digits = load_digits()
        self._images = digits.data.astype(float)
        self._labels = digits.target
        self._pending: set[asyncio.Task[None]] = set()
        self.tally = Tally()
        self.began = False

    async def run(self) -> None:
        """Ask until cancelled. Nothing is counted before the first answer: there is nobody to ask yet."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            try:
                while True:
                    task = asyncio.create_task(self._ask(session))
                    self._pending.add(task)
                    task.add_done_callback(self._pending.discard)
                    await asyncio.sleep(self._pause if self.began else 0.5)
            finally:
                await asyncio.gather(*self._pending, return_exceptions=True)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        index = self._chance.randrange(len(self._images))
        image = self._images[index]
        if self._chance.random() < BRIGHT:
            image = np.where(image == 16, 17.0, image) if (image == 16).any() else image
        question = {"inputs": [{"name": "pixels", "shape": [1, 64], "datatype": "FP64", "data": image.tolist()}]}
        counted = self.began
        try:
            async with session.post(self._url, json=question) as response:
                told = await response.json(content_type=None) if response.status == 200 else await response.text()
                self._count(response.status, told, int(self._labels[index]), counted=counted)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._count(0, f"{type(error).__name__}: {error}", -1, counted=counted)

    def _count(self, status: int, told: object, label: int, *, counted: bool) -> None:
        if status == 200 and isinstance(told, dict):
            self.began = True
            right = int(told["outputs"][0]["data"][0]) == label
            self.tally = replace(self.tally, answered=self.tally.answered + 1, right=self.tally.right + right)
        elif not counted:
            return
        elif status == MODEL_FAILED:
            self.tally = replace(self.tally, failed_by_model=self.tally.failed_by_model + 1)
        else:
            failure = f"{status}: {str(told)[:200]}"
            by_transition = self.tally.failed_by_transition + 1
            self.tally = replace(self.tally, failed_by_transition=by_transition, last_failure=failure)
        self.tally = replace(self.tally, sent=self.tally.sent + 1)
