"""What travels between the kernel and the browser: types, and validation of all that the browser sends.

Nothing here trusts its input; a value that is not exactly as agreed raises :class:`InputError`. The examples in
``tests/fixtures/protocol`` bind this folder and ``js/src/core/protocol.ts`` alike.
"""

from draggan_widget.protocol.arguments import (
    choice_of,
    count_argument,
    decode_args,
    index_argument,
    rid_argument,
    seed_argument,
    text_argument,
    truncation_argument,
)
from draggan_widget.protocol.envelope import check_envelope
from draggan_widget.protocol.masks import PNG_SIGNATURE, decode_mask, encode_mask
from draggan_widget.protocol.messages import (
    SET_TRAITS,
    Ack,
    Ask,
    Command,
    Hello,
    Message,
    Poll,
    Pull,
    Release,
    Setting,
    check_inside,
    decode_message,
)
from draggan_widget.protocol.outgoing import (
    Come,
    FrameInfo,
    Shown,
    Way,
    answer_message,
    frame_message,
    here_message,
    in_pieces,
    part_message,
    piece_message,
    progress_message,
    reply_message,
)
from draggan_widget.protocol.points import POINT_TRAITS, PointEdit, decode_points, decode_rev
from draggan_widget.protocol.values import Pair, Size, decode_flag
from draggan_widget.protocol.writes import decode_write

__all__ = [
    "PNG_SIGNATURE",
    "POINT_TRAITS",
    "SET_TRAITS",
    "Ack",
    "Ask",
    "Come",
    "Command",
    "FrameInfo",
    "Hello",
    "Message",
    "Pair",
    "PointEdit",
    "Poll",
    "Pull",
    "Release",
    "Setting",
    "Shown",
    "Size",
    "Way",
    "answer_message",
    "check_envelope",
    "check_inside",
    "choice_of",
    "count_argument",
    "decode_args",
    "decode_flag",
    "decode_mask",
    "decode_message",
    "decode_points",
    "decode_rev",
    "decode_write",
    "encode_mask",
    "frame_message",
    "here_message",
    "in_pieces",
    "index_argument",
    "part_message",
    "piece_message",
    "progress_message",
    "reply_message",
    "rid_argument",
    "seed_argument",
    "text_argument",
    "truncation_argument",
]
