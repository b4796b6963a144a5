/** How a person looks at the picture: zoom, pan, comparison with the start, and the keys held meanwhile. */
import { FIT, looked, MIDDLE, revealing, stageAt } from "./camera";
import { clamp, type Size, type Vec } from "./geometry";
import { selectedMark, withView } from "./intent";
import { gestureCancelled } from "./pointer";
import type { Compare, SightAction } from "./sight_types";
import { assertNever, IDLE, type State, type View } from "./types";

/** A mark that is chosen or moved by key keeps so far off the edges, as a part of the stage. */
const MARGIN = 0.08;

/** An arrow key without a chosen mark moves the picture by this part of the stage, with Shift by the second. */
const STEP = 0.1;
const STEP_FAR = 0.4;

/** The divider keeps so far off the edges, so that it can be taken again, as a part of the stage's width. */
const DIVIDER_MARGIN = 0.02;

/** The state after a person has looked closer, aside or back. */
export function reduceSight(state: State, action: SightAction): State {
  const { view } = state;
  switch (action.kind) {
    case "look":
      if (!state.shared.frame) return state;
      return withView(state, {
        camera: looked(view.camera, action.factor, action.from, action.to),
      });
    case "zoom": {
      const at = regarded(state);
      return reduceSight(state, { kind: "look", factor: action.factor, from: at, to: at });
    }
    case "fit":
      return withView(state, { camera: FIT });
    case "pan_start":
      if (!state.shared.frame) return state;
      return withView(gestureCancelled(state), { gesture: { kind: "pan" }, hover: null });
    case "pan_end":
      return view.gesture.kind === "pan" ? withView(state, { gesture: IDLE }) : state;
    case "modifier":
      return action.modifier === view.modifier
        ? state
        : withView(state, { modifier: action.modifier });
    case "compare_hold":
      if (action.on === view.compare.held || (action.on && !state.shared.frame)) return state;
      return withView(state, { compare: { ...view.compare, held: action.on } });
    case "compare_split":
      if (action.on && !state.shared.frame) return state;
      return withView(action.on ? gestureCancelled(state) : state, {
        compare: { ...view.compare, split: action.on },
      });
    case "divider": {
      const divider = clamp(action.at, DIVIDER_MARGIN, 1 - DIVIDER_MARGIN);
      return withView(state, { compare: { ...view.compare, divider } });
    }
    default:
      return assertNever(action);
  }
}

/** The state with the chosen mark in sight. */
export function revealed(state: State): State {
  const mark = selectedMark(state);
  if (!mark) return state;
  const place = partOf(mark.at, state.shared.traits.imageSize);
  const camera = revealing(state.view.camera, place, MARGIN);
  return camera === state.view.camera ? state : withView(state, { camera });
}

/** The state after an arrow key with no mark to move: another part of the picture comes in sight. */
export function lookedAside(state: State, by: Vec): State {
  const far = Math.max(Math.abs(by.x), Math.abs(by.y)) > 1;
  const step = far ? STEP_FAR : STEP;
  const to = { x: 0.5 - step * Math.sign(by.x), y: 0.5 - step * Math.sign(by.y) };
  return withView(state, { camera: looked(state.view.camera, 1, MIDDLE, to) });
}

/** True while marks and masks give way to a comparison. */
export function isComparing({ held, split }: Compare): boolean {
  return held || split;
}

/** A zoom for reading: "1.4×", "12×". */
export function timesInWords(zoom: number): string {
  return `${zoom < 10 ? Number(zoom.toFixed(1)) : Math.round(zoom)}×`;
}

/** What is looked at, for a person who listens. */
export function sightInWords({ compare, camera }: View): string {
  if (compare.held) return "The picture at the start";
  if (compare.split) return "The start and now side by side";
  return camera.zoom > 1 ? `Zoomed ${timesInWords(camera.zoom)}` : "All of the picture";
}

/** Where on the stage a person has an eye on: the pointer, or else the chosen mark, or else the middle. */
function regarded(state: State): Vec {
  const { cursor, camera } = state.view;
  const eye = cursor ?? selectedMark(state)?.at;
  if (!eye) return MIDDLE;
  const { x, y } = stageAt(camera, partOf(eye, state.shared.traits.imageSize));
  return { x: clamp(x, 0, 1), y: clamp(y, 0, 1) };
}

function partOf(point: Vec, size: Size): Vec {
  return { x: (point.x + 0.5) / size.width, y: (point.y + 0.5) / size.height };
}
