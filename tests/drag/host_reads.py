"""What a computation reads back from its device."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode


class HostReads(TorchDispatchMode):  # type: ignore[no-untyped-call]  # has no types
    """Names of the operations that read a number back from the device, or bring one there from the host."""

    NAMES = "_local_scalar_dense", "nonzero", "masked_select", "lift_fresh"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # has no types
        self.found: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        self.found += [name] if name in self.NAMES else []
        return func(*args, **(kwargs or {}))
