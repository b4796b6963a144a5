/** How a person looks at the picture, and what they may do about it; `sight.ts` says what follows. */
import type { Vec } from "./geometry";

/** A key that changes what a press means: Shift pins, Space takes the picture itself. */
export type Modifier = "none" | "pin" | "pan";

/** The comparison with the picture as it was at the start. */
export interface Compare {
  /** While true all of the start is shown. */
  readonly held: boolean;
  /** While true the start is shown left of the divider. */
  readonly split: boolean;
  /** Where the divider stands, as a part of the stage's width. */
  readonly divider: number;
}

export const NO_COMPARE: Compare = { held: false, split: false, divider: 0.5 };

export type SightAction =
  /** The picture grows by a factor, 1 for none, and what lies at `from` goes to `to`; both are parts of the stage. */
  | { readonly kind: "look"; readonly factor: number; readonly from: Vec; readonly to: Vec }
  /** As `look`, about the place that a person has an eye on. */
  | { readonly kind: "zoom"; readonly factor: number }
  | { readonly kind: "fit" }
  /** From here to the end, pointers move the picture and nothing else. */
  | { readonly kind: "pan_start" }
  | { readonly kind: "pan_end" }
  | { readonly kind: "modifier"; readonly modifier: Modifier }
  | { readonly kind: "compare_hold"; readonly on: boolean }
  | { readonly kind: "compare_split"; readonly on: boolean }
  | { readonly kind: "divider"; readonly at: number };
