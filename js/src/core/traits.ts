/** Decoding of the traits that the kernel sets; as in `protocol.ts`, never throws. */
import {
  box,
  decodeList,
  decodeSize,
  isBoolean,
  isCount,
  isLength,
  isNumber,
  isRecord,
  isText,
  keepIf,
} from "./decode";
import { decodeFilm, decodeHistory } from "./history";
import { type KernelError, STATUSES, type Traits } from "./protocol";

/** How each trait of `Traits` is called on the wire and read; null where the value is not valid. */
const TRAIT_DECODERS: {
  readonly [K in keyof Traits]: readonly [string, (value: unknown) => { value: Traits[K] } | null];
} = {
  running: ["running", keepIf(isBoolean)],
  autoRun: ["auto_run", keepIf(isBoolean)],
  status: ["status", (value) => box(STATUSES.find((name) => name === value))],
  statusText: ["status_text", keepIf(isText)],
  step: ["step", keepIf((value): value is number => isCount(value, 0))],
  distancePx: ["distance_px", keepIf(isLength)],
  seed: ["seed", keepIf((value): value is number => isCount(value, 0))],
  imageSize: ["image_size", (value) => box(decodeSize(value))],
  truncationPsi: ["truncation_psi", keepIf(isNumber)],
  config: ["config", keepIf(isRecord)],
  generatorName: ["generator_name", keepIf(isText)],
  generators: [
    "generators",
    (value) => box(decodeList(value, (item) => (isText(item) ? item : null))),
  ],
  canUndo: ["can_undo", keepIf(isBoolean)],
  canRedo: ["can_redo", keepIf(isBoolean)],
  history: ["history", (value) => box(decodeHistory(value))],
  historyPosition: ["history_position", keepIf((value): value is number => isCount(value, 0))],
  film: ["film", (value) => box(decodeFilm(value))],
  busyText: ["busy_text", keepIf(isText)],
  error: ["error", decodeError],
  changeOutside: [
    "change_outside",
    (value) => (value === null ? { value } : keepIf(isLength)(value)),
  ],
  blendOutside: ["blend_outside", keepIf(isBoolean)],
};

/** The names of the traits of `Traits` on the wire. */
export const TRAIT_NAMES: readonly string[] = Object.values(TRAIT_DECODERS).map(([name]) => name);

/**
 * The traits read one by one; what is missing or damaged keeps its value of `before`.
 *
 * @param read gives the value of a trait by its name on the wire
 * @param before the last good values
 */
export function decodeTraits(read: (name: string) => unknown, before: Traits): Traits {
  const next: { -readonly [K in keyof Traits]: Traits[K] } = { ...before };
  const take = <K extends keyof Traits>(key: K): void => {
    const [name, decode] = TRAIT_DECODERS[key];
    const found = decode(read(name));
    if (found) next[key] = found.value;
  };
  for (const key of Object.keys(TRAIT_DECODERS) as (keyof Traits)[]) take(key);
  return next;
}

/** The revision in `points_rev`; 0 where there is none. */
export function decodeRev(value: unknown): number {
  return isCount(value, 0) ? value : 0;
}

function decodeError(value: unknown): { value: KernelError | null } | null {
  if (!isRecord(value)) return null;
  if (Object.keys(value).length === 0) return { value: null };
  const { seq, message, details } = value;
  if (!isCount(seq, 0) || typeof message !== "string") return null;
  return { value: { seq, message, details: typeof details === "string" ? details : "" } };
}
