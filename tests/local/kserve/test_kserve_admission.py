"""What KServe's webhook refuses is refused here too, in its words."""

from __future__ import annotations

import pytest

from inference_services import a_canary, a_predictor, a_service
from kanaria.local.api_client import Thing
from kanaria.local.kserve.admission import refusal

NAMELESS = {"predictor": a_predictor("8"), "trafficPercent": 10}

REFUSED = [
    pytest.param(a_service({"sklearn": {}}), "storageUri is missing", id="no model"),
    pytest.param(a_service({"model": {"modelFormat": {"name": "sklearn"}}}), "storageUri is missing", id="no uri"),
    pytest.param(a_service(None, a_canary(), annotations={}), "only supported in Standard", id="no mode annotation"),
    pytest.param(a_service(None, NAMELESS), "canary[0] predictor.name is required", id="nameless canary"),
    pytest.param(a_service(None, a_canary(), a_canary()), '"v8" is duplicated', id="two of one name"),
    pytest.param(a_service(a_predictor(name="v8"), a_canary()), "conflicts with stable", id="the stable's name"),
    pytest.param(a_service(None, a_canary(percent=60), a_canary("9", 41)), "(101) must be <= 100", id="sum of 101"),
    pytest.param(a_service(None, a_canary(maxReplicas=3)), "must not set maxReplicas", id="maxReplicas"),
    pytest.param(a_service(None, a_canary(scaleTarget=3)), "must not set scaleTarget", id="scaleTarget"),
    pytest.param(a_service(None, a_canary(scaleMetric="cpu")), "must not set scaleMetric", id="scaleMetric"),
    pytest.param(a_service(None, a_canary(autoScaling={"m": 1})), "must not set autoScaling", id="autoScaling"),
    pytest.param(a_service(None, a_canary(workerSpec={"size": 1})), "must not set workerSpec", id="workerSpec"),
    pytest.param(a_service(None, a_canary(minReplicas=2)), "(2) must not exceed", id="more than an unsaid 1"),
    pytest.param(
        a_service(a_predictor(minReplicas=2), a_canary(minReplicas=3)), "(3) must not exceed", id="more than stable"
    ),
    pytest.param(
        a_service(None, {"predictor": {"name": "v8"}, "trafficPercent": 1}), "exactly one impl", id="no model in canary"
    ),
]

ACCEPTED = [
    pytest.param(a_service(), id="alone"),
    pytest.param(a_service(annotations={}), id="alone needs no annotation"),
    pytest.param(a_service(None, a_canary()), id="unnamed stable"),
    pytest.param(a_service(None, a_canary(percent=60), a_canary("9", 40)), id="sum of exactly 100"),
    pytest.param(a_service(a_predictor(minReplicas=2), a_canary(minReplicas=2)), id="as many as stable"),
    pytest.param(a_service(a_predictor(maxReplicas=4), a_canary(percent=0)), id="stable may scale"),
]


@pytest.mark.parametrize(("service", "words"), REFUSED)
def test_a_spec_the_webhook_would_refuse_is_refused_with_its_reason(service: Thing, words: str):
    assert words in (refusal(service) or "")


@pytest.mark.parametrize("service", ACCEPTED)
def test_a_spec_the_webhook_would_take_is_not_refused(service: Thing):
    assert refusal(service) is None
