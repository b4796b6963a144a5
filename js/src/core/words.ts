/** What the status line says, shows and reads out for each state. */
import { distance } from "./geometry";
import { isActive } from "./intent";
import { outsideInWords } from "./outside";
import { filmHint } from "./past";
import { marksOf } from "./points";
import { isLive } from "./pull";
import { SEEKING_WORDS } from "./seeking";
import { DRAFT_ID, type Shared, type State, selectionOf } from "./state";
import { assertNever } from "./types";

/** What a saved copy of a page says, which has a picture or was saved too early for one. */
const SAVED = {
  picture: "The picture as it was saved; no kernel runs behind this page",
  nothing: "Saved before there was a picture; no kernel runs behind this page",
} as const;

/** How the status looks: each mood has a shape and a colour of its own. */
export type Mood =
  | "waiting"
  | "ready"
  | "running"
  | "arrived"
  | "stalled"
  | "stopped"
  | "failed"
  | "busy"
  | "silent";

export interface Sentence {
  readonly mood: Mood;
  readonly text: string;
}

/** Where the run stands. */
export interface Metrics {
  readonly step: number;
  readonly distancePx: number;
  /** The part of the way that is done, 0 .. 1. */
  readonly progress: number;
}

/** What the bar shows: a part that is done, or null for work whose end is not known. */
export function barOf(state: State): number | null {
  switch (sentenceOf(state).mood) {
    case "waiting":
      return state.shared.frame ? 0 : null;
    case "arrived":
      return 1;
    case "ready":
    case "failed":
      return 0;
    case "busy":
    case "running":
    case "silent":
    case "stalled":
    case "stopped":
      return metricsOf(state.shared)?.progress ?? 0;
  }
}

/** The status line. */
export function sentenceOf(state: State): Sentence {
  const { shared, view } = state;
  const { traits } = shared;
  const trouble = troubleOf(shared);
  if (trouble) return trouble;
  if (view.seeking) return { mood: "waiting", text: SEEKING_WORDS };
  if (!shared.frame && traits.status === "failed") return resultOf(shared);
  if (traits.status === "loading" || !shared.frame) {
    const text = traits.busyText || traits.statusText || "Loading the picture ...";
    return { mood: "waiting", text };
  }
  const film = filmHint(state);
  if (film !== null) return { mood: "ready", text: film };
  const hint = hintOf(state);
  if (hint !== null) return { mood: isActive(shared) ? "running" : "ready", text: hint };
  if (shared.commands.some((command) => command.name === "stop")) {
    return { mood: "running", text: "Stopping ..." };
  }
  if (shared.pulls.length > 0) {
    return { mood: "running", text: "Pull: the picture follows" };
  }
  if (traits.running) {
    const metrics = metricsOf(shared);
    const way = metrics
      ? `step ${metrics.step}, ${lengthInWords(metrics.distancePx)} to go`
      : "...";
    return { mood: "running", text: `Dragging: ${way}` };
  }
  if (isActive(shared)) return { mood: "running", text: "Starting ..." };
  if (shared.link === "back") {
    return { mood: "ready", text: "Connected again; what was changed meanwhile was sent" };
  }
  if (traits.busyText !== "") return { mood: "waiting", text: traits.busyText };
  if (view.mode === "mask") return { mood: "ready", text: maskHint(state) };
  return resultOf(shared);
}

/** What is read out of the status line: no numbers that change with every picture, or a reader would never finish. */
export function spokenOf(state: State): string {
  const { mood, text } = sentenceOf(state);
  if (text === filmHint(state)) return "A picture of the last drag: keep it, or go back with Esc";
  if (mood === "running") return text.replace(/:.*/, "");
  return [text, outsideInWords(state.shared)].filter((part) => part !== "").join(". ");
}

/** The numbers of the status line; null without points. */
export function metricsOf(shared: Shared): Metrics | null {
  if (shared.pairs.length === 0) return null;
  const { traits, frame } = shared;
  const live = traits.running && frame && frame.distancesPx.length > 0;
  const measured = hasResult(shared) ? traits.distancePx : farthestPx(shared);
  const distancePx = live ? Math.max(...frame.distancesPx) : measured;
  // A pull has no way to go: its end is wherever the pointer is.
  const start = shared.pulls.length > 0 ? 0 : shared.startDistancePx;
  return {
    step: live ? frame.step : traits.step,
    distancePx,
    progress: start > 0 ? Math.min(Math.max(1 - distancePx / start, 0), 1) : 0,
  };
}

