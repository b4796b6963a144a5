/** The brush: its size by the wheel, its rim, the loop of the lasso, and how all of it looks. */
import { toCss, type Vec } from "../core/geometry";
import { brushRadiusPx } from "../core/intent";
import { MAY_MOVE } from "../core/mask";
import type { Gesture, State } from "../core/state";
import type { ViewStore } from "../core/store";
import { turnedPx } from "./dom";
import { DARK, LIGHT, stroked } from "./marks";

/** What one CSS pixel of the wheel does to the brush; a notch of a mouse is about a hundred. */
const WHEEL_RATE = 0.0015;

/** How long a new size is shown. */
const SHOWN_MS = 900;

type Context = CanvasRenderingContext2D;

/**
 * Lets the wheel over the picture change the brush in mask mode, and shows each new size for a moment.
 *
 * @param canvas the picture
 * @param store takes the actions
 * @param signal ends it
 */
export function listenToBrush(
  canvas: HTMLCanvasElement,
  store: ViewStore,
  signal: AbortSignal,
): void {
  const turn = (event: WheelEvent): void => {
    const { view } = store.state;
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (view.mode !== "mask" || view.brush.kind === "lasso" || !plain) return;
    event.preventDefault();
    store.dispatch({ kind: "brush_scale", factor: Math.exp(-turnedPx(event) * WHEEL_RATE) });
  };
  let timer = 0;
  let shown = store.state.view.brush;
  const watch = (): void => {
    const { brush, brushShown } = store.state.view;
    if (!brushShown || brush === shown) return;
    shown = brush;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => store.dispatch({ kind: "brush_seen" }), SHOWN_MS);
  };
  canvas.addEventListener("wheel", turn, { passive: false, signal });
  const leave = store.subscribe(watch);
  signal.addEventListener(
    "abort",
    () => {
      leave();
      window.clearTimeout(timer);
    },
    { once: true },
  );
}

/**
 * Draws what is under the pointer in mask mode.
 *
 * @param context in CSS pixels
 * @param state read only
 * @param scale CSS pixels per image pixel
 */
export function drawBrush(context: Context, state: State, scale: number): void {
  const { view } = state;
  if (view.mode !== "mask") return;
  if (view.gesture.kind === "lasso") drawLoop(context, view.gesture, scale);
  else if (view.brush.kind !== "lasso") drawRim(context, state, scale);
}

/** The rim of the brush; a broken one erases. A new size is shown in the middle where there is no pointer. */
function drawRim(context: Context, state: State, scale: number): void {
  const { cursor, brush, brushShown } = state.view;
  const { width, height } = state.shared.traits.imageSize;
  if (!cursor && !brushShown) return;
  const at = toCss(cursor ?? { x: (width - 1) / 2, y: (height - 1) / 2 }, scale);
  const radiusPx = brushRadiusPx(state.view, state.shared.traits.imageSize);
  const radius = Math.max(2, radiusPx * scale);
  const rim = () => context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.save();
  if (brushShown) {
    context.beginPath();
    rim();
    context.fillStyle = "rgba(255, 255, 255, 0.22)";
    context.fill();
  }
  stroked(context, 3.5, DARK, rim);
  if (brush.kind === "erase") context.setLineDash([6, 5]);
  stroked(context, 1.8, LIGHT, rim);
  context.setLineDash([]);
  if (brushShown) drawLabel(context, at, `${Math.max(1, Math.round(2 * radiusPx))} px`);
  context.restore();
}

/** What the lasso has gone around so far, closed by a broken line; a loop that takes away stays empty. */
function drawLoop(context: Context, gesture: Gesture & { kind: "lasso" }, scale: number): void {
  const corners = gesture.loop.map((corner) => toCss(corner, scale));
  const first = corners[0];
  const last = corners.at(-1);
  if (!first || !last) return;
  const along = () => {
    context.moveTo(first.x, first.y);
    for (const { x, y } of corners.slice(1)) context.lineTo(x, y);
  };
  context.save();
  context.lineJoin = "round";
  if (gesture.value === MAY_MOVE) {
    context.beginPath();
    along();
    context.fillStyle = "rgba(255, 255, 255, 0.24)";
    context.fill();
  }
  stroked(context, 4, DARK, along);
  stroked(context, 2, LIGHT, along);
  const across = () => {
    context.moveTo(last.x, last.y);
    context.lineTo(first.x, first.y);
  };
  stroked(context, 3, DARK, across);
  context.setLineDash([4, 6]);
  stroked(context, 1.5, LIGHT, across);
  context.restore();
}

function drawLabel(context: Context, at: Vec, text: string): void {
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = DARK;
  context.strokeText(text, at.x, at.y);
  context.fillStyle = LIGHT;
  context.fillText(text, at.x, at.y);
}
