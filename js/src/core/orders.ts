/** What a person asks of the kernel: commands, another picture or generator, other settings, another place in the history. */
import { generatorOf } from "./choices";
import { clamp } from "./geometry";
import { commanded, isActive, withoutDraft } from "./intent";
import { MAX_SEED } from "./protocol";
import { pullEnded } from "./pull";
import { assertNever, type Shared, type SimpleCommand, type State, type ViewAction } from "./types";

export type OrderAction = Extract<
  ViewAction,
  { kind: "command" | "sample" | "generator" | "configure" | "jump" }
>;

/** The state after an order; whoever gives one lets go of a live pull. */
export function reduceOrder(before: State, action: OrderAction): State {
  if (action.kind === "sample" && !before.shared.frame) return before;
  const state = letGo(before);
  const { shared, view } = state;
  switch (action.kind) {
    case "command":
      return ordered(state, action.name);
    case "sample": {
      const seed = clamp(Math.trunc(action.seed) || 0, 0, MAX_SEED);
      const args =
        action.truncationPsi === undefined
          ? { seed }
          : { seed, truncation_psi: action.truncationPsi };
      return { shared: commanded(shared, "sample", args), view: withoutDraft(view) };
    }
    case "generator":
      return chosen(state, action.name);
    case "configure": {
      const { settings } = action;
      return { shared: { ...commanded(shared, "configure", { settings }), refusal: null }, view };
    }
    case "jump": {
      const free = withoutDraft(view);
      if (action.entry === shared.traits.historyPosition) return { shared, view: free };
      return { shared: commanded(shared, "jump", { entry: action.entry }), view: free };
    }
    default:
      return assertNever(action);
  }
}

/** The state with a command given, where it means something. */
export function ordered(state: State, name: SimpleCommand): State {
  const { shared, view } = state;
  const given = { ...state, shared: commanded(shared, name) };
  switch (name) {
    case "run":
      return shared.pairs.length === 0 || isActive(shared) ? state : given;
    case "step":
      return shared.pairs.length === 0 || isActive(shared) ? state : given;
    case "stop":
      return isActive(shared) ? given : state;
    case "undo":
      if (view.draft) return { ...state, view: withoutDraft(view) };
      return shared.traits.canUndo ? given : state;
    case "redo":
      return shared.traits.canRedo || isGoingBack(shared) ? given : state;
    case "reset":
    case "clear_points":
      return shared.frame ? { ...given, view: withoutDraft(view) } : state;
    default:
      return assertNever(name);
  }
}

/** The state with no live pull: who gives a command meanwhile wants that next, and the picture to stay for it. */
function letGo(state: State): State {
  const { gesture } = state.view;
  return gesture.kind === "pull" ? pullEnded(state, gesture, "stay") : state;
}

/** The state with another generator asked for, where it is one. */
function chosen(state: State, name: string): State {
  const { traits } = state.shared;
  if (!traits.generators.includes(name) || name === generatorOf(state.shared)) return state;
  return { shared: commanded(state.shared, "generator", { name }), view: withoutDraft(state.view) };
}

/** True while there will be something to redo as soon as the kernel has answered. */
function isGoingBack({ commands }: Shared): boolean {
  return commands.some(({ name }) => name === "undo");
}
