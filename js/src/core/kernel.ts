/** What the kernel says and how the connection fares, as changes of the shared state. */
import { commanded } from "./intent";
import { receiveFrame, receivePairs } from "./points";
import type { Traits } from "./protocol";
import { pullsTold } from "./pull";
import { refusalOf } from "./settings";
import { assertNever, isOver, type KernelAction, type Link, type Shared } from "./types";

/** The values of a widget of which nothing is known yet. */
const UNKNOWN_TRAITS: Traits = {
  running: false,
  autoRun: true,
  status: "loading",
  statusText: "",
  step: 0,
  distancePx: 0,
  seed: 0,
  truncationPsi: 0.7,
  config: {},
  imageSize: { width: 1, height: 1 },
  generatorName: "",
  generators: [],
  canUndo: false,
  canRedo: false,
  history: [],
  historyPosition: 0,
  film: { number: 0, count: 0 },
  busyText: "",
  error: null,
  changeOutside: null,
  blendOutside: false,
};

/**
 * The state before anything was heard.
 *
 * @param firstRid the number of the first command; pages that share a kernel should start far apart
 */
export function initialShared(firstRid: number): Shared {
  return {
    traits: UNKNOWN_TRAITS,
    pairs: [],
    highestId: 0,
    edit: { rev: 0, placed: [] },
    pointsRev: 0,
    held: [],
    pulls: [],
    mask: null,
    maskRev: 0,
    painting: false,
    commands: [],
    firstRid,
    nextRid: firstRid,
    frame: null,
    framesShown: 0,
    shownAtMs: Number.NEGATIVE_INFINITY,
    intervalMs: 0,
    startDistancePx: 0,
    resultRev: 0,
    answering: true,
    link: "alive",
    problem: null,
    problemSeq: 0,
    refusal: null,
  };
}

/** The shared state after an action of the kernel; total and pure. */
export function reduceKernel(shared: Shared, action: KernelAction): Shared {
  switch (action.kind) {
    case "traits":
      return receiveTraits(shared, action.traits, action.pointsRev);
    case "points":
      return receivePairs(shared, action.pairs, action.pointsRev);
    case "mask":
      return shared.painting ? shared : { ...shared, mask: action.mask };
    case "frame":
      return receiveFrame(shared, action.frame, action.atMs);
    case "reply":
      return receiveReply(shared, action.reply.rid, action.reply.error);
    case "problem":
      return { ...shared, problem: { message: action.message, details: "" } };
    case "pulls_told":
      return pullsTold(shared);
    case "silence":
      return isOver(shared.link) ? shared : relinked(shared, "silent");
    case "heard":
      return shared.answering ? shared : relinked(shared, "back");
    case "link":
      return relinked(shared, action.link);
    default:
      return assertNever(action);
  }
}

/** The state with another connection; commands that nobody hears are forgotten, edits are not. */
function relinked(shared: Shared, link: Link): Shared {
  const answering = link !== "silent" && !isOver(link);
  const commands = answering || shared.commands.length === 0 ? shared.commands : [];
  if (link === shared.link && commands === shared.commands) return shared;
  return { ...shared, link, answering, commands };
}

/** The state after the kernel's traits; `pointsRev` is the newest edit it had taken in when it set them. */
function receiveTraits(shared: Shared, traits: Traits, pointsRev: number): Shared {
  const starts = traits.running && !shared.traits.running;
  const changes = traits.status !== shared.traits.status;
  const next = {
    ...goneOn(shared, traits, pointsRev),
    traits,
    // An edit that the run has not heard of belongs to it: a pull that was let go before the run began.
    startDistancePx: starts && shared.edit.rev <= pointsRev ? 0 : shared.startDistancePx,
    shownAtMs: starts ? Number.NEGATIVE_INFINITY : shared.shownAtMs,
    intervalMs: starts ? 0 : shared.intervalMs,
    resultRev: changes ? shared.edit.rev : shared.resultRev,
  };
  const { error } = traits;
  if (error && error.seq !== shared.problemSeq) {
    const problem = { message: error.message, details: error.details };
    return { ...next, problem, problemSeq: error.seq };
  }
  // The kernel takes its error back: what had been wrong was put right.
  if (!error && shared.traits.error) return { ...next, problem: null };
  return !error && pointsRev > shared.pointsRev ? wentOn(next) : next;
}

/** The state once something was done: what a command before it was refused for does not hold any more. */
function wentOn(shared: Shared): Shared {
  return shared.problem?.answered ? { ...shared, problem: null } : shared;
}

/** The state with a run asked for where the last one ended before it heard of the newest edit. */
function goneOn(shared: Shared, traits: Traits, pointsRev: number): Shared {
  const ended = shared.traits.running && !traits.running;
  const byItself = traits.status === "arrived" || traits.status === "stalled";
  const missed = shared.edit.rev > pointsRev && shared.pairs.length > 0;
  return ended && byItself && missed && traits.autoRun ? commanded(shared, "run") : shared;
}

/** The state after an answer; one that comes again, or to a command of another page, is not ours to show. */
function receiveReply(before: Shared, rid: number, error: string): Shared {
  const answered = before.commands.find((command) => command.rid === rid);
  if (!answered) return before;
  const commands = before.commands.filter((command) => command !== answered);
  const isSetting = answered.name === "configure";
  const refusal = isSetting ? refusalOf(answered.args, error) : before.refusal;
  const shared = { ...before, commands, refusal };
  if (error === "") return answered.name === "stop" ? shared : wentOn(shared);
  if (isSetting || shared.problem?.message === error) return shared;
  return { ...shared, problem: { message: error, details: "", answered: true } };
}
