"""No telemetry: importing and using the package opens no connection, asks for no name, and starts no program."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

USE = """
import json, sys, tempfile
from pathlib import Path

seen = []
WATCHED = {"urllib.Request", "http.client.connect", "subprocess.Popen", "os.system", "os.posix_spawn",
           "smtplib.connect", "ftplib.connect", "webbrowser.open"}

def watch(event, args):
    if event in WATCHED or (event.startswith("socket.") and event != "socket.__new__"):
        seen.append(f"{event} {args!r}")

sys.addaudithook(watch)

import draggan_widget as dg

for name in dg.__all__:
    getattr(dg, name)
dg.list_generators()
widget = dg.DragWidget(seed=3)
widget.handle_points, widget.target_points = [[62, 74]], [[66, 74]]
widget.drag()
session = dg.DragSession(seed=8)
session.set_points([[62, 74]], [[66, 74]])
session.drag(2)
with tempfile.TemporaryDirectory() as folder:
    session.save(Path(folder) / "a.dgs")
    session.save_image(Path(folder) / "a.png")
    dg.DragSession.load(Path(folder) / "a.png")
    dg.DragSession.replay(session.recipe)
dg.drag_batch([dg.DragJob(1, [[62, 74]], [[64, 74]], max_steps=1)])
dg.invert(session.image, steps=1, start=session.w)
try:
    dg.load_generator("ffhq-256")
    dg.DragWidget("ffhq-256").wait_until_loaded()
except dg.GeneratorError as error:
    refused = str(error)
widget.close()
# The watch itself is in order.
told = list(seen)
import socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except OSError:
    pass
print(json.dumps({"seen": told, "refused": refused, "watched": len(seen) > len(told)}))
"""


def test_the_package_asks_the_network_for_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=ROOT,
        env=os.environ | {"DRAGGAN_WIDGET_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["watched"]
    assert told["seen"] == []
    assert "download" in told["refused"], "what is not here is not fetched, and the cure is named"
