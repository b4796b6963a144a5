/**
 * The model of the host against the store: writes what a person wants, reads what the kernel says.
 *
 * The one user of the comm. Order, patience and flow live here; what a message means does not.
 */
import { type Ask, Asks } from "./core/asks";
import { CommandChannel } from "./core/command_channel";
import { Incoming } from "./core/incoming";
import { KEPT_TRAITS, KeptPicture } from "./core/kept";
import { LinkWatch } from "./core/link";
import { MaskChannel } from "./core/mask_channel";
import { Outbox } from "./core/outbox";
import { isConfirmed } from "./core/points";
import type { AnyModel, Ports } from "./core/ports";
import {
  decodeMessage,
  decodePairs,
  decodeRev,
  decodeTraits,
  encodePairs,
  type FrameInfo,
  PROTOCOL_VERSION,
  type ToKernel,
  TRAIT_NAMES,
  type Traits,
} from "./core/protocol";
import { PullChannel } from "./core/pull_channel";
import type { SharedStore } from "./core/store";

/** What Jupyter's models tell when their kernel is restarted. */
const COMM_LOST = "comm_live_update";

/** Said of questions that nobody hears. */
const SILENT = "The kernel does not answer.";

const POINT_TRAITS = ["handle_points", "target_points", "point_ids", "points_rev"];

export class Sync {
  readonly #model: AnyModel;
  readonly #store: SharedStore;
  readonly #ports: Ports;
  readonly #cleanups: (() => void)[] = [];
  readonly #visible = new Map<object, boolean>();
  readonly #incoming: Incoming;
  readonly #link: LinkWatch;
  readonly #mask: MaskChannel;
  readonly #asks: Asks;
  readonly #out: Outbox;
  readonly #pulls: PullChannel;
  readonly #commands: CommandChannel;
  readonly #kept: KeptPicture;
  #closed = false;
  #readDue = false;
  #writeDue = false;
  #writtenRev = 0;
  #flags: Flags;
  #greeted = false;

  constructor(model: AnyModel, store: SharedStore, ports: Ports) {
    this.#model = model;
    this.#store = store;
    this.#ports = ports;
    this.#incoming = new Incoming(ports.later, () => this.#probe());
    this.#out = new Outbox(model, () => store.dispatch({ kind: "silence" }));
    this.#link = new LinkWatch(store, ports.later, () => this.#probe());
    this.#asks = new Asks(store.value.firstRid, (message, files) => this.#out.ask(message, files));
    this.#kept = new KeptPicture(model, ports.showFrame);
    this.#mask = new MaskChannel(store, ports, (mask) => this.#out.write({ mask }));
    const send = (message: ToKernel) => this.#out.send(message);
    const write = () => this.#writePoints();
    this.#pulls = new PullChannel(store, ports, send, write);
    const areConfirmed = () => isConfirmed(store.value) && !this.#mask.busy;
    this.#commands = new CommandChannel(store, ports.later, { areConfirmed, write }, send);
    this.#flags = flagsOf(store.value.traits);
    const changed = () => this.#changed();
    for (const name of [...TRAIT_NAMES, ...POINT_TRAITS, ...KEPT_TRAITS, "mask"]) {
      this.#listen(`change:${name}`, changed);
    }
    this.#listen(COMM_LOST, () => this.#lost());
    this.#listen("msg:custom", (message, buffers) => this.#received(message, buffers));
    this.#cleanups.push(store.subscribe(() => this.#stored()));
    this.#read();
    if (ports.saved) store.dispatch({ kind: "link", link: "saved" });
  }

  /** Tells the kernel of one more view, which wants the last frame. */
  hello(view: object, visible: boolean): void {
    const { dpr, loopback } = this.#ports;
    this.#visible.set(view, visible);
    this.#greeted = true;
    this.#out.send({ k: "hello", v: PROTOCOL_VERSION, dpr, loopback, visible: this.#isVisible() });
    this.#stored();
  }

