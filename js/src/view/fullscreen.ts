/** The widget on the whole screen: a button, its key, and Escape. */
import type { ViewStore } from "../core/store";
import { isCalm } from "../core/words";
import { button, isTyping, setIcon, setLabel } from "./dom";

/**
 * Builds the button; it is hidden where the page may not fill the screen.
 *
 * @param root fills the screen
 * @param store says whether Escape has anything else to give up first
 * @param signal ends the listeners
 */
export function buildFullscreen(
  root: HTMLElement,
  store: ViewStore,
  signal: AbortSignal,
): HTMLButtonElement {
  const node = button("expand", "Fill the screen", { key: "F" });
  node.hidden = !document.fullscreenEnabled;
  const isFull = () => outermost() === root;
  const leave = () => void document.exitFullscreen().catch(() => undefined);
  const toggle = (): void => {
    if (isFull()) leave();
    // The browser may say no, as to a page in a frame: then everything stays as it is.
    else void root.requestFullscreen?.().catch(() => undefined);
  };
  const press = (event: KeyboardEvent): void => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain || isTyping(event)) return;
    if (event.key.toLowerCase() === "f" && !event.repeat) toggle();
    else if (event.key === "Escape" && isFull() && isCalm(store.state)) leave();
  };
  const update = (): void => {
    setIcon(node, isFull() ? "shrink" : "expand");
    setLabel(node, isFull() ? "Leave the full screen" : "Fill the screen", isFull() ? "Esc" : "F");
  };
  node.addEventListener("click", toggle, { signal });
  // Before the keys of the widget, which change what Escape would give up.
  root.addEventListener("keydown", press, { capture: true, signal });
  document.addEventListener("fullscreenchange", update, { signal });
  signal.addEventListener("abort", () => isFull() && leave(), { once: true });
  return node;
}

/** The element that fills the screen, also inside shadow trees. */
function outermost(): Element | null {
  let found = document.fullscreenElement;
  while (found?.shadowRoot?.fullscreenElement) found = found.shadowRoot.fullscreenElement;
  return found;
}
