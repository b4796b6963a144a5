/** The slider of the truncation: the picture follows it, and what it was slid through is one change. */
import {
  areAnimals,
  isSampling,
  LEAST_TRUNCATION,
  MOST_TRUNCATION,
  seedOf,
  TRUNCATION_MARKS,
  TRUNCATION_STEP,
  truncationInFigures,
  truncationInWords,
  truncationOf,
} from "../core/choices";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element, setAttribute, setText, uniqueId } from "./dom";

export interface TruncationSlider {
  readonly node: HTMLElement;
  /** Where the slider is. */
  readonly value: () => number;
  readonly update: (state: State) => void;
}

/**
 * Builds the slider.
 *
 * @param store takes the actions
 * @param moved told that the slider has another value
 * @param signal ends the listeners
 */
export function buildTruncation(
  store: ViewStore,
  moved: () => void,
  signal: AbortSignal,
): TruncationSlider {
  const id = uniqueId("truncation");
  const slider = element("input", {
    type: "range",
    class: "dgw-range dgw-truncation",
    id,
    min: LEAST_TRUNCATION,
    max: MOST_TRUNCATION,
    step: TRUNCATION_STEP,
    list: `${id}-marks`,
    "aria-describedby": `${id}-meaning`,
  });
  const marks = element("datalist", { id: `${id}-marks` });
  for (const mark of TRUNCATION_MARKS) marks.append(element("option", { value: mark }));
  const figure = element("output", { class: "dgw-figure", for: id });
  const meaning = element("p", { class: "dgw-meaning", id: `${id}-meaning` });
  const label = element("label", { class: "dgw-label", for: id }, "Truncation");
  const node = element(
    "div",
    { class: "dgw-truncation-row" },
    label,
    slider,
    figure,
    marks,
    meaning,
  );
  let slides = false;
  let due = false;

  /** Asks for the picture at the slider's place; while one is on its way, for the newest afterwards. */
  const sample = (): void => {
    const { shared } = store.state;
    due = isSampling(shared);
    if (due || truncationOf(shared) === slider.valueAsNumber) return;
    const truncationPsi = slider.valueAsNumber;
    store.dispatch({ kind: "sample", seed: seedOf(shared), truncationPsi });
  };
  const show = (state: State): void => {
    const animals = areAnimals(state.shared);
    const words = truncationInWords(slider.valueAsNumber, animals);
    setText(figure, truncationInFigures(slider.valueAsNumber));
    setAttribute(
      slider,
      "aria-valuetext",
      `${truncationInFigures(slider.valueAsNumber)}, ${words}`,
    );
    const edited = state.shared.pairs.length > 0 || state.shared.traits.step > 0;
    const warning = edited
      ? ". Sliding goes back to the seed's picture; Undo brings yours back"
      : "";
    setText(meaning, `${words}${warning}`);
  };
  slider.addEventListener(
    "input",
    () => {
      slides = true;
      show(store.state);
      moved();
      sample();
    },
    { signal },
  );
  slider.addEventListener(
    "change",
    () => {
      slides = false;
      sample();
    },
    { signal },
  );
  const update = (state: State): void => {
    if (due && !isSampling(state.shared)) {
      due = false;
      // Not from within the store's round of news.
      queueMicrotask(() => !signal.aborted && sample());
    } else if (!slides && !due) slider.value = String(truncationOf(state.shared));
    show(state);
  };
  return { node, value: () => slider.valueAsNumber, update };
}
