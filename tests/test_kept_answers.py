"""Answers that are kept for pages which they have not reached."""

from typing import Any

import pytest

from draggan_widget.kept_answers import KEPT, KEPT_BYTES, KeptAnswers

Sent = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def answers(sent: Sent) -> KeptAnswers:
    return KeptAnswers(lambda message, files: sent.append((message, files)))


def test_an_answer_is_sent_at_once_and_again_when_it_is_asked_for(
    answers: KeptAnswers, sent: Sent
) -> None:
    answers.send({"rid": 3, "ok": True}, [b"file"])
    answers.send({"rid": 4, "ok": False})
    answers.again([3])
    first = {"rid": 3, "ok": True}, [b"file"]
    assert [sent[0], sent[2]] == [first, first]
    assert sent[1][0]["rid"] == 4


def test_numbers_that_were_never_answered_are_passed_over(answers: KeptAnswers, sent: Sent) -> None:
    answers.again([1, 2])
    assert sent == []


def test_only_the_newest_word_on_a_question_is_kept(answers: KeptAnswers, sent: Sent) -> None:
    answers.send({"rid": 1, "part": 0.5})
    answers.send({"rid": 1, "ok": True})
    answers.again([1])
    assert [message for message, _ in sent[2:]] == [{"rid": 1, "ok": True}]


def test_the_oldest_are_forgotten_first(answers: KeptAnswers, sent: Sent) -> None:
    for rid in range(1, KEPT + 1):
        answers.send({"rid": rid})
    answers.send({"rid": 1})  # is the newest by that
    answers.send({"rid": KEPT + 1})
    sent.clear()
    answers.again(range(1, KEPT + 2))
    assert [message["rid"] for message, _ in sent] == [1, *range(3, KEPT + 2)]


def test_large_files_are_not_piled_up_but_the_newest_answer_always_stays(
    answers: KeptAnswers, sent: Sent
) -> None:
    half = bytes(KEPT_BYTES // 2 + 1)
    for rid in (1, 2):
        answers.send({"rid": rid}, [half])
    answers.send({"rid": 3}, [bytes(KEPT_BYTES + 1)])
    answers.send({"rid": 4})
    sent.clear()
    answers.tell(1)
    answers.again([1, 2, 3, 4], seen=1)
    assert [message["rid"] for message, _ in sent] == [4]
    answers.send({"rid": 5}, [bytes(KEPT_BYTES + 1)])
    sent.clear()
    answers.tell(2)
    answers.again([4, 5], seen=2)
    assert {message["rid"] for message, _ in sent} == {5}


def test_who_asks_for_one_answer_many_times_gets_it_once(answers: KeptAnswers, sent: Sent) -> None:
    answers.send({"rid": 1}, [b"file"])
    answers.again([1] * 256)
    assert len(sent) == 2