  /** Asks the kernel something that changes nothing. */
  readonly ask: Ask = (...question) => {
    const answer = this.#asks.ask(...question);
    if (this.#store.value.answering) this.#watchSilence();
    else this.#asks.giveUp(SILENT);
    return answer;
  };

  /** Tells the kernel that a frame has left the queue, drawn or not. */
  acknowledge(seq: number, shown: boolean): void {
    this.#out.send({ k: "ack", seq, shown, visible: this.#isVisible() });
  }

  /** Notes whether a view can be seen; null when it is gone. Frames stop while none can. */
  setVisible(view: object, visible: boolean | null): void {
    const before = this.#isVisible();
    if (visible === null) this.#visible.delete(view);
    else this.#visible.set(view, visible);
    if (this.#isVisible() === before || this.#closed) return;
    this.#incoming.expect();
    this.acknowledge(this.#store.value.frame?.seq ?? 0, false);
    this.#stored();
  }

  /** Ends every subscription and timer. */
  close(): void {
    this.#closed = true;
    this.#link.close();
    this.#mask.close();
    this.#pulls.close();
    this.#commands.close();
    this.#asks.giveUp("The widget was closed.");
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#incoming.close();
  }

  #listen(event: string, callback: (...values: unknown[]) => void): void {
    this.#model.on(event, callback);
    this.#cleanups.push(() => this.#model.off(event, callback));
  }

  #isVisible(): boolean {
    return [...this.#visible.values()].some((visible) => visible);
  }

  /** Reads the traits once for a burst of changes: a host may announce them one by one. */
  #changed(): void {
    if (this.#out.isWriting || this.#readDue) return;
    this.#readDue = true;
    queueMicrotask(() => {
      this.#readDue = false;
      if (this.#closed) return;
      this.#heard();
      this.#read();
    });
  }

  #read(): void {
    const model = this.#model;
    const traits = decodeTraits((name) => model.get(name), this.#store.value.traits);
    this.#flags = flagsOf(traits);
    const pointsRev = decodeRev(model.get("points_rev"));
    this.#store.dispatch({ kind: "traits", traits, pointsRev });
    this.#store.dispatch({
      kind: "points",
      pairs: decodePairs(
        model.get("handle_points"),
        model.get("target_points"),
        model.get("point_ids"),
      ),
      pointsRev,
    });
    void this.#mask.receive(model.get("mask") ?? null);
    this.#kept.show(this.#store.value);
    const rest = this.#kept.news();
    if (rest !== null) this.#out.announce({ rest_seen: rest });
  }

  #received(message: unknown, buffers: unknown): void {
    const decoded = decodeMessage(message, Array.isArray(buffers) ? buffers : []);
    if (!decoded) return;
    this.#heard();
    if (decoded.kind === "part") {
      this.#incoming.take(decoded.part);
      this.acknowledge(decoded.part.seq, false);
      return;
    }
    if (decoded.kind !== "frame" || decoded.frame.pull > 0) this.#answered();
    if (decoded.kind === "reply") {
      this.#store.dispatch(decoded);
      return;
    }
    if (decoded.kind === "answer") this.#asks.receive(decoded.answer);
    if (decoded.kind === "progress") this.#asks.progressed(decoded.progress);
    if (decoded.kind !== "frame") {
      this.#watchSilence();
      return;
    }
    this.#take(decoded.frame, decoded.picture);
  }

  /** Takes in a frame, or asks again for one of which parts are missing. */
  #take(frame: FrameInfo, end: Uint8Array): void {
    const picture = this.#incoming.whole(frame, end);
    if (!picture) {
      this.acknowledge(frame.seq, false);
      this.#probe();
      return;
    }
    this.#ports.showFrame(this.#pulls.heard(frame), picture);
    this.#stored();
  }

  #heard(): void {
    this.#greeted = false;
    this.#link.heard();
    if (this.#store.value.answering) return;
    // What was said into the silence may be lost; saying it again does no harm.
    this.#writtenRev = 0;
    this.#out.goDirect();
    this.#mask.again();
    this.#store.dispatch({ kind: "heard" });
  }

  /** The host has lost the kernel, or another one has come in its place: whichever, whoever hears says so. */
  #lost(): void {
    this.#store.dispatch({ kind: "link", link: "gone" });
    this.#probe();
  }

  #answered(): void {
    this.#link.answered();
    this.#mask.answered();
  }

  /** Asks for a sign of life, and for a newer picture if there is one. */
  #probe(): void {
    this.#out.send({ k: "poll", have: this.#incoming.have });
  }

  /** Brings the kernel and the clocks in line with the store. */
  #stored(): void {
    if (this.#closed) return;
    const { edit, traits, answering } = this.#store.value;
    if (!answering) this.#asks.giveUp(SILENT);
    // A pull comes before the edit that brings its pair: the two are one change.
    this.#pulls.tell();
    if (edit.rev > this.#writtenRev && !isConfirmed(this.#store.value)) this.#scheduleWrite();
    const { autoRun, blendOutside } = this.#flags;
    this.#flags = flagsOf(traits);
    if (traits.autoRun !== autoRun) this.#out.write({ auto_run: traits.autoRun });
    if (traits.blendOutside !== blendOutside)
      this.#out.write({ blend_outside: traits.blendOutside });
    void this.#mask.send().then((done) => {
      if (!done) return;
      this.#probe();
      this.#stored();
    });
    this.#commands.tell();
    const { running } = this.#store.value.traits;
    this.#incoming.watch(this.#isVisible() && (running || this.#store.value.frame === null));
    this.#watchSilence();
  }

  #scheduleWrite(): void {
    if (this.#writeDue) return;
    this.#writeDue = true;
    this.#ports.beforePaint(() => {
      this.#writeDue = false;
      if (!this.#closed) this.#writePoints();
    });
  }

  #writePoints(): void {
    const { edit, pairs } = this.#store.value;
    if (edit.rev <= this.#writtenRev) return;
    this.#writtenRev = edit.rev;
    const points = encodePairs(pairs);
    const point_edit = { rev: edit.rev, ids: points.point_ids, placed: [...edit.placed] };
    this.#out.write({ ...points, point_edit });
    this.#watchSilence();
  }

  /** Counts the time since a word of the kernel fell due. */
  #watchSilence(): void {
    const { traits, frame } = this.#store.value;
    const greeted = this.#greeted && traits.status !== "loading" && frame === null;
    this.#link.watch(greeted, this.#mask.unsure || this.#asks.isWaiting);
  }
}

/** The switches that person and kernel share. */
type Flags = Pick<Traits, "autoRun" | "blendOutside">;

function flagsOf({ autoRun, blendOutside }: Flags): Flags {
  return { autoRun, blendOutside };
}
