/** The panel under the picture that shows the past: the strip of the history, and the film of the last drag. */
import type { Ask } from "../core/asks";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element } from "./dom";
import { FilmScrubber } from "./film";
import type { Picture } from "./frame";
import { Strip } from "./strip";

export interface PastPanel {
  readonly node: HTMLElement;
  /** Lies over the picture while that is one of the film. */
  readonly chip: HTMLElement;
  readonly update: (state: State) => void;
  /** What is drawn: the present state with its picture, or one of the last drag. */
  readonly shown: (state: State, present: Picture | null) => [State, Picture | null];
}

/**
 * Builds the panel.
 *
 * @param store takes the actions
 * @param ask asks the kernel
 * @param canvas gets the focus back when the panel is folded away
 * @param redraw has the picture drawn anew
 * @param signal ends the listeners
 */
export function buildPast(
  store: ViewStore,
  ask: Ask,
  canvas: HTMLCanvasElement,
  redraw: () => void,
  signal: AbortSignal,
): PastPanel {
  const strip = new Strip(store, ask, signal);
  const film = new FilmScrubber(store, ask, redraw, signal);
  const node = element(
    "section",
    { class: "dgw-past", "aria-label": "History", hidden: true },
    strip.node,
    strip.caption,
    film.node,
  );
  const update = (state: State): void => {
    const { historyOpen } = state.view;
    const opens = node.hidden && historyOpen;
    const holdsFocus = node.matches(":focus-within");
    node.hidden = !historyOpen;
    strip.update(state);
    film.update(state);
    // By the key, which is pressed on the picture, one wants to go on with keys.
    if (opens && canvas.matches(":focus")) strip.node.focus({ preventScroll: true });
    if (!historyOpen && holdsFocus) canvas.focus({ preventScroll: true });
  };
  const shown = (state: State, present: Picture | null): [State, Picture | null] => {
    const found = film.drawn(state);
    if (!found || !present) return [state, present];
    const { shared, view } = state;
    const alone = { ...view, hover: null, selection: null, draft: null };
    return [
      { shared: { ...shared, pairs: found.pairs }, view: alone },
      { frame: present.frame, bitmap: found.bitmap },
    ];
  };
  return { node, chip: film.chip, update, shown };
}
