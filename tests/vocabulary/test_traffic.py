"""What a candidate gets beside its weight."""

import pytest

from kanaria.vocabulary.traffic import NOTHING_SENT, Sent

COMPARED, PLAIN = Sent(mirrored=20, compared=True), Sent(mirrored=10)


@pytest.mark.parametrize(
    ("wanted", "known", "both"),
    [
        pytest.param(COMPARED, Sent(mirrored=5, compared=True), Sent(mirrored=5, compared=True), id="fewer copies"),
        pytest.param(COMPARED, PLAIN, NOTHING_SENT, id="copies for another receiver are none of these"),
        pytest.param(PLAIN, COMPARED, NOTHING_SENT, id="nor the other way round"),
        pytest.param(COMPARED, NOTHING_SENT, NOTHING_SENT, id="nothing"),
    ],
)
def test_no_more_is_sent_than_both_send(wanted: Sent, known: Sent, both: Sent):
    assert wanted.within(known) == both
