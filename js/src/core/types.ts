/** The state of the widget and everything that may happen to it; `state.ts` says what follows. */
import type { Camera } from "./camera";
import type { Grip, Hit, Pointer, Vec } from "./geometry";
import type { Mask, MaskValue } from "./mask";
import type { Args, CommandName, FrameInfo, Pair, PullEnd, Reply, Traits } from "./protocol";
import type { Compare, Modifier, SightAction } from "./sight_types";

/** The id of a draft in marks and grips; real ids count from 1. */
export const DRAFT_ID = 0;

/** A half-made pair: its target is null until a person has pointed at it. */
export interface Draft {
  readonly handle: Vec;
  readonly target: Vec | null;
}

/** A command that the kernel has not answered yet. */
export interface Command {
  readonly rid: number;
  readonly name: CommandName;
  readonly args: Args;
}

/** The newest edit of the points; it is confirmed once the kernel's `pointsRev` has reached `rev`. */
export interface PointEdit {
  readonly rev: number;
  /** Ids whose handle a hand put down since the last confirmed edit. */
  readonly placed: readonly number[];
}

/** A pair that a pointer pulls at while the picture follows. */
export interface Pull {
  readonly id: number;
  /** Where its target belongs. */
  readonly at: Vec;
  /** Where its handle was when the pull began, from where progress is measured. */
  readonly from: Vec;
  /** What becomes of the picture, once the pointer has let go; the kernel is still to be told. */
  readonly end: PullEnd | null;
}

/** Settings that the kernel has not taken, and why. */
export interface Refusal {
  readonly fields: readonly string[];
  readonly error: string;
}

/** What the error banner shows. */
export interface Problem {
  readonly message: string;
  readonly details: string;
  /** True for what only the answer to a command has told; the kernel takes back what its traits tell. */
  readonly answered?: boolean;
}

/**
 * How the connection fares: the kernel answers; a cell keeps it busy; it says nothing; its comm is gone; it has just
 * come back; or the page is a copy that was saved, and never had a kernel.
 */
export type Link = "alive" | "busy" | "silent" | "gone" | "back" | "saved";

/** True when nobody will ever answer. */
export function isOver(link: Link): boolean {
  return link === "gone" || link === "saved";
}

/** What all views of one widget share: the kernel's values and this page's newer intent. */
export interface Shared {
  readonly traits: Traits;
  readonly pairs: readonly Pair[];
  /** The greatest id ever seen; a new pair gets the next. */
  readonly highestId: number;
  readonly edit: PointEdit;
  readonly pointsRev: number;
  /** The marks under a finger, which nothing but the finger moves. */
  readonly held: readonly Grip[];
  readonly pulls: readonly Pull[];
  /** Where the picture may move; null where all of it may. */
  readonly mask: Mask | null;
  /** Grows with each finished change of the mask by a person. */
  readonly maskRev: number;
  /** True during a stroke of the brush. */
  readonly painting: boolean;
  readonly commands: readonly Command[];
  /** The numbers of this page's commands: from `firstRid` up to, but without, `nextRid`. */
  readonly firstRid: number;
  readonly nextRid: number;
  /** The frame on the screen. */
  readonly frame: FrameInfo | null;
  readonly framesShown: number;
  /** When that frame was shown, in milliseconds of the page's clock; -Infinity before the first of a run. */
  readonly shownAtMs: number;
  /** From one picture of this run to the next, smoothed; 0 before the second one. */
  readonly intervalMs: number;
  /** The largest distance seen in this run, against which progress is measured; 0 before a run. */
  readonly startDistancePx: number;
  /** The edit that was newest when the status last changed; a later one makes the result old. */
  readonly resultRev: number;
  readonly answering: boolean;
  readonly link: Link;
  readonly problem: Problem | null;
  /** The newest `error.seq` that was shown. */
  readonly problemSeq: number;
  readonly refusal: Refusal | null;
}

/** What opens below the picture, one at a time. */
export type DrawerName = "gallery" | "settings";

export type Mode = "points" | "mask";

export type BrushKind = "paint" | "erase" | "lasso";

export interface Brush {
  readonly kind: BrushKind;
  /** In image pixels; null for the size that suits the picture. */
  readonly radiusPx: number | null;
}

/** What the pressed pointer is doing. `from` is where it went down, in image pixels. */
export type Gesture =
  | { readonly kind: "none" }
  /** The picture itself is moved, or made larger between two fingers. */
  | { readonly kind: "pan" }
  /** On free ground: a click places a handle, or a pin with its target in the same place, and a pull aims it. */
  | { readonly kind: "press"; readonly from: Vec; readonly pin: boolean }
  /** The picture follows the target of a pair; `offset` is from the pointer to it. */
  | { readonly kind: "pull"; readonly id: number; readonly offset: Vec }
  /** Moves the target of the draft. */
  | { readonly kind: "aim" }
  | {
      readonly kind: "move";
      readonly grip: Grip;
      readonly from: Vec;
      /** From the pointer to the mark, so that it does not jump when it is taken off its centre. */
      readonly offset: Vec;
      readonly before: Vec;
      readonly moved: boolean;
    }
  | {
      readonly kind: "paint";
      readonly value: MaskValue;
      readonly last: Vec;
      readonly before: Mask | null;
    }
  /** Draws a loop, in image pixels, that is filled when it is let go. */
  | { readonly kind: "lasso"; readonly value: MaskValue; readonly loop: readonly Vec[] };

