/** What the widget tells: status line, progress, error banner, placeholder and the list of shortcuts. */

import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import {
  barOf,
  type Mood,
  numbersInWords,
  selectionInWords,
  sentenceOf,
  spokenOf,
} from "../core/words";
import { button, element, icon, setAttribute, setIcon, setText } from "./dom";
import type { IconName } from "./icons";
import { SHORTCUTS } from "./keys";

const MOOD_ICONS: Readonly<Record<Mood, IconName>> = {
  waiting: "spinner",
  ready: "ring",
  running: "play",
  arrived: "check",
  stalled: "bars",
  stopped: "stop",
  failed: "warning",
  busy: "hourglass",
  silent: "unplugged",
};

/** How long the button says that the details were copied. */
const COPIED_MS = 1600;

export interface Panel {
  readonly status: HTMLElement;
  readonly progress: HTMLElement;
  readonly banner: HTMLElement;
  readonly placeholder: HTMLElement;
  readonly help: HTMLElement;
  /** Reads words out once whoever listens is free. */
  readonly say: (words: string) => void;
  readonly update: (state: State) => void;
}

/**
 * Builds what the widget tells.
 *
 * @param store takes the actions
 * @param canvas gets the focus back from the list of shortcuts
 * @param signal ends the listeners
 */
export function buildPanel(
  store: ViewStore,
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): Panel {
  const status = buildStatus();
  const banner = buildBanner(store, signal);
  const help = buildHelp(store, signal);
  const fill = element("div", { class: "dgw-progress-fill" });
  const progress = element(
    "div",
    { class: "dgw-progress", role: "progressbar", "aria-label": "Progress" },
    fill,
  );
  const placeholder = element(
    "div",
    { class: "dgw-placeholder", "aria-hidden": "true" },
    icon("spinner"),
  );

  const update = (state: State): void => {
    const { shared, view } = state;
    const sentence = sentenceOf(state);
    status.update(state);
    banner.update(state);
    showHelp(help, canvas, view.helpOpen);
    placeholder.hidden = shared.frame !== null;
    setIcon(placeholder, sentence.mood === "waiting" ? "spinner" : MOOD_ICONS[sentence.mood]);
    setAttribute(placeholder, "data-mood", sentence.mood);
    const done = barOf(state);
    fill.style.transform = done === null ? "" : `scaleX(${done.toFixed(4)})`;
    setAttribute(progress, "aria-valuenow", done === null ? false : Math.round(100 * done));
    setAttribute(progress, "data-endless", done === null);
    setAttribute(progress, "data-mood", sentence.mood);
  };
  const { node, say } = status;
  return { status: node, progress, banner: banner.node, placeholder, help, say, update };
}

function buildStatus(): Pick<Panel, "say" | "update"> & { readonly node: HTMLElement } {
  const lamp = element("span", { class: "dgw-lamp", "aria-hidden": "true" }, icon("ring"));
  const text = element("span", { class: "dgw-status-text" });
  const numbers = element("span", { class: "dgw-numbers" });
  // Numbers that change with every picture would never let a screen reader finish.
  const spoken = element("span", { class: "dgw-spoken", role: "status", "aria-live": "polite" });
  const node = element("div", { class: "dgw-status" }, lamp, text, numbers, spoken);
  let saidStatus = "";
  let saidSelection = "";
  const update = (state: State): void => {
    const { mood, text: words } = sentenceOf(state);
    setAttribute(node, "data-mood", mood);
    setIcon(lamp, MOOD_ICONS[mood]);
    setText(text, words);
    setAttribute(text, "title", words);
    setText(numbers, state.view.seeking ? "" : numbersInWords(state.shared));
    const saysStatus = spokenOf(state);
    const saysSelection = selectionInWords(state);
    // Where a pointer takes a mark is said once it has let go.
    const moves = isCarrying(state);
    if (moves && mood === "ready") return;
    if (saysStatus !== saidStatus) setText(spoken, saysStatus);
    else if (!moves && saysSelection !== saidSelection) setText(spoken, saysSelection);
    saidStatus = saysStatus;
    if (!moves) saidSelection = saysSelection;
  };
  return { node, say: (words) => setText(spoken, words), update };
}

/** True while a pointer takes a mark somewhere. */
function isCarrying({ view: { gesture } }: State): boolean {
  return gesture.kind === "pull" || gesture.kind === "move";
}

function buildBanner(
  store: ViewStore,
  signal: AbortSignal,
): { node: HTMLElement; update: (state: State) => void } {
  const message = element("p", { class: "dgw-banner-message" });
  const details = element("pre", { class: "dgw-banner-details", tabindex: 0 });
  const copy = button("copy", "Copy the details", { text: "Copy details" });
  const dismiss = button("close", "Dismiss");
  const node = element(
    "div",
    { class: "dgw-banner", role: "alert", hidden: true },
    icon("warning"),
    message,
    dismiss,
    details,
    copy,
  );
  const told = (text: string) => setText(copy.lastElementChild ?? copy, text);
  copy.addEventListener(
    "click",
    async () => {
      const { problem } = store.state.shared;
      if (!problem) return;
      try {
        await navigator.clipboard.writeText(`${problem.message}\n\n${problem.details}`.trim());
        told("Copied");
      } catch {
        // A page without the right to the clipboard: the text is marked, for the keyboard to copy.
        window.getSelection()?.selectAllChildren(details);
        told("Press Ctrl+C");
      }
      window.setTimeout(() => told("Copy details"), COPIED_MS);
    },
    { signal },
  );
  dismiss.addEventListener("click", () => store.dispatch({ kind: "problem_dismiss" }), { signal });
  const update = ({ shared: { problem } }: State): void => {
    node.hidden = problem === null;
    setText(message, problem?.message ?? "");
    setText(details, problem?.details ?? "");
    details.hidden = !problem?.details;
    copy.hidden = details.hidden;
  };
  return { node, update };
}

function buildHelp(store: ViewStore, signal: AbortSignal): HTMLElement {
  const groups = new Map<string, HTMLElement>();
  for (const [keys, meaning, group = "More"] of SHORTCUTS) {
    const list = groups.get(group) ?? element("dl", { class: "dgw-shortcuts" });
    groups.set(group, list);
    list.append(element("dt", {}, keys), element("dd", {}, meaning));
  }
  const sections = [...groups].map(([name, list]) =>
    element("section", { class: "dgw-help-group" }, element("h3", {}, name), list),
  );
  const close = button("close", "Close", { key: "Esc" });
  close.addEventListener("click", () => store.dispatch({ kind: "help", open: false }), { signal });
  const title = element("strong", {}, "Shortcuts");
  const head = element("div", { class: "dgw-help-head" }, title, close);
  return element(
    "div",
    { class: "dgw-help", role: "dialog", "aria-label": "Shortcuts", hidden: true },
    head,
    element(
      "div",
      { class: "dgw-help-scroll", tabindex: 0 },
      element("div", { class: "dgw-help-groups" }, ...sections),
    ),
  );
}

/** Opens or closes the list of shortcuts; the focus goes in and comes back. */
function showHelp(help: HTMLElement, canvas: HTMLCanvasElement, open: boolean): void {
  if (help.hidden !== open) return;
  const inside = help.matches(":focus-within");
  help.hidden = !open;
  if (open) help.querySelector("button")?.focus({ preventScroll: true });
  else if (inside) canvas.focus({ preventScroll: true });
}
