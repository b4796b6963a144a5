"""Many drags: over the processes of a machine or the machines of a cluster, with tables and contact sheets."""

from draggan_widget.batch.conduct import drag_batch
from draggan_widget.batch.job import DragJob
from draggan_widget.batch.result import BatchError, BatchInterrupted, BatchResult
from draggan_widget.batch.rows import BatchRow

__all__ = ["BatchError", "BatchInterrupted", "BatchResult", "BatchRow", "DragJob", "drag_batch"]
