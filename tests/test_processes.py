"""Processes that work for this one."""

import os
import signal
import threading

import pytest
import torch

from draggan_widget.processes import MOST_PROCESSES, default_processes, one_thread, starting


def test_as_many_processes_as_cores_but_one_for_a_gpu() -> None:
    assert 1 <= default_processes(torch.device("cpu")) <= MOST_PROCESSES
    assert default_processes(torch.device("cuda")) == 1


def test_one_thread_is_for_a_while() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_an_interrupt_that_another_thread_takes_waits_until_a_process_has_begun() -> None:
    begun = False

    def start() -> None:
        nonlocal begun
        with starting():
            # This thread takes no signals now; the system gives it to the other one.
            other = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
            other.start()
            other.join()
            begun = True

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert begun
