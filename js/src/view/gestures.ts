/** Pointer events on the picture, as actions. */
import { imageThrough, lensOf } from "../core/camera";
import type { Pointer } from "../core/geometry";
import type { ViewStore } from "../core/store";

const SECONDARY_BUTTON = 2;
const ERASER_BUTTON = 5;

/**
 * Listens to mouse, pen and finger on the canvas; one pointer at a time has the picture.
 *
 * @param canvas exactly as large as the picture is shown
 * @param store takes the actions
 * @param signal ends it
 */
export function listenToPointers(
  canvas: HTMLCanvasElement,
  store: ViewStore,
  signal: AbortSignal,
): void {
  let active: number | null = null;
  let menuAllowed = true;

  const pointerOf = (event: PointerEvent): Pointer => {
    const box = canvas.getBoundingClientRect();
    const { shared, view } = store.state;
    const lens = lensOf(view.camera, box, shared.traits.imageSize);
    const css = { x: event.clientX - box.left, y: event.clientY - box.top };
    const touch = event.pointerType === "touch";
    return { at: imageThrough(lens, css), scale: lens.scale, touch };
  };

  const down = (event: PointerEvent): void => {
    if (active !== null || event.button === 1) return;
    event.stopPropagation();
    const before = store.state;
    const mask = before.view.mode === "mask";
    const secondary =
      event.button === SECONDARY_BUTTON ||
      event.button === ERASER_BUTTON ||
      event.ctrlKey ||
      (mask && event.shiftKey);
    const pin = event.shiftKey && !mask;
    store.dispatch({ kind: "pointer_down", pointer: pointerOf(event), secondary, pin });
    const { shared, view } = store.state;
    const used = shared.pairs !== before.shared.pairs || view.draft !== before.view.draft;
    menuAllowed = event.pointerType === "mouse" && !mask && !used;
    if (view.gesture.kind === "none") return;
    active = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
  };

  const move = (event: PointerEvent): void => {
    if (active !== null && event.pointerId !== active) return;
    // A fast stroke bends between two animation frames; everything else needs its newest place only.
    const painting = store.state.view.gesture.kind === "paint";
    // Pages without a secure context, such as a notebook server over plain HTTP, lack this call.
    const events = painting ? (event.getCoalescedEvents?.() ?? []) : [];
    for (const each of events.length > 0 ? events : [event]) {
      store.dispatch({ kind: "pointer_move", pointer: pointerOf(each) });
    }
  };

  const up = (event: PointerEvent): void => {
    if (event.pointerId !== active) return;
    active = null;
    store.dispatch({ kind: "pointer_up", pointer: pointerOf(event) });
  };

  const cancel = (event: PointerEvent): void => {
    if (event.pointerId !== active) return;
    active = null;
    store.dispatch({ kind: "gesture_cancel" });
  };

  const menu = (event: MouseEvent): void => {
    if (menuAllowed) return;
    event.preventDefault();
    event.stopPropagation();
  };

  canvas.addEventListener("pointerdown", down, { signal });
  canvas.addEventListener("pointermove", move, { signal });
  canvas.addEventListener("pointerup", up, { signal });
  canvas.addEventListener("pointercancel", cancel, { signal });
  canvas.addEventListener("lostpointercapture", cancel, { signal });
  canvas.addEventListener("pointerleave", () => store.dispatch({ kind: "pointer_leave" }), {
    signal,
  });
  canvas.addEventListener("contextmenu", menu, { signal });
}
