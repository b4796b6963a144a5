"""The number that a page gives its writes of traits, beside them, so that it can be told which have come."""

from draggan_widget.protocol.values import integer, record


def decode_write(value: object) -> tuple[int, int]:
    """Return the number of a page, and that of its write, from 1.

    Raises:
        InputError: They are none.
    """
    write = record("page_write", value)
    page = integer("page_write.page", write.get("page"), 0)
    return page, integer("page_write.n", write.get("n"), 1)
