"""Processes that work for this one."""

import torch

from draggan_widget.processes import MOST_PROCESSES, default_processes, one_thread


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
