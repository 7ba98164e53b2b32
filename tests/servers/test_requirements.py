"""COURSE_REQUIRE turns what would be skipped into a failure, so that a CI job cannot pass by skipping."""

import pytest
from available import binary_of, lacking


def test_what_is_not_required_is_skipped_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_REQUIRE", "redis7.0")
    with pytest.raises(pytest.skip.Exception, match="NO DOCKER HERE: no engine"):
        lacking("docker", "no engine")


def test_what_is_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_REQUIRE", "redis7.0, docker")
    with pytest.raises(pytest.fail.Exception, match="COURSE_REQUIRE asks for docker: no engine"):
        lacking("docker", "no engine")


def test_a_version_that_is_required_and_not_here_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_REQUIRE", "redis9.9")
    with pytest.raises(pytest.fail.Exception, match=r"no redis-server 9\.9"):
        binary_of("9.9")
