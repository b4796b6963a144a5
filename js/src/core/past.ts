/** What a person does with the past: opens it, and looks through the last drag's pictures. */
import { clamp } from "./geometry";
import type { Film } from "./history";
import { commanded, isActive, withView } from "./intent";
import { type Action, assertNever, type FilmPlace, type State, type ViewAction } from "./types";

export type PastAction = Extract<ViewAction, { kind: "take" | "history" | "film" }>;

/** Fewer pictures are no film. */
const LEAST_PICTURES = 2;

/** What ends the film, because it is about the present picture. */
const ABOUT_THE_PRESENT: ReadonlySet<Action["kind"]> = new Set<Action["kind"]>([
  "command",
  "sample",
  "jump",
  "nudge",
  "new_point",
  "confirm",
  "remove_selected",
  "mode",
  "mask_invert",
  "mask_clear",
]);

/** The film that can be looked through; null without one, and while the picture moves. */
export function filmIn({ shared }: State): Film | null {
  const { film } = shared.traits;
  const rests = !isActive(shared) && shared.pulls.length === 0;
  return rests && shared.frame && film.count >= LEAST_PICTURES ? film : null;
}

/** The place of the picture that is shown in place of the present one; null for the present one. */
export function filmPlaceOf(state: State): FilmPlace | null {
  const place = state.view.film;
  const film = filmIn(state);
  if (!place || !film || place.film !== film.number || place.index >= film.count) return null;
  const isOver =
    place.takenAt === null
      ? place.position !== state.shared.traits.historyPosition
      : place.takenAt !== state.shared.frame?.seq;
  return isOver ? null : place;
}

/** What to do with a picture of the film; null without one. */
export function filmHint(state: State): string | null {
  const place = filmPlaceOf(state);
  if (!place) return null;
  const which = `Picture ${place.index + 1} of ${state.shared.traits.film.count} of the last drag`;
  return place.takenAt === null ? `${which}: keep it, or go back with Esc` : which;
}

/** The state without the film where an action is about the present picture. */
export function filmLeft(state: State, action: Action): State {
  if (!state.view.film || !ABOUT_THE_PRESENT.has(action.kind)) return state;
  return withView(state, { film: null });
}

/** The state after an action about the past. */
export function reducePast(state: State, action: PastAction): State {
  const { shared, view } = state;
  switch (action.kind) {
    case "history":
      return withView(state, { historyOpen: action.open, film: action.open ? view.film : null });
    case "film": {
      const film = filmIn(state);
      if (action.index === null || !film) return withView(state, { film: null });
      const index = clamp(Math.round(action.index), 0, film.count - 1);
      const place = { film: film.number, index, position: shared.traits.historyPosition };
      return withView(state, { film: { ...place, takenAt: null }, draft: null });
    }
    case "take": {
      const place = filmPlaceOf(state);
      if (!place || place.takenAt !== null) return state;
      const film = { ...place, takenAt: shared.frame?.seq ?? 0 };
      const taken = commanded(shared, "take", { index: place.index });
      return { shared: taken, view: { ...view, film } };
    }
    default:
      return assertNever(action);
  }
}
