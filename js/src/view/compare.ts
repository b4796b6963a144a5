/** The start and now side by side: a divider to be dragged, and what each side shows. */
import { isComparing } from "../core/sight";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element, icon, setAttribute } from "./dom";

/** What an arrow key, and a page key, moves the divider by, in parts of the width. */
const STEP = 0.02;
const STEP_FAR = 0.1;

const KEYS: Readonly<Record<string, (divider: number) => number>> = {
  ArrowLeft: (divider) => divider - STEP,
  ArrowDown: (divider) => divider - STEP,
  ArrowRight: (divider) => divider + STEP,
  ArrowUp: (divider) => divider + STEP,
  PageDown: (divider) => divider - STEP_FAR,
  PageUp: (divider) => divider + STEP_FAR,
  Home: () => 0,
  End: () => 1,
};

export interface CompareLayer {
  readonly node: HTMLElement;
  /** @param known whether the picture at the start is there */
  readonly update: (state: State, known: boolean) => void;
}

/**
 * Builds the layer that lies over the picture while two are compared.
 *
 * @param store takes the actions
 * @param canvas gets the focus back
 * @param signal ends the listeners
 */
export function buildCompare(
  store: ViewStore,
  canvas: HTMLElement,
  signal: AbortSignal,
): CompareLayer {
  const knob = element("span", { class: "dgw-divider-knob" }, icon("sides"));
  const divider = element(
    "div",
    {
      class: "dgw-divider",
      role: "slider",
      tabindex: 0,
      "aria-label": "Divider between the start and now",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      title: "Drag, or use the arrow keys",
    },
    knob,
  );
  const start = element("span", { class: "dgw-side dgw-side-start" }, "Start");
  const now = element("span", { class: "dgw-side dgw-side-now" }, "Now");
  const node = element("div", { class: "dgw-compare", hidden: true }, start, now, divider);
  let active: number | null = null;

  const follow = (event: PointerEvent): void => {
    const box = node.getBoundingClientRect();
    store.dispatch({ kind: "divider", at: (event.clientX - box.left) / Math.max(box.width, 1) });
  };
  const isPanning = () => store.state.view.gesture.kind === "pan";
  node.addEventListener(
    "pointerdown",
    (event) => {
      if (active !== null || event.button !== 0) return;
      event.stopPropagation();
      active = event.pointerId;
      node.setPointerCapture(event.pointerId);
      follow(event);
    },
    { signal },
  );
  node.addEventListener(
    "pointermove",
    (event) => {
      if (event.pointerId === active && !isPanning()) follow(event);
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    node.addEventListener(
      end,
      (event) => {
        if (event.pointerId === active) active = null;
      },
      { signal },
    );
  }
  divider.addEventListener(
    "keydown",
    (event) => {
      const move = KEYS[event.key];
      if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      store.dispatch({ kind: "divider", at: move(store.state.view.compare.divider) });
    },
    { signal },
  );

  const update = ({ view }: State, known: boolean): void => {
    const { split, divider: at } = view.compare;
    const opens = split && divider.hidden;
    const leaves = !split && divider.matches(":focus");
    node.hidden = !isComparing(view.compare);
    setAttribute(node, "data-split", split);
    setAttribute(node, "data-known", known);
    divider.hidden = now.hidden = !split;
    node.style.setProperty("--dgw-divider", String(at));
    setAttribute(divider, "aria-valuenow", Math.round(100 * at));
    setAttribute(divider, "aria-valuetext", `${Math.round(100 * at)}% start`);
    if (opens) divider.focus({ preventScroll: true });
    if (leaves) canvas.focus({ preventScroll: true });
  };
  return { node, update };
}
