/** Zoom and pan by wheel, trackpad, middle button, Space and two fingers; goes before the gestures on the picture. */
import { clamp, type Vec } from "../core/geometry";
import type { ViewStore } from "../core/store";
import { turnedPx } from "./dom";

const MAIN_BUTTON = 0;
const MIDDLE_BUTTON = 1;

/** A finger that has gone further than this, in CSS pixels, has begun something of its own. */
const TREMBLE_PX = 10;

/** What a pixel of the wheel zooms by, and the most that one turn counts: a notch is 100 px, a trackpad's pinch a few. */
const WHEEL_RATE = 0.008;
const WHEEL_MOST_PX = 40;

interface Finger {
  readonly from: Vec;
  readonly at: Vec;
  /** Whether it has stayed where it went down. */
  readonly rests: boolean;
}

/**
 * Listens to what moves the picture itself; what it takes does not reach the marks.
 *
 * @param stage holds the picture and all that lies on it
 * @param store takes the actions
 * @param signal ends it
 */
export function listenToZoom(stage: HTMLElement, store: ViewStore, signal: AbortSignal): void {
  const fingers = new Map<number, Finger>();
  let hand: { readonly pointer: number; readonly at: Vec } | null = null;

  const placeOf = ({ clientX, clientY }: MouseEvent): Vec => {
    const box = stage.getBoundingClientRect();
    return {
      x: (clientX - box.left) / Math.max(box.width, 1),
      y: (clientY - box.top) / Math.max(box.height, 1),
    };
  };
  const isPanning = () => store.state.view.gesture.kind === "pan";
  const keep = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };

  const down = (event: PointerEvent): void => {
    if (event.pointerType === "touch") touch(event);
    else if (takesHand(event)) {
      keep(event);
      store.dispatch({ kind: "pan_start" });
      if (!isPanning()) return;
      hand = { pointer: event.pointerId, at: placeOf(event) };
      stage.setPointerCapture(event.pointerId);
    }
  };

  const takesHand = ({ button }: PointerEvent): boolean => {
    const { gesture, modifier } = store.state.view;
    if (gesture.kind !== "none") return false;
    return button === MIDDLE_BUTTON || (button === MAIN_BUTTON && modifier === "pan");
  };

  /** A second finger makes a pinch of what the first had only begun. */
  const touch = (event: PointerEvent): void => {
    const at = placeOf(event);
    const first = [...fingers.values()][0];
    if (fingers.size >= 2 || (first && !first.rests && !isPanning())) return;
    fingers.set(event.pointerId, { from: at, at, rests: true });
    if (fingers.size < 2) return;
    keep(event);
    store.dispatch({ kind: "pan_start" });
    if (isPanning()) stage.setPointerCapture(event.pointerId);
  };

  const move = (event: PointerEvent): void => {
    if (hand?.pointer === event.pointerId) {
      const at = placeOf(event);
      look(1, hand.at, at);
      hand = { ...hand, at };
      return;
    }
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const at = placeOf(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other)
      look(ratio(finger.at, at, other.at), middle(finger.at, other.at), middle(at, other.at));
    else look(1, finger.at, at);
    const box = stage.getBoundingClientRect();
    const way = Math.hypot((at.x - finger.from.x) * box.width, (at.y - finger.from.y) * box.height);
    fingers.set(event.pointerId, { ...finger, at, rests: finger.rests && way <= TREMBLE_PX });
  };

  const look = (factor: number, from: Vec, to: Vec): void => {
    if (isPanning()) store.dispatch({ kind: "look", factor, from, to });
  };

  const ratio = (before: Vec, after: Vec, other: Vec): number => {
    const box = stage.getBoundingClientRect();
    const apart = (a: Vec) => Math.hypot((a.x - other.x) * box.width, (a.y - other.y) * box.height);
    return apart(before) > 0 ? apart(after) / apart(before) : 1;
  };

  /** The last pointer that leaves ends it. */
  const up = (event: PointerEvent): void => {
    const known = fingers.delete(event.pointerId) || hand?.pointer === event.pointerId;
    if (hand?.pointer === event.pointerId) hand = null;
    if (known && !hand && fingers.size === 0) store.dispatch({ kind: "pan_end" });
  };

  const wheel = (event: WheelEvent): void => {
    // Without a key the wheel scrolls the notebook, as everywhere on the page.
    if (!event.ctrlKey && !event.metaKey) return;
    keep(event);
    const counted = clamp(turnedPx(event), -WHEEL_MOST_PX, WHEEL_MOST_PX);
    const at = placeOf(event);
    store.dispatch({ kind: "look", factor: Math.exp(-counted * WHEEL_RATE), from: at, to: at });
  };

  /** Keeps the browser from scrolling by the middle button. */
  const press = (event: MouseEvent): void => {
    if (event.button === MIDDLE_BUTTON) event.preventDefault();
  };

  const early = { signal, capture: true };
  stage.addEventListener("pointerdown", down, early);
  stage.addEventListener("pointermove", move, early);
  // Wherever a finger leaves: one that is not captured by the stage may do so beside it.
  window.addEventListener("pointerup", up, early);
  window.addEventListener("pointercancel", up, early);
  stage.addEventListener("wheel", wheel, { signal, capture: true, passive: false });
  stage.addEventListener("mousedown", press, early);
}

function middle(a: Vec, b: Vec): Vec {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
