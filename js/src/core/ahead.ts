/** How far the picture may be shown ahead of its frames while a pointer pulls: only as far as they have followed so far. */
import { distance, type Size, type Vec } from "./geometry";
import type { FrameInfo } from "./protocol";
import type { Shared } from "./types";
import { type Warp, warpOf } from "./warp";

/** What is known of the pair that is, or just was, pulled at. */
export interface Ahead {
  readonly id: number;
  /** Where its handle is in the picture that is shown, in image pixels. */
  readonly handle: Vec;
  /** The place that this picture follows; null where this page told none. */
  readonly follows: Vec | null;
  /** How much is believed of the way to the pointer, 0 .. 1. */
  readonly trust: number;
  readonly seq: number;
  /** The newest edit of the points when the pointer was last seen to pull. */
  readonly rev: number;
  /** False once the pointer has let go. */
  readonly pulled: boolean;
}

/** A handle that is asked to go less far than this, in parts of the shorter side, may stay where it is. */
const NEAR_PART = 0.012;

/** A place and what the kernel was told of it differ by rounding alone. */
const TOLD_PX = 0.02;

/** A frame whose handle went this part of the asked way follows. */
const FOLLOWS = 0.2;

/** What a frame does to the trust: one that follows adds, one that does not takes away, one after the end takes more. */
const GAIN = 0.34;
const LOSS = 0.6;
const ENDED = 0.5;

/** Less trust than this is none. */
const LEAST = 0.06;

/**
 * What is known after the state has changed; null when nothing is shown ahead.
 *
 * @param before what was known
 * @param shared the state of the widget
 */
export function aheadOf(before: Ahead | null, shared: Shared): Ahead | null {
  const { pulls, frame } = shared;
  if (!frame) return null;
  const pull = pulls.find(({ end }) => !end);
  if (!pull) return before && ended(before, shared);
  if (before?.id !== pull.id || !before.pulled) return begun(pull.id, shared);
  return frame.seq === before.seq ? before : judged(before, frame, shared.traits.imageSize);
}

/** What is drawn in place of the picture; null for the picture as it is. */
export function warpAhead(ahead: Ahead | null, shared: Shared): Warp | null {
  const pair = ahead && shared.pairs.find(({ id }) => id === ahead.id);
  if (!pair) return null;
  const size = shared.traits.imageSize;
  // A picture of where the pointer is, and near enough, is the true one.
  const answers = ahead.follows && distance(ahead.follows, pair.target) <= TOLD_PX;
  if (answers && distance(ahead.handle, pair.target) <= NEAR_PART * shorterSide(size)) return null;
  return warpOf(ahead.handle, pair.target, ahead.trust, size);
}

function begun(id: number, shared: Shared): Ahead | null {
  const pair = shared.pairs.find((other) => other.id === id);
  if (!pair || !shared.frame) return null;
  // Where a handle was far behind its target before the pull, nothing says that it can follow.
  const near =
    distance(pair.handle, pair.target) <= NEAR_PART * shorterSide(shared.traits.imageSize);
  const fresh = !shared.frame.pointIds.includes(id);
  return {
    id,
    handle: pair.handle,
    follows: null,
    trust: near || fresh ? 1 : 0,
    seq: shared.frame.seq,
    rev: shared.edit.rev,
    pulled: true,
  };
}

function judged(before: Ahead, frame: FrameInfo, size: Size): Ahead {
  const { handle, trust } = before;
  const seq = frame.seq;
  const now = frame.handles[frame.pointIds.indexOf(before.id)];
  // A picture from before the pull shows what was there at its beginning.
  if (!now) return { ...before, seq };
  const follows = frame.follows?.id === before.id ? frame.follows.at : null;
  const next = { ...before, handle: now, follows, seq };
  if (!follows) return next;
  const asked = distance(handle, follows);
  if (asked <= NEAR_PART * shorterSide(size)) {
    return { ...next, trust: Math.min(1, trust + GAIN) };
  }
  const went = 1 - distance(now, follows) / asked;
  const believed = went >= FOLLOWS ? Math.min(1, trust + GAIN) : trust * LOSS;
  return { ...next, trust: believed < LEAST ? 0 : believed };
}

/** After the end the frames catch up; what is left to believe goes with each of them. */
function ended(before: Ahead, { frame, pairs, traits, edit }: Shared): Ahead | null {
  // A pull that is taken back writes no last place.
  if (before.pulled && edit.rev === before.rev) return null;
  if (!frame || !pairs.some(({ id }) => id === before.id)) return null;
  if (frame.seq === before.seq) return before.pulled ? { ...before, pulled: false } : before;
  const now = frame.handles[frame.pointIds.indexOf(before.id)];
  const trust = before.trust * ENDED;
  if (!now || frame.final || !traits.running || trust < LEAST) return null;
  const follows = frame.follows?.id === before.id ? frame.follows.at : before.follows;
  return { ...before, handle: now, follows, trust, seq: frame.seq, pulled: false };
}

function shorterSide({ width, height }: Size): number {
  return Math.min(width, height);
}
