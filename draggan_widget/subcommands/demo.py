"""The command ``draggan-widget demo``: JupyterLab on a copy of the quickstart."""

import argparse
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

from draggan_widget.demo import serve
from draggan_widget.errors import DragganError, InputError

QUICKSTART = "quickstart.ipynb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``demo``."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("draggan_demo"),
        help="gets the notebook; a notebook that is there already is kept (default: %(default)s)",
    )
    parser.add_argument(
        "lab_options",
        nargs="*",
        metavar="OPTION",
        help="options for JupyterLab, after --, such as: -- --no-browser --port 9000",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Open JupyterLab on a copy of the quickstart and wait until it ends."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise DragganError("demo needs JupyterLab; install it: pip install 'draggan-widget[lab]'")
    environment = os.environ | _visible_devices(args.device)
    notebook = args.folder / QUICKSTART
    args.folder.mkdir(parents=True, exist_ok=True)
    if not notebook.exists():
        shutil.copyfile(_quickstart(), notebook)
    status = serve(notebook, _quickstart(), args.lab_options, environment)
    if status != 0:
        raise DragganError(f"JupyterLab ended with status {status}; its messages above say why")
    return {"notebook": notebook.resolve()}


def _quickstart() -> Path:
    """Return the quickstart notebook: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "examples" / QUICKSTART
    return inside if inside.is_file() else package.parent / "examples" / QUICKSTART


def _visible_devices(device: str | None) -> dict[str, str]:
    """Return the environment in which a kernel finds the wanted device by itself."""
    if device is None:
        return {}
    from draggan_widget.pretrained import checked_device  # torch, which only this needs

    wanted = checked_device(device)
    if wanted.type == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    if wanted.type != "cuda":
        raise InputError(
            f"demo runs on cpu or cuda, got {device!r}; leave --device out to choose it"
        )
    return {"CUDA_VISIBLE_DEVICES": str(wanted.index or 0)}