/** The picture of the last drag that is shown in place of the present one. */
export interface FilmPlace {
  /** The number of the film; another one ends this. */
  readonly film: number;
  readonly index: number;
  /** The present entry of the history; once another one is present, the film is not what one looks at. */
  readonly position: number;
  /** The frame that was on the screen when the picture was taken up, which the next one ends; null before that. */
  readonly takenAt: number | null;
}

/** No pointer is pressed. */
export const IDLE: Gesture = { kind: "none" };

/** What each view has for itself. */
export interface View {
  readonly mode: Mode;
  readonly selection: Grip | null;
  readonly hover: Hit | null;
  /** Where the pointer is over the picture, in image pixels. */
  readonly cursor: Vec | null;
  readonly gesture: Gesture;
  readonly draft: Draft | null;
  readonly brush: Brush;
  /** True for a moment after the brush has got another size, which is then shown. */
  readonly brushShown: boolean;
  readonly helpOpen: boolean;
  /** True while the pace of steps and pictures is shown. */
  readonly meterOpen: boolean;
  readonly drawer: DrawerName | null;
  readonly historyOpen: boolean;
  /** The picture of the last drag that is shown in place of the present one; null for the present one. */
  readonly film: FilmPlace | null;
  /** True when the last pointer was a finger, which cannot hover. */
  readonly touch: boolean;
  readonly camera: Camera;
  readonly modifier: Modifier;
  readonly compare: Compare;
  /** True while a photo is looked for, which is shown in place of the picture. */
  readonly seeking: boolean;
}

export interface State {
  readonly shared: Shared;
  readonly view: View;
}

/** What comes from the kernel or tells of the connection. */
export type KernelAction =
  | { readonly kind: "traits"; readonly traits: Traits; readonly pointsRev: number }
  | { readonly kind: "points"; readonly pairs: readonly Pair[] | null; readonly pointsRev: number }
  | { readonly kind: "mask"; readonly mask: Mask | null }
  | { readonly kind: "frame"; readonly frame: FrameInfo; readonly atMs: number }
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "pulls_told" }
  | { readonly kind: "silence" }
  | { readonly kind: "heard" }
  | { readonly kind: "link"; readonly link: Link };

/** The commands that need no more than their name. */
export type SimpleCommand = Exclude<
  CommandName,
  "sample" | "generator" | "configure" | "jump" | "take"
>;

/** What a person does in one view. */
export type ViewAction =
  | SightAction
  | {
      readonly kind: "pointer_down";
      readonly pointer: Pointer;
      /** The second button, or the modifier that stands for it: removes a pair, erases the mask. */
      readonly secondary: boolean;
      /** With the modifier by which a click holds a point where it is. */
      readonly pin: boolean;
    }
  | { readonly kind: "pointer_move"; readonly pointer: Pointer }
  | { readonly kind: "pointer_up"; readonly pointer: Pointer }
  | { readonly kind: "pointer_leave" }
  | { readonly kind: "gesture_cancel" }
  | { readonly kind: "select_next"; readonly backwards: boolean }
  | { readonly kind: "nudge"; readonly by: Vec }
  | { readonly kind: "new_point" }
  | { readonly kind: "confirm" }
  | { readonly kind: "remove_selected" }
  | { readonly kind: "escape" }
  | { readonly kind: "mode"; readonly mode: Mode }
  | { readonly kind: "brush_kind"; readonly brush: BrushKind }
  | { readonly kind: "brush_radius"; readonly radiusPx: number }
  | { readonly kind: "brush_scale"; readonly factor: number }
  | { readonly kind: "brush_seen" }
  | { readonly kind: "blend_outside"; readonly on: boolean }
  | { readonly kind: "meter"; readonly open: boolean }
  | { readonly kind: "mask_invert" }
  | { readonly kind: "mask_clear" }
  | { readonly kind: "command"; readonly name: SimpleCommand }
  | {
      readonly kind: "sample";
      readonly seed: number;
      /** Without it the last one is kept. */
      readonly truncationPsi?: number;
    }
  | { readonly kind: "generator"; readonly name: string }
  | { readonly kind: "configure"; readonly settings: Args }
  | { readonly kind: "drawer"; readonly drawer: DrawerName | null }
  | { readonly kind: "jump"; readonly entry: number }
  | { readonly kind: "history"; readonly open: boolean }
  | { readonly kind: "film"; readonly index: number | null }
  | { readonly kind: "take" }
  | { readonly kind: "auto_run"; readonly on: boolean }
  | { readonly kind: "help"; readonly open: boolean }
  | { readonly kind: "seeking"; readonly on: boolean }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "problem_dismiss" };

export type Action = KernelAction | ViewAction;

/** Never returns: the compiler proves that every kind was handled. */
export function assertNever(value: never): never {
  throw new TypeError(`expected a known kind, got ${JSON.stringify(value)}; handle it in reduce.`);
}
