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
import { decodeMessage } from "./core/messages";
import { Outbox } from "./core/outbox";
import { isConfirmed } from "./core/points";
import { POINT_TRAITS, PointsChannel } from "./core/points_channel";
import { type Here, Poller } from "./core/poller";
import type { AnyModel, Ports } from "./core/ports";
import { type FrameInfo, type FromKernel, PROTOCOL_VERSION, type ToKernel } from "./core/protocol";
import { PullChannel } from "./core/pull_channel";
import type { SharedStore } from "./core/store";
import { Switches } from "./core/switches";
import { decodeRev, decodeTraits, TRAIT_NAMES } from "./core/traits";
import { assertNever } from "./core/types";
import { Writes } from "./core/writes";

/** What Jupyter's models tell when their kernel is restarted. */
const COMM_LOST = "comm_live_update";

/** The number of the newest message of traits. */
const STATE_REV = "_state_rev";

/** Said of questions that nobody hears. */
const SILENT = "The kernel does not answer.";

export class Sync {
  readonly #model: AnyModel;
  readonly #store: SharedStore;
  readonly #ports: Ports;
  readonly #cleanups: (() => void)[] = [];
  readonly #visible = new Map<object, boolean>();
  readonly #incoming: Incoming;
  readonly #poller: Poller;
  readonly #link: LinkWatch;
  readonly #points: PointsChannel;
  readonly #mask: MaskChannel;
  readonly #asks: Asks;
  readonly #out: Outbox;
  readonly #pulls: PullChannel;
  readonly #commands: CommandChannel;
  readonly #kept: KeptPicture;
  readonly #switches: Switches;
  readonly #writes: Writes;
  #closed = false;
  #readDue = false;
  #greeted = false;

