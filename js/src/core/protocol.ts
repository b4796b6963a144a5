/**
 * What travels between the browser and the kernel: types, and decoding of what the kernel sends.
 *
 * Decoding never throws: it gives a value that is wholly valid or `null`. The examples in
 * `tests/fixtures/protocol` bind this file and `draggan_widget/protocol/` alike.
 */
import {
  box,
  decodeIds,
  decodeList,
  decodePoints,
  decodeSize,
  isBoolean,
  isCount,
  isLength,
  isNumber,
  isRecord,
  isText,
  keepIf,
} from "./decode";
import type { Size, Vec } from "./geometry";
import { decodeFilm, decodeHistory, type Film, type HistoryEntry } from "./history";
import { decodeProgress, type Progress } from "./progress";

export const PROTOCOL_VERSION = 1;

/** The largest seed, that of a 32-bit generator. */
export const MAX_SEED = 4294967295;

const STATUSES = [
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

const MIME_TYPES = ["image/jpeg", "image/webp", "image/png"] as const;
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
    }
  | { readonly kind: "answer"; readonly answer: Answer }
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
      readonly state_rev: number | null;
    }
  | { readonly k: "ack"; readonly seq: number; readonly shown: boolean; readonly visible: boolean }
  | {
      readonly k: "poll";
      readonly have: number;
      readonly n: number;
      readonly state_rev: number | null;
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

/** A custom message of the kernel with its buffers; null where it is not understood. */
export function decodeMessage(message: unknown, buffers: readonly unknown[]): FromKernel | null {
  if (!isRecord(message)) return null;
  switch (message.k) {
    case "frame": {
      const frame = decodeFrame(message);
      const picture = decodeBytes(buffers[0]);
      return frame && picture && picture.length > 0 ? { kind: "frame", frame, picture } : null;
    }
    case "part": {
      const { seq, index } = message;
      const bytes = decodeBytes(buffers[0]);
      if (!isCount(seq, 1) || !isCount(index, 0) || !bytes || bytes.length === 0) return null;
      return { kind: "part", part: { seq, index, bytes } };
    }
    case "reply": {
      const { rid, ok, error } = message;
      if (!isCount(rid, 1) || typeof ok !== "boolean" || typeof error !== "string") return null;
      return { kind: "reply", reply: { rid, ok, error } };
    }
    case "here":
      if (!isCount(message.n, 1)) return null;
      return {
        kind: "here",
        n: message.n,
        stateRev: isCount(message.state_rev, 0) ? message.state_rev : null,
        more: message.more === true,
      };
    case "answer": {
      const { rid, ok, error, result } = message;
      if (!isCount(rid, 1) || typeof ok !== "boolean" || typeof error !== "string") return null;
      const files = decodeList([...buffers], decodeBytes);
      if (!isRecord(result) || !files) return null;
      return { kind: "answer", answer: { rid, ok, error, result, files } };
    }
    case "progress": {
      const progress = decodeProgress(message, decodeBytes(buffers[0]));
      return progress && { kind: "progress", progress };
    }
    default:
      return null;
  }
}

function decodeFrame(message: Record<string, unknown>): FrameInfo | null {
  const { seq, step, w, h, mime, final, loss, pull } = message;
  const { delay_ms: delayMs = 0, lean = false, parts = 0 } = message;
  const pointIds = decodeIds(message.point_ids);
  const handles = decodePoints(message.handles);
  const targets = decodePoints(message.targets);
  const distancesPx = decodeList(message.distances, (value) => (isLength(value) ? value : null));
  const size = decodeSize([w, h]);
  const knownMime = MIME_TYPES.find((name) => name === mime);
  if (!isCount(seq, 1) || !isCount(step, 0) || !isCount(pull, 0)) return null;
  if (!isCount(delayMs, 0) || !isBoolean(lean) || !isCount(parts, 0)) return null;
  if (!size || !knownMime) return null;
  if (typeof final !== "boolean" || !(loss === null || isNumber(loss))) return null;
  if (!pointIds || !handles || !targets || !distancesPx) return null;
  const count = pointIds.length;
  if ([handles, targets, distancesPx].some((list) => list.length !== count)) return null;
  const points = { pointIds, handles, targets, distancesPx };
  const way = { delayMs, lean, parts };
  return { seq, step, size, mime: knownMime, final, ...points, loss, pull, ...way };
}

/** The bytes of a buffer; hosts hand over DataView (Jupyter), Uint8Array (Colab) or ArrayBuffer. */
export function decodeBytes(buffer: unknown): Uint8Array | null {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (!ArrayBuffer.isView(buffer)) return null;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
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

/** How each trait of `Traits` is called on the wire and read; null where the value is not valid. */
const TRAIT_DECODERS: {
  readonly [K in keyof Traits]: readonly [string, (value: unknown) => { value: Traits[K] } | null];
} = {
  running: ["running", keepIf(isBoolean)],
  autoRun: ["auto_run", keepIf(isBoolean)],
  status: ["status", (value) => box(STATUSES.find((name) => name === value))],
  statusText: ["status_text", keepIf(isText)],
  step: ["step", keepIf((value): value is number => isCount(value, 0))],
  distancePx: ["distance_px", keepIf(isLength)],
  seed: ["seed", keepIf((value): value is number => isCount(value, 0))],
  imageSize: ["image_size", (value) => box(decodeSize(value))],
  truncationPsi: ["truncation_psi", keepIf(isNumber)],
  config: ["config", keepIf(isRecord)],
  generatorName: ["generator_name", keepIf(isText)],
  generators: [
    "generators",
    (value) => box(decodeList(value, (item) => (isText(item) ? item : null))),
  ],
  canUndo: ["can_undo", keepIf(isBoolean)],
  canRedo: ["can_redo", keepIf(isBoolean)],
  history: ["history", (value) => box(decodeHistory(value))],
  historyPosition: ["history_position", keepIf((value): value is number => isCount(value, 0))],
  film: ["film", (value) => box(decodeFilm(value))],
  busyText: ["busy_text", keepIf(isText)],
  error: ["error", decodeError],
  changeOutside: [
    "change_outside",
    (value) => (value === null ? { value } : keepIf(isLength)(value)),
  ],
  blendOutside: ["blend_outside", keepIf(isBoolean)],
};

/** The names of the traits of `Traits` on the wire. */
export const TRAIT_NAMES: readonly string[] = Object.values(TRAIT_DECODERS).map(([name]) => name);

/**
 * The traits read one by one; what is missing or damaged keeps its value of `before`.
 *
 * @param read gives the value of a trait by its name on the wire
 * @param before the last good values
 */
export function decodeTraits(read: (name: string) => unknown, before: Traits): Traits {
  const next: { -readonly [K in keyof Traits]: Traits[K] } = { ...before };
  const take = <K extends keyof Traits>(key: K): void => {
    const [name, decode] = TRAIT_DECODERS[key];
    const found = decode(read(name));
    if (found) next[key] = found.value;
  };
  for (const key of Object.keys(TRAIT_DECODERS) as (keyof Traits)[]) take(key);
  return next;
}

/** The revision in `points_rev`; 0 where there is none. */
export function decodeRev(value: unknown): number {
  return isCount(value, 0) ? value : 0;
}

function decodeError(value: unknown): { value: KernelError | null } | null {
  if (!isRecord(value)) return null;
  if (Object.keys(value).length === 0) return { value: null };
  const { seq, message, details } = value;
  if (!isCount(seq, 0) || typeof message !== "string") return null;
  return { value: { seq, message, details: typeof details === "string" ? details : "" } };
}
