/** A few words beside the pointer that say what a press would do. */
import { captionOf } from "../core/caption";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element, setAttribute, setText } from "./dom";

/** Where nothing is under the pointer, it must rest so long before something is said. */
const REST_MS = 700;

/** Beside the pointer, in CSS pixels; and where it does not fit there, on the other side. */
const ASIDE_PX = 16;
const BELOW_PX = 18;

export interface CaptionLayer {
  readonly node: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the caption.
 *
 * @param stage over which the pointer is followed
 * @param store is asked what a press would do
 * @param signal ends the listeners
 */
export function buildCaption(
  stage: HTMLElement,
  store: ViewStore,
  signal: AbortSignal,
): CaptionLayer {
  // Those who listen hear the status line; the eye has this one too.
  const node = element("div", { class: "dgw-caption", "aria-hidden": "true" });
  let timer = 0;
  let text = "";

  const show = (on: boolean): void => setAttribute(node, "data-shown", on);

  const say = (eager: boolean): void => {
    window.clearTimeout(timer);
    show(eager);
    if (!eager) timer = window.setTimeout(() => show(true), REST_MS);
  };

  const update = (state: State): void => {
    const caption = captionOf(state);
    if (!caption) {
      window.clearTimeout(timer);
      timer = 0;
      text = "";
      show(false);
      return;
    }
    if (caption.text === text) return;
    text = caption.text;
    setText(node, text);
    say(caption.eager);
  };

  const move = (event: PointerEvent): void => {
    if (event.pointerType === "touch") return;
    const { modifier } = store.state.view;
    // Also without the focus, in which keys are not heard.
    if (modifier !== "pan" && event.shiftKey !== (modifier === "pin")) {
      store.dispatch({ kind: "modifier", modifier: event.shiftKey ? "pin" : "none" });
    }
    const caption = captionOf(store.state);
    if (!caption) return;
    if (!caption.eager) say(false);
    const box = stage.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    const fitsRight = at.x + ASIDE_PX + node.offsetWidth <= box.width;
    const fitsBelow = at.y + BELOW_PX + node.offsetHeight <= box.height;
    const x = fitsRight ? at.x + ASIDE_PX : at.x - ASIDE_PX / 2 - node.offsetWidth;
    const y = fitsBelow ? at.y + BELOW_PX : at.y - BELOW_PX / 2 - node.offsetHeight;
    node.style.translate = `${Math.max(4, x).toFixed(1)}px ${Math.max(4, y).toFixed(1)}px`;
  };

  stage.addEventListener("pointermove", move, { signal });
  signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  return { node, update };
}
