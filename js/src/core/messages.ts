/** Decoding of the messages that the kernel sends; as in `protocol.ts`, never throws. */
import {
  decodeBytes,
  decodeIds,
  decodeList,
  decodePoints,
  decodeSize,
  isBoolean,
  isCount,
  isLength,
  isNumber,
  isRecord,
} from "./decode";
import { decodeProgress } from "./progress";
import { type FrameInfo, type FromKernel, MIME_TYPES } from "./protocol";

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
      return decodeHere(message);
    case "answer": {
      const { rid, ok, error, result, sizes = null } = message;
      if (!isCount(rid, 1) || typeof ok !== "boolean" || typeof error !== "string") return null;
      const files = decodeList([...buffers], decodeBytes);
      const known = decodeList(sizes, (size) => (isCount(size, 0) ? size : null));
      if (!isRecord(result) || !files || (sizes !== null && !known)) return null;
      return { kind: "answer", answer: { rid, ok, error, result, files }, sizes: known };
    }
    case "piece": {
      const { rid, index } = message;
      const bytes = decodeBytes(buffers[0]);
      if (!isCount(rid, 1) || !isCount(index, 0) || !bytes || bytes.length === 0) return null;
      return { kind: "piece", piece: { rid, index, bytes } };
    }
    case "progress": {
      const progress = decodeProgress(message, decodeBytes(buffers[0]));
      return progress && { kind: "progress", progress };
    }
    default:
      return null;
  }
}

function decodeHere(message: Record<string, unknown>): FromKernel | null {
  const { n, state_rev: stateRev, more, writes = {} } = message;
  const [lostCommands, lostQuestions] = [message.lost_commands, message.lost_questions].map(
    (rids = []) => decodeList(rids, (rid) => (isCount(rid, 1) ? rid : null)),
  );
  if (!isCount(n, 1) || !lostCommands || !lostQuestions || !isRecord(writes)) return null;
  return {
    kind: "here",
    n,
    stateRev: isCount(stateRev, 0) ? stateRev : null,
    more: more === true,
    writes: Object.fromEntries(
      Object.entries(writes).flatMap(([name, each]) => (isCount(each, 1) ? [[name, each]] : [])),
    ),
    lostCommands,
    lostQuestions,
  };
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
