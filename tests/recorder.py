"""A stage of a runner that keeps what it is shown."""

from typing import Any

from draggan_widget.session import DragSession


class Recorder:
    """A stage that keeps what it is shown."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.statuses: list[str] = []
        self.errors: list[BaseException] = []
        self.is_held = False

    def show(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.messages.append((message, buffers))

    def publish(self, session: DragSession | None) -> bool:
        if self.is_held:
            return False
        self.statuses.append("none" if session is None else session.status)
        return True

    def report(self, error: BaseException) -> None:
        self.errors.append(error)

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [message for message, _ in self.messages if message["k"] == "frame"]
