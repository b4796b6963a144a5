/** While a photo is looked for: the picture is not changed from this view, or the two would be taken for one another. */
import { NO_COMPARE } from "./sight_types";
import { type Action, IDLE, type State, type ViewAction } from "./types";

export type SeekingAction = Extract<ViewAction, { kind: "seeking" }>;

/** What is refused meanwhile. */
const REFUSED: ReadonlySet<Action["kind"]> = new Set<Action["kind"]>([
  "auto_run",
  "blend_outside",
  "command",
  "compare_hold",
  "compare_split",
  "configure",
  "confirm",
  "film",
  "generator",
  "jump",
  "mask_clear",
  "mask_invert",
  "new_point",
  "nudge",
  "pointer_down",
  "remove_selected",
  "sample",
  "take",
]);

/** Said instead. */
export const SEEKING_WORDS = "Looking for the photo; no edits until then, Esc cancels";

/** True for what a person may not do now. */
export function isRefused({ view }: State, action: Action): boolean {
  return view.seeking && REFUSED.has(action.kind);
}

/** The state with the search begun or ended; what was half done is given up. */
export function reduceSeeking({ shared, view }: State, { on }: SeekingAction): State {
  if (!on) return { shared, view: { ...view, seeking: false } };
  const calm = { gesture: IDLE, draft: null, hover: null, film: null, compare: NO_COMPARE };
  return { shared, view: { ...view, ...calm, helpOpen: false, seeking: true } };
}
