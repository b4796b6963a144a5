"""The widget in marimo: `marimo edit examples/marimo_app.py`, or `marimo run` for visitors.

The second cell runs anew whenever the points were set and whenever the picture has come to rest.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Drag a picture")


@app.cell
def _():
    import marimo as mo

    import draggan_widget as dg

    return dg, mo


@app.cell
def _(dg, mo):
    drag = mo.ui.anywidget(dg.DragWidget(seed=3))
    drag
    return (drag,)


@app.cell
def _(drag, mo):
    points = zip(drag.handle_points, drag.target_points, strict=False)
    rows = [
        {"x": round(x, 1), "y": round(y, 1), "target x": round(to_x, 1), "target y": round(to_y, 1)}
        for (x, y), (to_x, to_y) in points
    ]
    mo.hstack(
        [
            drag.image,
            mo.vstack(
                [
                    mo.md(f"Seed {drag.seed}: **{drag.status}**, {len(rows)} point(s)"),
                    mo.ui.table(rows, selection=None) if rows else mo.md("Pull at the picture."),
                ]
            ),
        ],
        justify="start",
        align="start",
        gap=2,
    )
    return


if __name__ == "__main__":
    app.run()
