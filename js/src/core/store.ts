/** Holds the state: what the views share in one place, what each has for itself in another. */
import { initialShared, reduceKernel } from "./kernel";
import { INITIAL_VIEW, reduce } from "./state";
import type { KernelAction, Shared, State, View, ViewAction } from "./types";

type Listener = () => void;

/** The shared state of one widget. */
export class SharedStore {
  #value: Shared;
  readonly #listeners = new Set<Listener>();

  /** @param firstRid the number of this page's first command */
  constructor(firstRid: number) {
    this.#value = initialShared(firstRid);
  }

  get value(): Shared {
    return this.#value;
  }

  dispatch(action: KernelAction): void {
    this.replace(reduceKernel(this.#value, action));
  }

  /** Takes in a state that a view has reduced. */
  replace(value: Shared): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back after each change; returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The state as one view sees it. */
export class ViewStore {
  readonly #shared: SharedStore;
  #view: View = INITIAL_VIEW;
  readonly #listeners = new Set<Listener>();

  constructor(shared: SharedStore) {
    this.#shared = shared;
  }

  get state(): State {
    return { shared: this.#shared.value, view: this.#view };
  }

  dispatch(action: ViewAction): void {
    const { shared, view } = reduce(this.state, action);
    const changed = view !== this.#view;
    this.#view = view;
    this.#shared.replace(shared);
    if (changed) for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back after each change of the view's own or the shared state; returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    const leave = this.#shared.subscribe(listener);
    return () => {
      this.#listeners.delete(listener);
      leave();
    };
  }
}
