"""Is the candidate's own rate of bad requests proven to lie below a bound, or above it, whatever stable does?

The ratio test stands still while neither arm has a bad request; this one moves. It is a one-arm e-process:

    E = sum_j w_j (l_j / r)^bad ((1 - l_j) / (1 - r))^(total - bad),        l_j = share_j * r < r

with r the bound. *Why the promise is exact.* Take one request that is bad with probability p >= r given all before
it. Its factor has the mean p l/r + (1 - p)(1 - l)/(1 - r), which is linear in p, is 1 at p = r, and falls with p
because l/r < 1 < (1 - l)/(1 - r). So the mean is at most 1 for every p >= r, each product is a non-negative
supermartingale that starts at 1, so is their mixture (the weights sum to 1), and Ville's inequality gives
P(E ever reaches 1/beta) <= beta. Nothing is assumed of n, of the moment of looking, or of a constant rate.

Most weight lies on the alternative "never": with no bad request at all E grows as 0.8/(1 - r)^n and reaches
20 (beta 0.05) after about 3.1/r requests, 3,100 for r = 0.001. The rest lets a candidate with a few bad requests
pass too, only later. E depends on the two totals alone, so it needs no memory beside them.

Above the bound it is the same with l > r: then the factor's mean rises with p and is at most 1 for every p <= r.
"""

import math
from collections.abc import Iterable

from kanaria.judge.counts import Counts

MIXTURE = ((0.0, 0.8), (0.125, 0.05), (0.25, 0.05), (0.5, 0.05), (0.75, 0.05))  # (share of the bound, weight)
ABOVE = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)  # times the bound, of equal weight, as far as that is a rate
_HALFWAY = 0.5  # of what is left above the bound: there is always one alternative


def log_evidence_below(bound: float, counted: Counts) -> float:
    """The log of the evidence that the rate lies below the bound."""
    return _log_sum(
        math.log(weight) + _log_likelihood_ratio(share, bound, counted)
        for share, weight in MIXTURE
        if share > 0 or counted.bad == 0  # "never" is out of the question after one bad request
    )


def log_evidence_above(bound: float, counted: Counts) -> float:
    """The log of the evidence that the rate lies above the bound."""
    shares = [*(share for share in ABOVE if share * bound < 1), (bound + _HALFWAY * (1 - bound)) / bound]
    return _log_sum(_log_likelihood_ratio(share, bound, counted) - math.log(len(shares)) for share in shares)


def _log_sum(values: Iterable[float]) -> float:
    terms = list(values)
    top = max(terms)
    return top + math.log(math.fsum(math.exp(term - top) for term in terms))


def _log_likelihood_ratio(share: float, bound: float, counted: Counts) -> float:
    good = (counted.total - counted.bad) * (math.log1p(-share * bound) - math.log1p(-bound))
    return good + (counted.bad * math.log(share) if counted.bad else 0.0)
