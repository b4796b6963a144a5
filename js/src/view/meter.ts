/** A line with the pace of steps and pictures and the lag behind the pointer, folded away until it is wanted. */
import { figuresInWords, type Meter } from "../core/meter";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, setAttribute, setText } from "./dom";

/** The figures are read this often: faster they could not be read. */
const REFRESH_MS = 500;

const NAMES = [
  "Steps",
  "Pictures",
  "From the pointer to the picture that follows it, median",
  "Once the picture rests it is sent whole",
];

export interface MeterView {
  readonly node: HTMLElement;
  readonly toggle: HTMLButtonElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the line and the button that unfolds it.
 *
 * @param meter measures
 * @param store takes the action
 * @param signal ends listener and timer
 */
export function buildMeter(meter: Meter, store: ViewStore, signal: AbortSignal): MeterView {
  const toggle = button("gauge", "Speed", { key: "I", className: "dgw-quiet" });
  const figures = NAMES.map((title) => element("span", { title }));
  const node = element(
    "div",
    { class: "dgw-meter", role: "group", "aria-label": "Speed", hidden: true },
    ...figures,
  );
  let timer = 0;
  const show = (): void => {
    const words = figuresInWords(meter.figures);
    figures.forEach((figure, index) => {
      setText(figure, words[index] ?? "");
    });
    timer = window.setTimeout(show, REFRESH_MS);
  };
  toggle.addEventListener(
    "click",
    () => store.dispatch({ kind: "meter", open: !store.state.view.meterOpen }),
    { signal },
  );
  signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  const update = ({ view: { meterOpen } }: State): void => {
    setAttribute(toggle, "aria-expanded", String(meterOpen));
    if (node.hidden !== meterOpen) return;
    node.hidden = !meterOpen;
    window.clearTimeout(timer);
    if (meterOpen) show();
  };
  return { node, toggle, update };
}
