"""kentongan cap validate: each fault in a sentence."""

import pytest

from alerting.cap_check import faults

GOOD = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>b@c</sender>
<sent>2026-11-19T13:45:00+07:00</sent><status>Actual</status><msgType>Update</msgType><scope>Public</scope>
<references>b@c,z,2026-11-19T12:45:00+07:00</references><info><category>Met</category><event>Banjir</event>
<urgency>Immediate</urgency><severity>Extreme</severity><certainty>Observed</certainty>
<effective>2026-11-19T13:45:00+07:00</effective><expires>2026-11-19T14:45:00+07:00</expires>
<area><areaDesc>x</areaDesc><polygon>1,1 1,2 2,2 1,1</polygon><circle>1,1 2</circle></area></info></alert>"""


def test_a_good_message_has_no_fault() -> None:
    """Every rule is kept."""
    assert [] == faults(GOOD.encode())


@pytest.mark.parametrize(
    ("part", "instead", "says"),
    [
        ("<identifier>a<", "<identifier>a b<", "identifier is 'a b'"),
        ("<sender>b@c</sender>", "", "sender is None"),
        ("<sent>2026-11-19T13:45:00+07:00", "<sent>2026-11-19T06:45:00Z", "sent is '2026-11-19T06:45:00Z'"),
        ("Actual", "Nyata", "status is 'Nyata'; one of Actual"),
        ("<scope>Public</scope>", "", "scope is missing"),
        ("<references>b@c,z,2026-11-19T12:45:00+07:00</references>", "", "references is missing"),
        ("b@c,z,2026", "b@c;z,2026", "references has"),
        ("<event>Banjir</event>", "", "event is missing"),
        ("Extreme", "AWAS", "severity is 'AWAS'"),
        ("<expires>2026-11-19T14", "<expires>2026-11-19T12", "is not after effective"),
        ("<areaDesc>x</areaDesc>", "", "areaDesc is missing"),
        ("1,1 1,2 2,2 1,1", "1,1 1,2 2,2 1,3", "not closed"),
        ("1,1 1,2 2,2 1,1", "112,1 112,2 111,2 112,1", "latitude comes first"),
        ("1,1 2</circle>", "1,1</circle>", "circle is '1,1'"),
        ("cap:1.2", "cap:1.1", "alert of CAP 1.2"),
        ("<alert ", "<!DOCTYPE a><alert ", "DOCTYPE"),
    ],
)
def test_a_fault_is_named(part: str, instead: str, says: str) -> None:
    """One change, one sentence with the element and what is due."""
    assert part in GOOD
    (fault,) = faults(GOOD.replace(part, instead).encode())
    assert says in fault
