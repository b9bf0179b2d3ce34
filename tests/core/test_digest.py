"""Only strong digests count for a file; a wrong weak one counts against it."""

from __future__ import annotations

import pytest

from safepip.core.digest import AcceptableDigests, Algorithm, Digest, DigestError, Digests

A, B = "a" * 64, "b" * 64
SHA_A, SHA_B = Digest.parse(f"sha256:{A}"), Digest.parse(f"sha256:{B}")
MD5 = Digest.parse(f"md5:{'c' * 32}")


@pytest.mark.parametrize(
    "text",
    ["sha256", "sha256:", f"sha256:{'a' * 63}", f"sha256:{'g' * 64}", f"sha3_256:{A}", f"sha256:{A}\n"],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(DigestError):
        Digest.parse(text)


def test_case_does_not_matter() -> None:
    assert Digest.parse(f"SHA256:{A.upper()}") == SHA_A


def test_two_digests_of_one_algorithm_for_one_file_contradict_each_other() -> None:
    with pytest.raises(DigestError):
        Digests.of([SHA_A, SHA_B])


def test_only_the_sha2_digests_of_256_bits_and_more_are_strong() -> None:
    assert {a for a in Algorithm if a.strong} == {Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512}
    assert Digests.of([MD5, SHA_A]).strong == (SHA_A,)


def test_sources_that_disagree_are_told() -> None:
    assert Digests.of([SHA_A, MD5]).conflicts_with(Digests.of([SHA_B, MD5])) == (Algorithm.SHA256,)
    assert Digests.of([SHA_A]).conflicts_with(Digests.of([MD5])) == ()


def test_several_digests_of_one_algorithm_mean_one_per_acceptable_file() -> None:
    acceptable = AcceptableDigests.of([SHA_A, SHA_B])

    assert acceptable.accepts(Digests.of([SHA_B])) is True


def test_a_right_weak_digest_does_not_excuse_a_wrong_strong_one() -> None:
    assert AcceptableDigests.of([SHA_A, MD5]).accepts(Digests.of([SHA_B, MD5])) is False


def test_a_right_strong_digest_does_not_excuse_a_wrong_weak_one() -> None:
    wrong = Digest.parse(f"md5:{'d' * 32}")

    assert AcceptableDigests.of([SHA_A, MD5]).accepts(Digests.of([SHA_A, wrong])) is False


def test_what_the_page_does_not_say_is_decided_by_the_bytes() -> None:
    assert AcceptableDigests.of([SHA_A, MD5]).accepts(Digests.of([SHA_A])) is None


def test_nothing_given_accepts_nothing() -> None:
    empty = AcceptableDigests()

    assert (bool(empty), empty.strong, empty.accepts(Digests.of([SHA_A]))) == (False, False, None)
