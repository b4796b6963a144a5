/** Live pulls: the picture follows the pointer while it is pressed. */
import { add, clampToImage, distance, type Grip, type Vec } from "./geometry";
import { addPair, dragPart, movePart, released } from "./points";
import type { PullEnd } from "./protocol";
import { type Gesture, IDLE, type Pull, type Shared, type State } from "./types";

/** True where a pull is followed live: pairs start at once, and there is a kernel that answers. */
export function isLive({ traits, answering }: Shared): boolean {
  return traits.autoRun && answering;
}

/** The state with a new pair that is put down and pulled at. */
export function pullNew(state: State, handle: Vec, to: Vec): State {
  const shared = addPair(state.shared, handle, to);
  return pulling(
    { shared, view: { ...state.view, draft: null } },
    shared.highestId,
    { x: 0, y: 0 },
    to,
  );
}

/** The state with a pair that is pulled at by one of its marks: the target goes along from where that was. */
export function pullMark(state: State, move: Gesture & { kind: "move" }, to: Vec): State {
  const { id } = move.grip;
  const shared = released(state.shared, move.grip);
  if (!shared.pairs.some((pair) => pair.id === id)) return state;
  return pulling({ ...state, shared }, id, move.offset, to);
}

/** The state with the pointer elsewhere; the mark under it follows at once, the kernel as fast as it can. */
export function pulledTo(state: State, gesture: Gesture & { kind: "pull" }, to: Vec): State {
  const at = clampToImage(add(to, gesture.offset), state.shared.traits.imageSize);
  const pulls = state.shared.pulls.map((pull) =>
    pull.id === gesture.id && !pull.end ? { ...pull, at } : pull,
  );
  return { ...state, shared: dragPart({ ...state.shared, pulls }, targetOf(gesture.id), at) };
}

/** The state with the pointer let go; the last place is told as an edit, unless all of it is taken back. */
export function pullEnded(state: State, gesture: Gesture & { kind: "pull" }, end: PullEnd): State {
  const grip = targetOf(gesture.id);
  const pull = state.shared.pulls.find(({ id, end: over }) => id === gesture.id && !over);
  const free = released(state.shared, grip);
  const pulls = free.pulls.map((each) => (each === pull ? { ...each, end } : each));
  const shared = { ...free, pulls };
  return {
    shared: pull && end !== "undo" ? aimedFrom(movePart(shared, grip, pull.at), pull) : shared,
    view: { ...state.view, gesture: IDLE },
  };
}

/** The shared state of a run that goes on where a pull ends: its way began where the pull did. */
function aimedFrom(shared: Shared, { from, at }: Pull): Shared {
  return { ...shared, startDistancePx: Math.max(shared.startDistancePx, distance(from, at)) };
}

/** The shared state without the pulls whose end the kernel was told. */
export function pullsTold(shared: Shared): Shared {
  return { ...shared, pulls: shared.pulls.filter((pull) => !pull.end) };
}

function pulling(state: State, id: number, offset: Vec, to: Vec): State {
  const grip = targetOf(id);
  const { shared } = state;
  const from = shared.pairs.find((pair) => pair.id === id)?.handle ?? to;
  const pull: Pull = { id, at: to, from, end: null };
  const gesture = { kind: "pull", id, offset } as const;
  return pulledTo(
    {
      shared: {
        ...shared,
        pulls: [...shared.pulls.filter((other) => other.id !== id || other.end), pull],
        held: [...shared.held, grip],
      },
      view: { ...state.view, gesture, selection: grip, hover: null },
    },
    gesture,
    to,
  );
}

function targetOf(id: number): Grip {
  return { id, part: "target" };
}
