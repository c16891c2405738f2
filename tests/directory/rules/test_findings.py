"""What is usually seen at a source, ready to be picked."""

import pytest

from directory.rules.findings import FINDINGS, Finding, find_finding, findings_for
from directory.taxonomy import CREDENTIAL_KINDS


@pytest.mark.parametrize("kind", CREDENTIAL_KINDS)
def test_each_kind_can_be_found_good_or_not_found(kind: str) -> None:
    found = [one.key for one in findings_for(kind)]
    assert found[0] == "active"
    assert found[-1] == "not_found"
    assert len(found) <= 9  # each has a digit


def test_an_npi_knows_no_actions_of_a_board() -> None:
    assert "restricted" not in [one.key for one in findings_for("npi")]


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.key)
def test_whoever_is_refused_reads_why(finding: Finding) -> None:
    assert finding.seen
    assert bool(finding.reason) != finding.is_good
    assert find_finding(finding.key) is finding


def test_an_unknown_key_is_no_finding() -> None:
    assert find_finding("") is None