/** The numbers at the end of the status line: the pace of a run, or what it came to; empty without points. */
export function numbersInWords(shared: Shared): string {
  const metrics = metricsOf(shared);
  if (!metrics) return "";
  if (!shared.traits.running) return `step ${metrics.step} · ${lengthInWords(metrics.distancePx)}`;
  const pace = shared.intervalMs > 0 ? Math.round(1000 / shared.intervalMs) : 0;
  return pace > 0 ? `${counted(pace, "picture")}/s` : "";
}

/** A length for reading: "12.3 px". */
export function lengthInWords(lengthPx: number): string {
  return `${lengthPx.toFixed(1)} px`;
}

/** The chosen mark for a person who listens; empty when there is none. */
export function selectionInWords(state: State): string {
  const selection = selectionOf(state);
  const marks = marksOf(state.shared.pairs, state.view.draft);
  const mark = marks.find(({ grip }) => grip.id === selection?.id && grip.part === selection.part);
  if (!mark) return "";
  const name = mark.grip.part === "handle" ? "Handle" : "Target";
  const which =
    mark.grip.id === DRAFT_ID ? "of the new pair" : numberOf(state.shared, mark.grip.id);
  return `${name} ${which} at ${Math.round(mark.at.x)}, ${Math.round(mark.at.y)}`;
}

/** The number of a pair on the picture, from 1. */
export function numberOf(shared: Shared, id: number): number {
  return shared.pairs.findIndex((pair) => pair.id === id) + 1;
}

/** True where Escape has nothing to give up: no gesture, no list of keys, no half-made pair, no run, no search. */
export function isCalm({ shared, view }: State): boolean {
  const busy = view.helpOpen || view.seeking || isActive(shared);
  return view.gesture.kind === "none" && !view.draft && !busy;
}

/** What keeps the kernel from answering; null while it does. */
function troubleOf(shared: Shared): Sentence | null {
  switch (shared.link) {
    case "busy":
      return { mood: "busy", text: "The kernel is busy with a cell; your edit waits" };
    case "silent":
      return {
        mood: "silent",
        text: "No answer from the kernel; what you change is sent when it is back",
      };
    case "gone":
      return {
        mood: "silent",
        text: "Disconnected: the kernel was restarted or has ended. Run the cell again; the picture stays here",
      };
    case "saved":
      return { mood: "silent", text: SAVED[shared.frame ? "picture" : "nothing"] };
    case "alive":
    case "back":
      return null;
    default:
      return assertNever(shared.link);
  }
}

/** What to do next with a half-made pair; null without one. */
function hintOf({ view }: State): string | null {
  if (!view.draft) return null;
  if (view.draft.target) {
    return view.gesture.kind === "aim"
      ? "Let go where the point should be"
      : "Move the target with the arrow keys, then press Enter";
  }
  return view.touch ? "Now tap where it should go" : "Now click where it should go";
}

function maskHint({ shared, view }: State): string {
  if (view.brush.kind === "lasso") return "Draw around what may move; Shift takes away instead";
  if (!shared.mask) return "Paint where the picture may move; without a mask all of it may";
  return "The dimmed part stays as it is";
}

/** True when the kernel's result is about the points as they are now. */
function hasResult(shared: Shared): boolean {
  const { status } = shared.traits;
  return status !== "idle" && status !== "loading" && shared.edit.rev <= shared.resultRev;
}

function farthestPx(shared: Shared): number {
  return Math.max(0, ...shared.pairs.map((pair) => distance(pair.handle, pair.target)));
}

/** What the last run came to, or what to do first. */
function resultOf(shared: Shared): Sentence {
  const { traits } = shared;
  const away = lengthInWords(traits.distancePx);
  const said = traits.statusText;
  const status = hasResult(shared) || traits.status === "failed" ? traits.status : "idle";
  switch (status) {
    case "arrived":
      return { mood: "arrived", text: said || `Arrived after ${counted(traits.step, "step")}` };
    case "stalled":
      return { mood: "stalled", text: said || `Stalled: it came no nearer than ${away}` };
    case "max_steps":
      return {
        mood: "stalled",
        text: said || `Stopped at the limit of ${counted(traits.step, "step")}, ${away} to go`,
      };
    case "stopped":
      return { mood: "stopped", text: said || `Stopped at step ${traits.step}, ${away} to go` };
    case "failed":
      return { mood: "failed", text: said || "Failed; the message says why" };
    case "idle":
    case "loading":
    case "running":
      return { mood: "ready", text: readyText(shared) };
    default:
      return assertNever(status);
  }
}

function readyText(shared: Shared): string {
  const count = shared.pairs.length;
  if (count === 0) {
    return isLive(shared)
      ? "Press on the picture and pull"
      : "Click a point of the picture, then where it should go";
  }
  return `Ready: ${counted(count, "point")}, ${lengthInWords(farthestPx(shared))} to go`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