  constructor(model: AnyModel, store: SharedStore, ports: Ports) {
    this.#model = model;
    this.#store = store;
    this.#ports = ports;
    const { firstRid } = store.value;
    this.#writes = new Writes(firstRid, () => this.#poller.newest);
    const silence = () => store.dispatch({ kind: "silence" });
    this.#out = new Outbox(model, silence, (values) => this.#writes.numbered(values));
    this.#link = new LinkWatch(store, ports.later, () => this.#poller.ask());
    this.#asks = new Asks(firstRid, (message, files) => this.#out.ask(message, files));
    this.#kept = new KeptPicture(model, ports.showFrame);
    this.#mask = new MaskChannel(store, ports, (mask) => this.#out.write({ mask }));
    const send = (message: ToKernel) => this.#out.send(message);
    this.#poller = new Poller(ports.later, firstRid, model.get(STATE_REV), send, () => ({
      have: this.#incoming.have,
      replies: this.#commands.sent,
      answers: this.#asks.waiting,
    }));
    this.#incoming = new Incoming(this.#poller, (seq) => this.acknowledge(seq, false));
    const request = (message: ToKernel) => {
      this.#poller.hurry();
      send(message);
    };
    this.#points = new PointsChannel(store, ports.beforePaint, (values) => {
      this.#out.write(values);
      this.#poller.hurry();
      this.#watch();
    });
    const write = () => this.#points.write();
    this.#pulls = new PullChannel(store, ports, request, write);
    const areConfirmed = () => isConfirmed(store.value) && !this.#mask.busy;
    this.#commands = new CommandChannel(store, ports.later, { areConfirmed, write }, request);
    const { traits } = store.value;
    this.#switches = new Switches(traits, this.#writes, (values) => this.#out.write(values));
    for (const name of [...TRAIT_NAMES, ...POINT_TRAITS, ...KEPT_TRAITS, "mask"]) {
      this.#listen(`change:${name}`, () => this.#changed());
    }
    this.#listen(`change:${STATE_REV}`, () => this.#poller.traits(model.get(STATE_REV)));
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
    const question = this.#poller.question();
    const seen = this.#isVisible();
    this.#out.send({ k: "hello", v: PROTOCOL_VERSION, dpr, loopback, visible: seen, ...question });
    this.#stored();
  }

  /** Asks the kernel something that changes nothing. */
  readonly ask: Ask = (...question) => {
    const answer = this.#asks.ask(...question);
    this.#poller.hurry();
    if (this.#store.value.answering) this.#watch();
    else this.#asks.giveUp(SILENT);
    return answer;
  };

  /** Tells the kernel that a frame has left the queue of this page, drawn or not. */
  acknowledge(seq: number, shown: boolean): void {
    const page = this.#store.value.firstRid;
    this.#out.send({ k: "ack", seq, shown, visible: this.#isVisible(), page });
  }

  /** Notes whether a view can be seen; null when it is gone. Frames stop while none can. */
  setVisible(view: object, visible: boolean | null): void {
    const before = this.#isVisible();
    if (visible === null) this.#visible.delete(view);
    else this.#visible.set(view, visible);
    if (this.#isVisible() === before || this.#closed) return;
    this.#poller.expect();
    this.acknowledge(this.#store.value.frame?.seq ?? 0, false);
    this.#stored();
  }

  /** Ends every subscription and timer. */
  close(): void {
    this.#closed = true;
    this.#link.close();
    this.#points.close();
    this.#mask.close();
    this.#pulls.close();
    this.#commands.close();
    this.#poller.close();
    this.#asks.giveUp("The widget was closed.");
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
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
      if (!this.#poller.isSpoilt) this.#read();
    });
  }

  #read(): void {
    const model = this.#model;
    const heard = decodeTraits((name) => model.get(name), this.#store.value.traits);
    const traits = this.#switches.told(heard);
    this.#store.dispatch({ kind: "traits", traits, pointsRev: decodeRev(model.get("points_rev")) });
    this.#points.receive((name) => model.get(name));
    void this.#mask.receive(model.get("mask") ?? null);
    this.#kept.show(this.#store.value);
    const rest = this.#kept.news();
    if (rest !== null) this.#out.announce({ rest_seen: rest });
  }

  #received(message: unknown, buffers: unknown): void {
    const decoded = decodeMessage(message, Array.isArray(buffers) ? buffers : []);
    if (!decoded) return;
    this.#heard();
    if (!this.#isOurs(decoded)) {
      this.#watch();
      return;
    }
    if (decoded.kind !== "part" && (decoded.kind !== "frame" || decoded.frame.pull > 0))
      this.#link.answered();
    switch (decoded.kind) {
      case "part":
        this.#incoming.take(decoded.part);
        break;
      case "frame":
        this.#take(decoded.frame, decoded.picture);
        return;
      case "reply":
        this.#poller.answer();
        this.#commands.answered(decoded.reply.rid);
        this.#store.dispatch(decoded);
        return;
      case "answer":
      case "piece":
      case "progress":
        this.#poller.answer();
        this.#asks.take(decoded);
        break;
      case "here":
        this.#told(decoded);
        if (this.#poller.here(decoded)) this.#changed();
        break;
      default:
        assertNever(decoded);
    }
    this.#watch();
  }

  /** False for what only answers another page. */
  #isOurs(message: FromKernel): boolean {
    if (message.kind === "here") return this.#poller.hasAsked(message.n);
    return message.kind !== "piece" || this.#asks.awaits(message.piece.rid);
  }

  #take(frame: FrameInfo, end: Uint8Array): void {
    const picture = this.#incoming.whole(frame, end);
    if (!picture) return;
    this.#ports.showFrame(this.#pulls.heard(frame), picture);
    this.#stored();
  }

  /** Takes in what the kernel has heard of this page; what was lost is said again. */
  #told({ n, writes, lostCommands, lostQuestions }: Here): void {
    const wasUnsure = this.#writes.isUnsure;
    const lost = this.#writes.answered(n, writes);
    // What the kernel has made of a switch counts from now on.
    if (wasUnsure && !this.#writes.isUnsure) this.#changed();
    if (!this.#writes.isOpen("mask") && this.#mask.arrived()) this.#poller.forget();
    if (lost.length > 0) this.#again(lost);
    this.#commands.lost(lostCommands);
    this.#asks.lost(lostQuestions);
  }

  /** Writes traits again, past the host: it may wait for ever for the answer to what was lost. */
  #again(names: readonly string[]): void {
    this.#out.goDirect();
    if (names.includes("point_edit")) this.#points.again();
    if (names.includes("mask")) this.#mask.again();
    this.#switches.again(names);
    this.#stored();
  }

  #heard(): void {
    this.#greeted = false;
    this.#link.heard();
    if (this.#store.value.answering) return;
    // What was said into the silence may be lost; saying it again does no harm.
    this.#points.again();
    this.#out.goDirect();
    this.#mask.again();
    this.#store.dispatch({ kind: "heard" });
  }

  /** The host has lost the kernel, or another one has come in its place: whichever, whoever hears says so. */
  #lost(): void {
    this.#store.dispatch({ kind: "link", link: "gone" });
    this.#poller.ask();
  }

  /** Brings the kernel and the clocks in line with the store. */
  #stored(): void {
    if (this.#closed) return;
    const { traits, answering } = this.#store.value;
    if (!answering) this.#asks.giveUp(SILENT);
    // A pull comes before the edit that brings its pair: the two are one change.
    this.#pulls.tell();
    this.#points.tell();
    this.#switches.tell(traits);
    void this.#mask.send().then((done) => {
      if (!done) return;
      this.#poller.ask();
      this.#stored();
    });
    this.#commands.tell();
    this.#watch();
  }

  /** Sets the clocks for what the kernel owes: frames and answers that do not come are asked for, silence is named. */
  #watch(): void {
    const { traits, frame, pulls, commands, answering, link } = this.#store.value;
    const owed = this.#mask.unsure || this.#asks.waiting.length > 0;
    const asked = owed || pulls.length + commands.length > 0 || !isConfirmed(this.#store.value);
    const due = traits.running || !frame || this.#incoming.isPartial || this.#writes.isUnsure;
    // Who does not hear is asked by the watch of the link alone, ever less often.
    const hears = answering && link !== "busy";
    this.#poller.watch({ visible: this.#isVisible() && hears, frame: due, asked });
    const greeted = this.#greeted && traits.status !== "loading" && frame === null;
    this.#link.watch(greeted, owed, this.#asks.uploadMs);
  }
}
