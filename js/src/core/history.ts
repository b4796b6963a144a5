/** The history as a tree: read from the kernel's list, and laid out as columns and lanes. */
import { decodeList, isCount, isText } from "./decode";
import { clamp } from "./geometry";

/** One change that can be gone back to. */
export interface HistoryEntry {
  readonly id: number;
  /** The id of the entry from which it was made, 0 for the first. */
  readonly parent: number;
  readonly words: string;
}

/** The pictures of the last drag: another number for each drag, and 0 pictures while one runs. */
export interface Film {
  readonly number: number;
  readonly count: number;
}

/** An entry's place: columns by age, and a lane of its own for each branch. */
export interface Place {
  readonly column: number;
  readonly lane: number;
}

/** Lists are as long as the history: each is read once. */
const decoded = new WeakMap<object, readonly HistoryEntry[]>();

/** The entries of the kernel's list, the oldest first and each after its parent; null where it is none. */
export function decodeHistory(value: unknown): readonly HistoryEntry[] | null {
  if (!Array.isArray(value)) return null;
  const known = decoded.get(value);
  if (known) return known;
  const entries = decodeList(value, decodeEntry);
  if (!entries || !isTree(entries)) return null;
  decoded.set(value, entries);
  return entries;
}

export function decodeFilm(value: unknown): Film | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [number, count]: unknown[] = value;
  return isCount(number, 0) && isCount(count, 0) ? { number, count } : null;
}

function decodeEntry(item: unknown): HistoryEntry | null {
  if (!Array.isArray(item) || item.length !== 3) return null;
  const [id, parent, words]: unknown[] = item;
  return isCount(id, 1) && isCount(parent, 0) && isText(words) ? { id, parent, words } : null;
}

function isTree(entries: readonly HistoryEntry[]): boolean {
  const seen = new Set([0]);
  return entries.every(({ id, parent }, index) => {
    const fits = seen.has(parent) && !seen.has(id) && (parent === 0) === (index === 0);
    seen.add(id);
    return fits;
  });
}

/** The ids from the first entry to this one, each made from the one before; empty where it is none. */
export function wayTo(entries: readonly HistoryEntry[], id: number): ReadonlySet<number> {
  const parents = new Map(entries.map((entry) => [entry.id, entry.parent]));
  const way = new Set<number>();
  for (let key = id; parents.has(key); key = parents.get(key) ?? 0) way.add(key);
  return way;
}

/**
 * The place of each entry, by id.
 *
 * A branch keeps its lane as long as nothing else has come into it meanwhile; another one takes the lowest lane that
 * is free from its parent on. So no line ever runs through an entry that is not on it, and no entry changes its place
 * when one goes about in the history.
 */
export function placesOf(entries: readonly HistoryEntry[]): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>();
  const lastColumns: number[] = [];
  entries.forEach(({ id, parent }, column) => {
    const from = places.get(parent);
    const isFree = (lane: number) => (lastColumns[lane] ?? -1) <= (from?.column ?? -1);
    let lane = from && lastColumns[from.lane] === from.column ? from.lane : 0;
    while (!isFree(lane)) lane += 1;
    lastColumns[lane] = column;
    places.set(id, { column, lane });
  });
  return places;
}

/** Where a key goes from an entry: along the strip, up to where it was made from, down to what was made from it. */
export function neighbourOf(
  entries: readonly HistoryEntry[],
  key: string,
  id: number,
): number | null {
  const column = entries.findIndex((entry) => entry.id === id);
  const last = entries.length - 1;
  const at = (index: number) => entries[clamp(index, 0, last)]?.id ?? null;
  switch (key) {
    case "ArrowLeft":
      return at(column - 1);
    case "ArrowRight":
      return at(column + 1);
    case "Home":
      return at(0);
    case "End":
      return at(last);
    case "ArrowUp":
      return entries[column]?.parent || id;
    case "ArrowDown":
      return [...entries].reverse().find(({ parent }) => parent === id)?.id ?? id;
    default:
      return null;
  }
}
