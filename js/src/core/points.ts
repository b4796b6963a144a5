/** Edits of the pairs by a person, and their reconciliation with what the kernel says. */
import { clampToImage, type Grip, type Mark, sameGrip, type Vec } from "./geometry";
import type { FrameInfo, Pair } from "./protocol";
import { DRAFT_ID, type Draft, type Shared } from "./types";

/** A longer gap between two pictures is a pause, not a pace. */
const LONGEST_GAP_MS = 3000;

/** The weight of the newest picture in the pace. */
const PACE_WEIGHT = 0.15;

/** Every mark on the picture, those of a half-made pair last. */
export function marksOf(pairs: readonly Pair[], draft: Draft | null): Mark[] {
  const marks: Mark[] = [];
  const all = draft ? [...pairs, { id: DRAFT_ID, ...draft }] : pairs;
  for (const { id, handle, target } of all) {
    if (target) marks.push({ grip: { id, part: "target" }, at: target, partner: handle });
    marks.push({ grip: { id, part: "handle" }, at: handle, partner: target });
  }
  return marks;
}

/** True when the kernel has taken in every edit of this page. */
export function isConfirmed(shared: Shared): boolean {
  return shared.edit.rev <= shared.pointsRev;
}

/** The state with one more pair, whose id no one has used before. */
export function addPair(shared: Shared, handle: Vec, target: Vec): Shared {
  const id = shared.highestId + 1;
  const { imageSize } = shared.traits;
  const pair = {
    id,
    handle: clampToImage(handle, imageSize),
    target: clampToImage(target, imageSize),
  };
  return edited({ ...shared, highestId: id }, [...shared.pairs, pair], [id]);
}

/** The state with one end of a pair elsewhere, as an edit that the kernel will be told. */
export function movePart(shared: Shared, grip: Grip, to: Vec): Shared {
  const moved = dragPart(shared, grip, to);
  if (moved === shared) return shared;
  return edited(moved, moved.pairs, grip.part === "handle" ? [grip.id] : []);
}

/** The state with one end of a pair elsewhere on this page only: it is still under the finger. */
export function dragPart(shared: Shared, grip: Grip, to: Vec): Shared {
  if (!shared.pairs.some((pair) => pair.id === grip.id)) return shared;
  const at = clampToImage(to, shared.traits.imageSize);
  const pairs = shared.pairs.map((pair) =>
    pair.id === grip.id ? { ...pair, [grip.part]: at } : pair,
  );
  return { ...shared, pairs };
}

/** The state without a pair. */
export function removePair(shared: Shared, id: number): Shared {
  const pairs = shared.pairs.filter((pair) => pair.id !== id);
  return pairs.length === shared.pairs.length ? shared : edited(shared, pairs, []);
}

/** The state after an edit: a new revision that also carries the unconfirmed placings before it. */
function edited(shared: Shared, pairs: readonly Pair[], placed: readonly number[]): Shared {
  const carried = isConfirmed(shared) ? [] : shared.edit.placed;
  const present = new Set(pairs.map((pair) => pair.id));
  return {
    ...shared,
    pairs,
    edit: {
      rev: Math.max(shared.edit.rev, shared.pointsRev) + 1,
      placed: [...new Set([...carried, ...placed])].filter((id) => present.has(id)),
    },
    startDistancePx: 0,
  };
}

/**
 * The state after the kernel's point traits.
 *
 * While an edit of this page is unconfirmed they are older than what the person sees, and are ignored. During a run
 * a known handle is moved by frames alone, so that it stays with the picture it belongs to.
 *
 * @param shared the state before
 * @param pairs the kernel's pairs, or null when they could not be read
 * @param pointsRev the newest edit that the kernel has taken in
 */
export function receivePairs(
  shared: Shared,
  pairs: readonly Pair[] | null,
  pointsRev: number,
): Shared {
  const told = { ...shared, pointsRev };
  if (!pairs || !isConfirmed(told)) return told;
  const known = new Map(shared.pairs.map((pair) => [pair.id, pair]));
  const merged = pairs.map((pair) => {
    const own = known.get(pair.id);
    if (!own) return pair;
    const keepsHandle = isMoving(shared) || isHeld(shared, pair.id, "handle");
    const keepsTarget = isHeld(shared, pair.id, "target");
    return {
      id: pair.id,
      handle: keepsHandle ? own.handle : pair.handle,
      target: keepsTarget ? own.target : pair.target,
    };
  });
  const highestId = Math.max(shared.highestId, ...merged.map((pair) => pair.id));
  return { ...told, pairs: merged, highestId };
}

/** The state after a frame: during a run its handles move, but for those a hand has put down or still holds. */
export function receiveFrame(shared: Shared, frame: FrameInfo, atMs: number): Shared {
  const shown = {
    ...shared,
    frame,
    framesShown: shared.framesShown + 1,
    shownAtMs: atMs,
    intervalMs: intervalOf(shared, atMs),
  };
  if (!isMoving(shared)) return shown;
  const waiting = new Set(isConfirmed(shared) ? [] : shared.edit.placed);
  const tracked = new Map(frame.pointIds.map((id, index) => [id, frame.handles[index]]));
  const pairs = shared.pairs.map((pair) => {
    const handle = tracked.get(pair.id);
    if (!handle || waiting.has(pair.id) || isHeld(shared, pair.id, "handle")) return pair;
    return { ...pair, handle };
  });
  const startDistancePx = Math.max(shared.startDistancePx, ...frame.distancesPx);
  return { ...shown, pairs, startDistancePx };
}

/** The time between two pictures, smoothed so that the pace can be read. */
function intervalOf(shared: Shared, atMs: number): number {
  const newest = atMs - shared.shownAtMs;
  if (newest <= 0 || newest > LONGEST_GAP_MS) return 0;
  const before = shared.intervalMs || newest;
  return before + PACE_WEIGHT * (newest - before);
}

/** True while handles are where the newest picture has them. */
export function isMoving(shared: Shared): boolean {
  return shared.traits.running || shared.pulls.length > 0;
}

/** The state with a mark under no finger any more. */
export function released(shared: Shared, grip: Grip): Shared {
  return { ...shared, held: shared.held.filter((other) => !sameGrip(other, grip)) };
}

function isHeld(shared: Shared, id: number, part: Grip["part"]): boolean {
  return shared.held.some((grip) => grip.id === id && grip.part === part);
}
