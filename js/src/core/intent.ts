/** What a person wants of pairs, mask and runs, whichever way it was pointed at or typed. */
import { clampToImage, type Grip, type Mark, type Size, sameGrip, type Vec } from "./geometry";
import { isEmpty } from "./mask";
import { addPair, marksOf, movePart, removePair } from "./points";
import type { Args, CommandName } from "./protocol";
import { DRAFT_ID, isOver, type Shared, type State, type View } from "./types";

/** The brush that suits a picture, as a part of its shorter side. */
const BRUSH_PART = 0.08;

/** The brush radius in image pixels. */
export function brushRadiusPx(view: View, size: Size): number {
  return view.brush.radiusPx ?? Math.max(1, BRUSH_PART * Math.min(size.width, size.height));
}

/** The chosen mark; null when there is none, or it is gone. */
export function selectedMark({ shared, view }: State): Mark | null {
  const marks = marksOf(shared.pairs, view.draft);
  return marks.find((mark) => sameGrip(mark.grip, view.selection)) ?? null;
}

/** The mark whose removing cross is shown: the one under the mouse, or the one a finger has chosen. */
export function badgeOf(view: View): Grip | null {
  if (view.mode !== "points" || view.gesture.kind !== "none") return null;
  return view.touch ? view.selection : (view.hover?.grip ?? null);
}

/** The state with the half-made pair made whole; a run starts where pairs start at once. */
export function completed(state: State): State {
  const { draft } = state.view;
  if (!draft?.target) return state;
  const shared = addPair(state.shared, draft.handle, draft.target);
  const selection: Grip = { id: shared.highestId, part: "target" };
  return started({ shared, view: { ...state.view, draft: null, selection } });
}

/** The state without a pair or a half-made one. */
export function removed(state: State, id: number): State {
  const view = { ...state.view, hover: null };
  const selection = view.selection?.id === id ? null : view.selection;
  if (id === DRAFT_ID) return { ...state, view: { ...view, selection, draft: null } };
  return { shared: removePair(state.shared, id), view: { ...view, selection } };
}

/** The state with one end of a pair, or of the half-made one, elsewhere; the kernel will be told. */
export function placed(state: State, grip: Grip, to: Vec): State {
  if (grip.id === DRAFT_ID) {
    if (!state.view.draft) return state;
    const at = clampToImage(to, state.shared.traits.imageSize);
    return withView(state, { draft: { ...state.view.draft, [grip.part]: at } });
  }
  return { ...state, shared: movePart(state.shared, grip, to) };
}

/** The shared state with a finished change of the mask; one that lets nothing move is no mask. */
export function maskChanged(shared: Shared): Shared {
  const mask = shared.mask && isEmpty(shared.mask) ? null : shared.mask;
  return { ...shared, mask, maskRev: shared.maskRev + 1, painting: false };
}

/** The shared state with one more command on its way. */
export function commanded(shared: Shared, name: CommandName, args: Args = {}): Shared {
  // Nobody will ever take what is said to a kernel that has ended.
  if (isOver(shared.link)) return shared;
  // Who stops no longer wants the start that is still on its way.
  const kept = shared.commands.filter((command) => name !== "stop" || command.name !== "run");
  const commands = [...kept, { rid: shared.nextRid, name, args }];
  return { ...shared, commands, nextRid: shared.nextRid + 1 };
}

/** True when a run is under way or asked for. */
export function isActive(shared: Shared): boolean {
  return shared.traits.running || shared.commands.some((command) => command.name === "run");
}

export function withView(state: State, change: Partial<View>): State {
  return { ...state, view: { ...state.view, ...change } };
}

/** The state with a run asked for, where pairs start at once. */
export function started(state: State): State {
  if (!state.shared.traits.autoRun || isActive(state.shared)) return state;
  return { ...state, shared: commanded(state.shared, "run") };
}

/** The view without a half-made pair. */
export function withoutDraft(view: View): View {
  const selection = view.selection?.id === DRAFT_ID ? null : view.selection;
  return { ...view, draft: null, selection };
}
