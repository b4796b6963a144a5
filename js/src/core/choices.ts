/** What a person has chosen of pictures and generators, also while the kernel has not heard of it yet. */
import { isNumber, isText } from "./decode";
import type { CommandName } from "./protocol";
import type { Command, Shared } from "./types";

/** The bounds of the truncation, and a step of its slider. */
export const LEAST_TRUNCATION = -1;
export const MOST_TRUNCATION = 1.5;
export const TRUNCATION_STEP = 0.05;

/** Truncations that have a mark beside the slider: the average, the usual one, the whole variety. */
export const TRUNCATION_MARKS = [0, 0.7, 1] as const;

/** Nearer to a mark than this a truncation is called by it. */
const NEAR = 0.01;

/** The seed of the picture that is shown or on its way. */
export function seedOf(shared: Shared): number {
  const seed = newest(shared, "sample")?.args.seed;
  return isNumber(seed) ? seed : shared.traits.seed;
}

/** The truncation of the picture that is shown or on its way. */
export function truncationOf(shared: Shared): number {
  const samples = shared.commands.filter((command) => command.name === "sample");
  const given = samples.map((command) => command.args.truncation_psi).filter(isNumber);
  return given.at(-1) ?? shared.traits.truncationPsi;
}

/** True while a picture that was asked for is on its way. */
export function isSampling(shared: Shared): boolean {
  return newest(shared, "sample") !== undefined;
}

/** The name of the generator that is there or on its way. */
export function generatorOf(shared: Shared): string {
  const name = newest(shared, "generator")?.args.name;
  return isText(name) ? name : shared.traits.generatorName;
}

/** True where pictures are of animals, which words may then call so. */
export function areAnimals(shared: Shared): boolean {
  return shared.traits.generatorName.startsWith("animals");
}

/** What a truncation means, for a person. */
export function truncationInWords(truncation: number, animals: boolean): string {
  const one = animals ? "animal" : "picture";
  if (truncation < -NEAR) return `Below 0: the opposite of each ${one}`;
  if (truncation <= NEAR) return `0: the average ${one}, whatever the seed`;
  if (truncation < 0.5) return `Near the average: calm ${one}s, much alike`;
  if (truncation < 1 - NEAR) return "The usual variety, with few flaws";
  if (truncation <= 1 + NEAR) return "1: anything the generator knows";
  return "Above 1: more than the generator has learned; some fall apart";
}

/** A truncation for reading: "0.70", "−0.25". */
export function truncationInFigures(truncation: number): string {
  return truncation.toFixed(2).replace("-", "\u2212");
}

function newest(shared: Shared, name: CommandName): Command | undefined {
  return shared.commands.filter((command) => command.name === name).at(-1);
}
