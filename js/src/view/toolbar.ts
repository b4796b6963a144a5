/** The controls above and below the picture, as actions; each shows the state it changes. */
import { areAnimals } from "../core/choices";
import { brushRadiusPx, isActive } from "../core/intent";
import { MAX_SEED } from "../core/protocol";
import type { State, ViewAction } from "../core/state";
import type { ViewStore } from "../core/store";
import { isOver } from "../core/types";
import {
  button,
  element,
  onPress,
  setAttribute,
  setEnabled,
  setIcon,
  setLabel,
  setText,
} from "./dom";

/** Steps of the brush slider from the smallest to the largest brush. */
const BRUSH_SLIDER_STEPS = 100;

export interface Toolbar {
  readonly top: HTMLElement;
  readonly bottom: HTMLElement;
  readonly help: HTMLElement;
  /** Where what chooses pictures is, and where everything else is that opens something. */
  readonly sampling: HTMLElement;
  readonly more: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the controls.
 *
 * @param store takes the actions
 * @param sample asks for a new picture with a seed by chance
 * @param files opens the menu for files
 * @param signal ends the listeners
 */
export function buildToolbar(
  store: ViewStore,
  sample: () => void,
  files: HTMLElement,
  signal: AbortSignal,
): Toolbar {
  const on = (node: HTMLElement, event: string, act: () => void) =>
    node.addEventListener(event, act, { signal });
  const does = (node: HTMLElement, action: (state: State) => ViewAction) =>
    onPress(node, () => store.dispatch(action(store.state)), signal);

  const points = button("points", "Points: what moves where", { text: "Points", key: "M" });
  const mask = button("brush", "Mask: where the picture may move", { text: "Mask", key: "M" });
  const auto = button("bolt", "Live: the picture follows a pull, and a pair starts at once", {
    text: "Live",
  });
  const clearPoints = button("trash", "Remove all points");
  const paint = button("brush", "Brush: may move", { key: "B" });
  const erase = button("eraser", "Eraser: stays as it is", { key: "E" });
  const lasso = button("lasso", "Lasso: draw around what may move", { key: "L" });
  const size = element("input", {
    type: "range",
    class: "dgw-range",
    min: 1,
    max: BRUSH_SLIDER_STEPS,
    "aria-label": "Brush size",
    title: "Brush size (wheel over the picture, [ and ])",
  });
  const invert = button("invert", "Swap what may move and what may not");
  const clearMask = button("trash", "Remove the mask: all may move");
  const help = button("help", "Shortcuts", { key: "?" });
  const run = button("play", "Run", { text: "Run", key: "Enter", className: "dgw-primary" });
  const step = button("step", "One step", { key: "S" });
  const undo = button("undo", "Undo", { key: "Z" });
  const redo = button("redo", "Redo", { key: "Shift+Z" });
  const reset = button("reset", "Back to the start", { key: "R" });
  const history = button("history", "Earlier pictures", { key: "H" });
  const dice = button("dice", "New picture by chance", { text: "New", key: "A" });
  const seed = element("input", {
    type: "number",
    class: "dgw-seed",
    min: 0,
    max: MAX_SEED,
    step: 1,
    "aria-label": "Seed",
    title: "Seed: the same number gives the same picture",
  });

  does(points, () => ({ kind: "mode", mode: "points" }));
  does(mask, () => ({ kind: "mode", mode: "mask" }));
  does(auto, ({ shared }) => ({ kind: "auto_run", on: !shared.traits.autoRun }));
  does(clearPoints, () => ({ kind: "command", name: "clear_points" }));
  does(paint, () => ({ kind: "brush_kind", brush: "paint" }));
  does(erase, () => ({ kind: "brush_kind", brush: "erase" }));
  does(lasso, () => ({ kind: "brush_kind", brush: "lasso" }));
  on(size, "input", () => store.dispatch(brushAction(store.state, size.valueAsNumber)));
  does(invert, () => ({ kind: "mask_invert" }));
  does(clearMask, () => ({ kind: "mask_clear" }));
  does(help, ({ view }) => ({ kind: "help", open: !view.helpOpen }));
  does(run, ({ shared }) => ({ kind: "command", name: isActive(shared) ? "stop" : "run" }));
  does(step, () => ({ kind: "command", name: "step" }));
  does(undo, () => ({ kind: "command", name: "undo" }));
  does(redo, () => ({ kind: "command", name: "redo" }));
  does(reset, () => ({ kind: "command", name: "reset" }));
  does(history, ({ view }) => ({ kind: "history", open: !view.historyOpen }));
  onPress(dice, sample, signal);
  on(seed, "change", () => {
    if (seed.validity.valid && seed.value !== "") {
      store.dispatch({ kind: "sample", seed: seed.valueAsNumber });
    } else seed.value = String(store.state.shared.traits.seed);
  });

  const group = (label: string, ...nodes: HTMLElement[]) =>
    element("div", { class: "dgw-group", role: "group", "aria-label": label }, ...nodes);
  const segments = (label: string, ...nodes: HTMLElement[]) =>
    element("div", { class: "dgw-segments", role: "group", "aria-label": label }, ...nodes);
  const grow = () => element("span", { class: "dgw-grow" });
  const pointTools = group("Points", auto, clearPoints);
  const maskTools = group("Mask", segments("Brush", paint, erase, lasso), size, invert, clearMask);
  maskTools.classList.add("dgw-mask-tools");
  const sampling = group("Picture", dice, seed);
  sampling.classList.add("dgw-sampling");
  const more = group("More", files, help);
  const top = element(
    "div",
    { class: "dgw-bar" },
    segments("Mode", points, mask),
    pointTools,
    maskTools,
    grow(),
    more,
  );
  const bottom = element(
    "div",
    { class: "dgw-bar" },
    group("Run", run, step),
    group("History", undo, redo, reset, history),
    grow(),
    sampling,
  );

  const update = (state: State): void => {
    const { shared, view } = state;
    const { traits } = shared;
    const active = isActive(shared);
    const shown = shared.frame !== null;
    const there = shown && !isOver(shared.link);
    const canRun = there && shared.pairs.length > 0;
    setIcon(run, active ? "stop" : "play");
    setText(run.lastElementChild ?? run, active ? "Stop" : "Run");
    setLabel(run, active ? "Stop" : "Run", active ? "Esc" : "Enter");
    setAttribute(run, "data-active", active);
    setEnabled(run, active || canRun);
    setEnabled(step, canRun && !active);
    setEnabled(undo, (there && traits.canUndo) || view.draft !== null);
    setEnabled(redo, there && traits.canRedo);
    setEnabled(reset, there);
    setAttribute(history, "aria-expanded", String(view.historyOpen));
    setEnabled(clearPoints, shared.pairs.length > 0 || view.draft !== null);
    setEnabled(invert, shared.mask !== null);
    setEnabled(clearMask, shared.mask !== null);
    setEnabled(dice, there);
    setAttribute(points, "aria-pressed", String(view.mode === "points"));
    setAttribute(mask, "aria-pressed", String(view.mode === "mask"));
    setAttribute(auto, "aria-pressed", String(traits.autoRun));
    setAttribute(paint, "aria-pressed", String(view.brush.kind === "paint"));
    setAttribute(erase, "aria-pressed", String(view.brush.kind === "erase"));
    setAttribute(lasso, "aria-pressed", String(view.brush.kind === "lasso"));
    size.hidden = view.brush.kind === "lasso";
    setAttribute(help, "aria-expanded", String(view.helpOpen));
    pointTools.hidden = view.mode !== "points";
    maskTools.hidden = view.mode !== "mask";
    size.value = String(sliderOf(state));
    const animals = areAnimals(shared);
    setText(dice.lastElementChild ?? dice, animals ? "New animal" : "New picture");
    setLabel(dice, animals ? "New animal by chance" : "New picture by chance", "A");
    if (!seed.matches(":focus")) seed.value = String(traits.seed);
  };
  return { top, bottom, help, sampling, more, update };
}

/** The brush for a place of the slider; squared, so that small brushes can be chosen finely. */
function brushAction(state: State, value: number): ViewAction {
  const part = value / BRUSH_SLIDER_STEPS;
  return { kind: "brush_radius", radiusPx: part * part * largestBrush(state) };
}

function sliderOf(state: State): number {
  const part = brushRadiusPx(state.view, state.shared.traits.imageSize) / largestBrush(state);
  return Math.round(Math.sqrt(part) * BRUSH_SLIDER_STEPS);
}

function largestBrush(state: State): number {
  const { width, height } = state.shared.traits.imageSize;
  return Math.min(width, height) / 2;
}
