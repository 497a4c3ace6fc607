"""Does a loss fall as training goes on?

The first value is compared with the median of the last quarter, so that one lucky or unlucky batch at the end decides
nothing. Training on a few rows again and again must come to fit them: where it does not, it does not learn.
"""

import math
import statistics
from collections.abc import Sequence

POINTS_MIN = 3


def does_not_converge(loss: Sequence[float], min_decrease: float, most: float | None = None) -> str:
    """Why the loss is not shown to fall, in a sentence; empty where it does."""
    if len(loss) < POINTS_MIN:
        return f"it was logged {len(loss)} times, and {POINTS_MIN} are needed at least; log it in each epoch or batch"
    odd = next((index for index, value in enumerate(loss) if not math.isfinite(value)), None)
    if odd is not None:
        return f"it is {loss[odd]} at point {odd + 1} of {len(loss)}"
    first, last = loss[0], statistics.median(loss[-max(1, len(loss) // 4) :])
    asked = first - min_decrease * abs(first)
    if last > asked:
        return f"it was {first:.4g} and came to {last:.4g} in {len(loss)} points, where {asked:.4g} is asked at most"
    if most is not None and last > most:
        return f"it came to {last:.4g} in {len(loss)} points, where {most:.4g} is asked at most"
    return ""
