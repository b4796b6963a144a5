import { describe, expect, test } from "vitest";
import { decodeBytes } from "../../src/core/decode";
import { initialShared } from "../../src/core/kernel";
import { decodeMessage } from "../../src/core/messages";
import { decodePairs, encodePairs } from "../../src/core/protocol";
import { decodeTraits, TRAIT_NAMES } from "../../src/core/traits";
import { type MessageFixture, readFixture, type TraitFixture } from "../fixtures";

const frame = readFixture<MessageFixture>("frame");
const reply = readFixture<MessageFixture>("reply");
const answer = readFixture<MessageFixture>("answer");
const piece = readFixture<MessageFixture>("piece");
const progress = readFixture<MessageFixture>("progress");
const part = readFixture<MessageFixture>("part");
const traits = readFixture<TraitFixture>("traits");
const UNKNOWN = initialShared(1).traits;

const buffersOf = (lengths: readonly number[] = []) =>
  lengths.map((length) => new DataView(new ArrayBuffer(length)));
const read = (values: Readonly<Record<string, unknown>>) =>
  decodeTraits((name) => values[name], UNKNOWN);
const pairsOf = (values: Readonly<Record<string, unknown>>) =>
  decodePairs(values.handle_points, values.target_points, values.point_ids);

describe("messages of the kernel", () => {
  test.each(frame.valid)("a frame is read: $name", ({ message, buffer_bytes }) => {
    const decoded = decodeMessage(message, buffersOf(buffer_bytes));
    if (decoded?.kind !== "frame") throw new Error("expected a frame");
    const wire = message as Record<string, unknown>;
    expect(decoded.frame.seq).toBe(wire.seq);
    expect(decoded.frame.size).toEqual({ width: wire.w, height: wire.h });
    expect(decoded.frame.handles.map(({ x, y }) => [x, y])).toEqual(wire.handles);
    expect(decoded.frame.distancesPx).toEqual(wire.distances);
    expect(decoded.frame.delayMs).toBe(wire.delay_ms ?? 0);
    expect(decoded.frame.lean).toBe(wire.lean ?? false);
    expect(decoded.frame.parts).toBe(wire.parts ?? 0);
    expect(decoded.picture.length).toBe(24);
  });

  test.each(reply.valid)("a reply is read: $name", ({ message }) => {
    const { rid, ok, error } = message as Record<string, unknown>;
    expect(decodeMessage(message, [])).toEqual({ kind: "reply", reply: { rid, ok, error } });
  });

  test.each(answer.valid)("an answer is read: $name", ({ message, buffer_bytes }) => {
    const decoded = decodeMessage(message, buffersOf(buffer_bytes));
    if (decoded?.kind !== "answer") throw new Error("expected an answer");
    const { files, ...rest } = decoded.answer;
    const sizes = decoded.sizes ? { sizes: decoded.sizes } : {};
    expect({ k: "answer", ...rest, ...sizes }).toEqual(message);
    expect(files.map(({ length }) => length)).toEqual(buffer_bytes ?? []);
  });

  test.each(progress.valid)("progress is read: $name", ({ message, buffer_bytes }) => {
    const decoded = decodeMessage(message, buffersOf(buffer_bytes));
    if (decoded?.kind !== "progress") throw new Error("expected progress");
    const { shown, ...rest } = decoded.progress;
    expect({ k: "progress", ...rest, shows: shown?.what ?? "" }).toEqual(message);
    expect(shown ? [shown.file.length] : undefined).toEqual(buffer_bytes);
  });

  test.each(part.valid)("a part of a picture is read: $name", ({ message, buffer_bytes }) => {
    const decoded = decodeMessage(message, buffersOf(buffer_bytes));
    if (decoded?.kind !== "part") throw new Error("expected a part");
    const { bytes, ...rest } = decoded.part;
    expect({ k: "part", ...rest }).toEqual(message);
    expect(bytes.length).toBe(buffer_bytes?.[0]);
  });

  test.each(piece.valid)("a piece of files is read: $name", ({ message, buffer_bytes }) => {
    const decoded = decodeMessage(message, buffersOf(buffer_bytes));
    if (decoded?.kind !== "piece") throw new Error("expected a piece");
    const { bytes, ...rest } = decoded.piece;
    expect({ k: "piece", ...rest }).toEqual(message);
    expect(bytes.length).toBe(buffer_bytes?.[0]);
  });

  const hostile = [frame, part, piece, reply, answer, progress].flatMap((kind) => kind.hostile);
  test.each(hostile)("is ignored where $why: $name", ({ message, buffer_bytes }) => {
    expect(decodeMessage(message, buffersOf(buffer_bytes))).toBeNull();
  });
});

describe("buffers", () => {
  const bytes = new Uint8Array([9, 1, 2, 3, 9]);

  test.each([
    ["DataView", new DataView(bytes.buffer, 1, 3)],
    ["Uint8Array", bytes.subarray(1, 4)],
    ["ArrayBuffer", bytes.slice(1, 4).buffer],
  ])("a %s gives its own bytes only", (_, buffer) => {
    expect([...(decodeBytes(buffer) ?? [])]).toEqual([1, 2, 3]);
  });

  test.each([[null], [undefined], ["AAEC"], [[1, 2, 3]], [{ buffer: 1 }]])(
    "%j is none",
    (value) => {
      expect(decodeBytes(value)).toBeNull();
    },
  );
});

describe("traits", () => {
  test.each(traits.valid)("a state is read: $name", ({ traits: values }) => {
    const decoded = read(values);
    expect(decoded.status).toBe(values.status);
    expect(decoded.seed).toBe(values.seed);
    expect(decoded.distancePx).toBe(values.distance_px);
    expect([decoded.imageSize.width, decoded.imageSize.height]).toEqual(values.image_size);
    expect(decoded.busyText).toBe(values.busy_text);
    const error = values.error as Record<string, unknown>;
    expect(decoded.error).toEqual(Object.keys(error).length > 0 ? error : null);
    expect(pairsOf(values)?.length).toBe((values.point_ids as unknown[]).length);
  });

  test("every name that is read is one of the wire", () => {
    const known = Object.keys(traits.valid[0]?.traits ?? {});
    expect(TRAIT_NAMES.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(traits.hostile_from_kernel)("a damaged value changes nothing: $name", (hostile) => {
    const good = { ...traits.valid[2]?.traits };
    const damaged = { ...good, ...hostile.traits };
    expect(decodeTraits((name) => damaged[name], read(good))).toEqual(read(good));
    if ("handle_points" in hostile.traits) expect(pairsOf(damaged)).toBeNull();
  });

  test("pairs come back as they were sent", () => {
    const sent = traits.from_browser[0]?.traits ?? {};
    const pairs = pairsOf(sent) ?? [];
    const { handle_points, target_points, point_ids } = encodePairs(pairs);
    expect({ handle_points, target_points, point_ids }).toEqual({
      handle_points: sent.handle_points,
      target_points: sent.target_points,
      point_ids: sent.point_ids,
    });
  });
});
