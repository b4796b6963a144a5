/**
 * What travels between the browser and the kernel, as types; `messages.ts` and `traits.ts` decode what the kernel sends.
 *
 * Decoding never throws: it gives a value that is wholly valid or `null`. The examples in
 * `tests/fixtures/protocol` bind these files and `draggan_widget/protocol/` alike.
 */
import { decodeIds, decodePoints } from "./decode";
import type { Size, Vec } from "./geometry";
import type { Film, HistoryEntry } from "./history";
import type { Progress } from "./progress";

export const PROTOCOL_VERSION = 1;

/** The largest seed, that of a 32-bit generator. */
export const MAX_SEED = 4294967295;

export const STATUSES = [
  "loading",
  "idle",
  "running",
  "arrived",
  "stalled",
  "max_steps",
  "stopped",
  "failed",
] as const;
export type Status = (typeof STATUSES)[number];

export const MIME_TYPES = ["image/jpeg", "image/webp", "image/png"] as const;
export type MimeType = (typeof MIME_TYPES)[number];

/** Where this page last wanted a target when the kernel drew a frame. */
export interface Followed {
  readonly id: number;
  readonly at: Vec;
}

/** What a frame says of itself; its picture is a buffer beside it. */
export interface FrameInfo {
  readonly seq: number;
  readonly step: number;
  readonly size: Size;
  readonly mime: MimeType;
  readonly final: boolean;
  readonly pointIds: readonly number[];
  readonly handles: readonly Vec[];
  readonly targets: readonly Vec[];
  readonly distancesPx: readonly number[];
  readonly loss: number | null;
  /** The number of the newest pull that the picture follows, 0 for none. */
  readonly pull: number;
  /** How long the kernel waits for an answer where nothing waits in a queue, in milliseconds; 0 while it does not know. */
  readonly delayMs: number;
  /** True where moving pictures are sent smaller than on a fast connection. */
  readonly lean: boolean;
  /** So many parts of the picture have come before; its end is beside the message. */
  readonly parts: number;
  /** The place of that pull, where it was this page's; not on the wire. */
  readonly follows?: Followed;
}

