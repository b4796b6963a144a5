/** A model and a page that a test plays by hand: the kernel's end of the comm, the paint and the clock. */
import type { Mask } from "../src/core/mask";
import type { AnyModel, Ports } from "../src/core/ports";
import type { FrameInfo, ToKernel } from "../src/core/protocol";
import { SharedStore } from "../src/core/store";
import { Sync } from "../src/sync";
import { FIRST_RID } from "./builders";
import { readFixture, type TraitFixture } from "./fixtures";

type Listener = (...values: unknown[]) => void;
type Values = Record<string, unknown>;

const IDLE = readFixture<TraitFixture>("traits").valid[0]?.traits ?? {};

export class FakeModel implements AnyModel {
  readonly values: Values;
  readonly sent: ToKernel[] = [];
  readonly sentBuffers: (readonly ArrayBuffer[])[] = [];
  readonly saved: Values[] = [];
  /** The number of the newest question that the kernel has heard. */
  asked = 0;
  /** The numbers of the newest writes that it has heard, by the names of traits. */
  readonly writes: Record<string, number> = {};
  /** The numbers of the commands and questions that it has heard. */
  readonly rids = { cmd: new Set<number>(), ask: new Set<number>() };
  /** Those of them that the page waited for when it asked. */
  waits: Pick<Extract<ToKernel, { k: "poll" }>, "replies" | "answers"> = {
    replies: [],
    answers: [],
  };
  /** While true, nothing that is sent comes to the kernel. */
  deaf = false;
  dead = false;
  #dirty: Values = {};
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(values: Values) {
    this.values = values;
  }

  get listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  get(name: string): unknown {
    return this.values[name];
  }

  set(name: string, value: unknown): void {
    this.values[name] = value;
    this.#dirty[name] = value;
    this.#tell(`change:${name}`);
  }

  save_changes(): void {
    this.#guard();
    this.saved.push(this.#dirty);
    this.#hear(this.#dirty);
    this.#dirty = {};
  }

  send(message: ToKernel, _callbacks?: undefined, buffers: (ArrayBuffer | DataView)[] = []): void {
    this.#guard();
    this.sent.push(message);
    this.sentBuffers.push(buffers.map(bytesOf));
    if (this.deaf) return;
    if (message.k === "hello" || message.k === "poll") this.asked = message.n;
    if (message.k === "poll") this.waits = message;
    if (message.k === "cmd" || message.k === "ask") this.rids[message.k].add(message.rid);
    if (message.k === "set")
      this.#hear(message.mask ? { ...message.state, mask: true } : message.state);
  }

  on(event: string, callback: Listener): void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(callback));
  }

  off(event: string, callback: Listener): void {
    this.#listeners.get(event)?.delete(callback);
  }

  /** The kernel sets traits: all values, then one event each. */
  async update(values: Values): Promise<void> {
    Object.assign(this.values, values);
    for (const name of Object.keys(values)) this.#tell(`change:${name}`);
    await settled();
  }

  /** The kernel sends a custom message. */
  emit(message: unknown, buffers: unknown[] = []): void {
    this.#tell("msg:custom", message, buffers);
  }

  /** The host tells of something that is no message. */
  tell(event: string): void {
    this.#tell(event);
  }

  #tell(event: string, ...values: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...values);
  }

  /** The kernel hears of a write. */
  #hear(state: Values): void {
    const { page_write } = state as { page_write?: { n: number } };
    if (this.deaf || !page_write) return;
    for (const name of Object.keys(state)) this.writes[name] = page_write.n;
  }

  #guard(): void {
    if (this.dead) throw new Error("Cannot send on a closed comm");
  }
}

/** The bytes of a buffer, alone. */
function bytesOf(buffer: ArrayBuffer | DataView): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice().buffer;
}

/** Lets promises that are due run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** One widget on a page whose paint and clock the test moves. */
export class Bench {
  readonly model: FakeModel;
  readonly store = new SharedStore(FIRST_RID);
  readonly sync: Sync;
  readonly frames: FrameInfo[] = [];
  readonly pictures: Uint8Array[] = [];
  readonly view = {};
  #nowMs = 0;
  #alarms: { readonly atMs: number; readonly callback: () => void }[] = [];
  #paints: (() => void)[] = [];

  constructor(traits: Values = {}, ports: Partial<Ports> = {}) {
    this.model = new FakeModel({ ...IDLE, auto_run: false, ...traits });
    this.sync = new Sync(this.model, this.store, {
      encodeMask: async (mask: Mask) => new Uint8Array([mask.width, mask.height]),
      decodeMask: async (png: Uint8Array) => ({
        width: png[0] ?? 0,
        height: png[1] ?? 0,
        data: new Uint8Array((png[0] ?? 0) * (png[1] ?? 0)).fill(255),
      }),
      showFrame: (frame, picture) => {
        this.frames.push(frame);
        this.pictures.push(picture);
      },
      beforePaint: (callback) => this.#paints.push(callback),
      later: (delayMs, callback) => {
        const alarm = { atMs: this.#nowMs + delayMs, callback };
        this.#alarms.push(alarm);
        return () => {
          this.#alarms = this.#alarms.filter((other) => other !== alarm);
        };
      },
      dpr: 2,
      loopback: true,
      ...ports,
    });
  }

  get alarmCount(): number {
    return this.#alarms.length;
  }

  /** Messages of one kind that were sent. */
  sent(kind: ToKernel["k"]): ToKernel[] {
    return this.model.sent.filter((message) => message.k === kind);
  }

  commands(): string[] {
    return this.model.sent.flatMap((message) => (message.k === "cmd" ? [message.name] : []));
  }

  /** The kernel answers the newest question. */
  here(over: Values = {}): void {
    const { asked, writes, rids, waits } = this.model;
    const lost_commands = waits.replies.filter((rid) => !rids.cmd.has(rid));
    const lost_questions = waits.answers.filter((rid) => !rids.ask.has(rid));
    const here = { k: "here", n: asked, state_rev: null, more: false, writes };
    this.model.emit({ ...here, lost_commands, lost_questions, ...over });
  }

  /** The page paints. */
  paint(): void {
    for (const callback of this.#paints.splice(0)) callback();
  }

  /** Time goes by. */
  wait(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const due = this.#alarms
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#alarms = this.#alarms.filter((other) => other !== due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }
}
