/** Which seeds the gallery offers, and how the keys move in it. */

/** So many seeds are offered at first, and with each "more". */
export const PAGE = 32;

/** After so many a person is better served by others than by more. */
export const MOST_OFFERED = 480;

/** Shuffled seeds are below this prime, so that they stay short, and a multiple of the other number visits all. */
const SHUFFLED = 99991;
const STRIDE = 48271;

/**
 * The seed at a place of the offer.
 *
 * @param index from 0
 * @param shuffle 0 for the seeds in order, else the number of another order
 */
export function seedAt(index: number, shuffle: number): number {
  if (shuffle === 0) return index;
  return (((index % SHUFFLED) + 1) * STRIDE + shuffle) % SHUFFLED;
}

/**
 * The first seeds of an offer, all different.
 *
 * @param count how many
 * @param shuffle as for `seedAt`
 * @param first a seed that comes first where it is not among them
 */
export function offered(count: number, shuffle: number, first: number): number[] {
  const seeds = Array.from({ length: count }, (_, index) => seedAt(index, shuffle));
  return seeds.includes(first) ? seeds : [first, ...seeds.slice(0, -1)];
}

/** The offer with more seeds at its end; the same list where it is long enough. */
export function withMore(seeds: readonly number[], shuffle: number): readonly number[] {
  if (seeds.length >= MOST_OFFERED) return seeds;
  const known = new Set(seeds);
  const more: number[] = [];
  for (let index = 0; more.length < PAGE; index++) {
    const seed = seedAt(index, shuffle);
    if (!known.has(seed)) more.push(seed);
  }
  return [...seeds, ...more];
}

/**
 * Where a key leads in a grid; null for keys that mean nothing there.
 *
 * @param index the present place
 * @param key as `KeyboardEvent.key` calls it
 * @param columns of the grid
 * @param count of its cells
 * @param rows that are seen at once
 */
export function placeAfter(
  index: number,
  key: string,
  columns: number,
  count: number,
  rows: number,
): number | null {
  const page = Math.max(1, rows) * columns;
  const steps = new Map([
    ["ArrowLeft", -1],
    ["ArrowRight", 1],
    ["ArrowUp", -columns],
    ["ArrowDown", columns],
    ["PageUp", -page],
    ["PageDown", page],
    ["Home", -index],
    ["End", count - 1 - index],
  ]);
  const step = steps.get(key);
  if (step === undefined) return null;
  const to = index + step;
  if (to >= 0 && to < count) return to;
  // A step over the edge stays in its column, a page goes as far as there is something.
  if (key === "PageUp") return index % columns;
  if (
    key === "PageDown" ||
    (key === "ArrowDown" && rowOf(index, columns) < rowOf(count - 1, columns))
  )
    return count - 1;
  return index;
}

function rowOf(index: number, columns: number): number {
  return Math.floor(index / columns);
}
