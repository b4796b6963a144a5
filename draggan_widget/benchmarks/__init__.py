"""What a drag costs: beside a plain implementation of the published loop, in hand, and frame by frame."""