/** A part of a picture whose end comes with its frame; `seq` counts with those of frames. */
export interface Part {
  readonly seq: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

export interface Reply {
  readonly rid: number;
  readonly ok: boolean;
  readonly error: string;
}

/** What a question found, or why it has none. */
export interface Answer {
  readonly rid: number;
  readonly ok: boolean;
  readonly error: string;
  readonly result: Readonly<Record<string, unknown>>;
  readonly files: readonly Uint8Array[];
}

/** A piece of the files of an answer, all of which follow one another. */
export interface Piece {
  readonly rid: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

export type FromKernel =
  | { readonly kind: "frame"; readonly frame: FrameInfo; readonly picture: Uint8Array }
  | { readonly kind: "part"; readonly part: Part }
  | { readonly kind: "reply"; readonly reply: Reply }
  | {
      readonly kind: "here";
      /** The number of the question. */
      readonly n: number;
      /** The number of the traits with which this page has all that it had missed. */
      readonly stateRev: number | null;
      /** True while something is being done that will be shown. */
      readonly more: boolean;
      /** The numbers of the newest writes of this page that the kernel has heard of, by the names of traits. */
      readonly writes: Readonly<Record<string, number>>;
      /** The numbers of commands and questions that the page waits for and the kernel has not heard of. */
      readonly lostCommands: readonly number[];
      readonly lostQuestions: readonly number[];
    }
  | {
      readonly kind: "answer";
      readonly answer: Answer;
      /** The bytes of each file where they have come in pieces before; null where they are beside the message. */
      readonly sizes: readonly number[] | null;
    }
  | { readonly kind: "piece"; readonly piece: Piece }
  | { readonly kind: "progress"; readonly progress: Progress };

/** What a command or question needs besides its name. */
export type Args = Readonly<Record<string, unknown>>;

export type CommandName =
  | "run"
  | "step"
  | "stop"
  | "undo"
  | "redo"
  | "reset"
  | "sample"
  | "clear_points"
  | "generator"
  | "configure"
  | "jump"
  | "take";

/** What becomes of the picture when a pointer lets go: it goes on until it arrives, stays as it is, or goes back. */
export type PullEnd = "settle" | "stay" | "undo";

export type ToKernel =
  | {
      readonly k: "hello";
      readonly v: typeof PROTOCOL_VERSION;
      readonly dpr: number;
      readonly loopback: boolean;
      readonly visible: boolean;
      readonly n: number;
      readonly page: number;
      readonly state_rev: number | null;
    }
  | {
      readonly k: "ack";
      readonly seq: number;
      readonly shown: boolean;
      readonly visible: boolean;
      readonly page: number;
    }
  | {
      readonly k: "poll";
      readonly have: number;
      readonly n: number;
      readonly page: number;
      readonly state_rev: number | null;
      /** The newest question of the page that was answered, 0 for none. */
      readonly seen: number;
      readonly replies: readonly number[];
      readonly answers: readonly number[];
    }
  | {
      readonly k: "cmd";
      readonly rid: number;
      readonly name: CommandName;
      readonly args: Args;
    }
  | { readonly k: "ask"; readonly rid: number; readonly name: string; readonly args: Args }
  | {
      readonly k: "pull";
      readonly id: number;
      readonly x: number;
      readonly y: number;
      readonly seq: number;
    }
  | { readonly k: "release"; readonly id: number; readonly end: PullEnd }
  | {
      readonly k: "set";
      readonly state: Readonly<Record<string, unknown>>;
      readonly mask: boolean;
    };

/** One pair of points: where the picture is held, and where that should go, in image pixels. */
export interface Pair {
  readonly id: number;
  readonly handle: Vec;
  readonly target: Vec;
}

/** A failure as the kernel tells it; `seq` grows with every new one. */
export interface KernelError {
  readonly seq: number;
  readonly message: string;
  readonly details: string;
}

/** The traits that only show what the kernel does, and `auto_run`. */
export interface Traits {
  readonly running: boolean;
  readonly autoRun: boolean;
  readonly status: Status;
  readonly statusText: string;
  readonly step: number;
  readonly distancePx: number;
  readonly seed: number;
  readonly truncationPsi: number;
  /** The settings of the drag, by the names of their fields. */
  readonly config: Args;
  readonly imageSize: Size;
  readonly generatorName: string;
  /** The names that can be chosen. */
  readonly generators: readonly string[];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Every change so far, the oldest first. */
  readonly history: readonly HistoryEntry[];
  /** The id of the present entry. */
  readonly historyPosition: number;
  readonly film: Film;
  readonly busyText: string;
  readonly error: KernelError | null;
  /** By how much drags have changed the picture outside the mask, of 255; null where nothing is known of it. */
  readonly changeOutside: number | null;
  /** True where that part is shown as it was before, once the picture rests. */
  readonly blendOutside: boolean;
}

/** The pairs behind the three point traits; null while they do not fit together. */
export function decodePairs(handles: unknown, targets: unknown, ids: unknown): Pair[] | null {
  const handlePoints = decodePoints(handles);
  const targetPoints = decodePoints(targets);
  const pointIds = decodeIds(ids);
  if (!handlePoints || !targetPoints || !pointIds) return null;
  if (handlePoints.length !== pointIds.length || targetPoints.length !== pointIds.length)
    return null;
  return pointIds.flatMap((id, index) => {
    const handle = handlePoints[index];
    const target = targetPoints[index];
    return handle && target ? [{ id, handle, target }] : [];
  });
}

/** The values of the three point traits for some pairs. */
export function encodePairs(pairs: readonly Pair[]): {
  handle_points: [number, number][];
  target_points: [number, number][];
  point_ids: number[];
} {
  return {
    handle_points: pairs.map(({ handle }) => [handle.x, handle.y]),
    target_points: pairs.map(({ target }) => [target.x, target.y]),
    point_ids: pairs.map(({ id }) => id),
  };
}
