/** What lies over the picture while a photo is looked for: what was found so far, the photo, how far it is, a way out. */
import { Newest } from "../core/newest";
import type { Progress } from "../core/progress";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { bitmapOf } from "./bitmap";
import { button, element, setAttribute, setText } from "./dom";

/** What takes neither pointers nor keys meanwhile. */
const HELD_UP =
  ".dgw-bar, .dgw-canvas, .dgw-compare, .dgw-drawer, .dgw-outside, .dgw-past, .dgw-viewbar";

export interface Seeking {
  readonly node: HTMLElement;
  /** Shows that a photo is looked for; `cancel` gives it up. */
  readonly begins: (name: string, cancel: () => void) => void;
  readonly progressed: (progress: Progress) => void;
  readonly ends: () => void;
  /** Listens for Escape in the whole widget. */
  readonly listen: (root: HTMLElement, canvas: HTMLElement) => void;
}

/**
 * Builds it.
 *
 * @param store is told that a photo is looked for
 * @param signal ends it, and the search
 */
export function buildSeeking(store: ViewStore, signal: AbortSignal): Seeking {
  const found = element("canvas", { class: "dgw-seeking-found", "aria-hidden": "true" });
  const photo = element("canvas", { class: "dgw-seeking-photo" });
  const inset = element(
    "figure",
    { class: "dgw-seeking-inset", "aria-hidden": "true", hidden: true },
    photo,
    element("figcaption", {}, "Photo"),
  );
  const words = element("span", { class: "dgw-seeking-words", role: "status" });
  const percent = element("span", { class: "dgw-seeking-part", "aria-hidden": "true" });
  const fill = element("span", { class: "dgw-job-fill" });
  const bar = element(
    "span",
    {
      class: "dgw-job-bar dgw-seeking-bar",
      role: "progressbar",
      "aria-label": "Looking for the photo",
    },
    fill,
  );
  const cancel = button("close", "Cancel", { text: "Cancel", key: "Esc" });
  const name = element("strong", { class: "dgw-seeking-name" });
  const line = element("div", { class: "dgw-seeking-line" }, words, percent);
  const told = element("div", { class: "dgw-seeking-told" }, name, line, bar);
  const panel = element("div", { class: "dgw-seeking-panel" }, told, cancel);
  const node = element(
    "div",
    { class: "dgw-seeking", role: "group", "aria-label": "Looking for a photo", hidden: true },
    found,
    inset,
    panel,
  );
  let act: (() => void) | null = null;
  let home: HTMLElement | null = null;

  const show = (shown: Progress["shown"], bitmap: ImageBitmap): void => {
    if (shown?.what === "photo") drawOn(photo, bitmap);
    // Until something was found there is nothing but the photo to look at.
    inset.hidden = shown?.what !== "picture";
    drawOn(found, bitmap);
    bitmap.close();
    setAttribute(node, "data-shows", shown?.what ?? "");
  };
  const pictures = new Newest<NonNullable<Progress["shown"]>, ImageBitmap>(
    ({ file }) => bitmapOf(file),
    show,
    () => undefined, // a picture that cannot be shown is followed by the next
  );
  const advance = (part: number, text: string): void => {
    setText(words, text);
    setText(percent, part > 0 ? `${Math.round(100 * part)} %` : "");
    setAttribute(bar, "data-endless", part === 0);
    setAttribute(bar, "aria-valuenow", part === 0 ? false : Math.round(100 * part));
    fill.style.transform = part === 0 ? "" : `scaleX(${part.toFixed(4)})`;
  };
  const holdUp = (on: boolean): void => {
    const root = node.closest(".dgw");
    for (const each of root?.querySelectorAll(HELD_UP) ?? []) setAttribute(each, "inert", on);
  };
  const begins = (text: string, cancelling: () => void): void => {
    act = cancelling;
    setText(name, text);
    setAttribute(name, "title", text);
    advance(0, "Reading it");
    inset.hidden = true;
    setAttribute(node, "data-shows", "");
    node.hidden = false;
    store.dispatch({ kind: "seeking", on: true });
    holdUp(true);
    // A key pressed elsewhere never comes here, and the tools that had the focus have lost it.
    cancel.focus({ preventScroll: true });
  };
  const ends = (): void => {
    if (node.hidden) return;
    const inside = node.matches(":focus-within");
    act = null;
    pictures.want(null);
    node.hidden = true;
    holdUp(false);
    store.dispatch({ kind: "seeking", on: false });
    if (inside) home?.focus({ preventScroll: true });
  };
  const giveUp = (): void => act?.();
  cancel.addEventListener("click", giveUp, { signal });
  signal.addEventListener("abort", giveUp, { once: true });

  const listen = (root: HTMLElement, canvas: HTMLElement): void => {
    home = canvas;
    root.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || !act || isElsewhere(store.state)) return;
        event.preventDefault();
        event.stopPropagation();
        giveUp();
      },
      // Before the keys of the widget, for which Escape means something else.
      { capture: true, signal },
    );
    // A press on what takes none would take the keyboard away, and Escape with it.
    root.addEventListener("mousedown", (event) => act && event.preventDefault(), { signal });
  };
  const progressed = ({ part, words: text, shown }: Progress): void => {
    if (!act) return;
    advance(part, text);
    if (shown) pictures.want(shown);
  };
  return { node, begins, progressed, ends, listen };
}

/** True where Escape closes something else first. */
function isElsewhere({ view }: State): boolean {
  return view.helpOpen;
}

/** Draws a picture over the whole of a canvas of its own size. */
function drawOn(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}
