/**
 * How fast steps and pictures come, and how late after the pointer, as this page sees it.
 *
 * Frames say their step and the pull that they follow, so that the kernel need not tell anything more.
 */
import type { FrameInfo } from "./protocol";

/** Rates are those of so much time before now. */
const WINDOW_MS = 2000;

/** The lag is the median of so many pictures at most. */
const LAGS_KEPT = 50;

/** Pulls whose picture is awaited at most; older ones were overtaken. */
const MOST_PENDING = 200;

/** What was never measured, or not in the last seconds, is null. */
export interface Figures {
  readonly stepsPerS: number | null;
  readonly picturesPerS: number | null;
  readonly lagMs: number | null;
  /** True where pictures are sent smaller because the connection is slow. */
  readonly lean: boolean;
}

interface Shown {
  readonly atMs: number;
  readonly step: number;
}

export class Meter {
  readonly #now: () => number;
  #shown: readonly Shown[] = [];
  #pending: readonly { readonly seq: number; readonly askedMs: number }[] = [];
  #askedMs: number | null = null;
  #lags: readonly number[] = [];
  #lean = false;

  /** @param now milliseconds of some clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes that a pointer asks for a picture, of which the kernel will be told with the next paint. */
  asked(): void {
    this.#askedMs ??= this.#now();
  }

  /** Notes by which number the kernel is told. */
  pulled(seq: number): void {
    const askedMs = this.#askedMs ?? this.#now();
    this.#askedMs = null;
    this.#pending = [...this.#pending, { seq, askedMs }].slice(-MOST_PENDING);
  }

  /** Notes a picture on the screen. */
  shown(frame: FrameInfo): void {
    const atMs = this.#now();
    this.#lean = frame.lean;
    const last = this.#shown.at(-1);
    // A smaller step is that of a new drag: its steps are counted from there.
    const kept = last && frame.step < last.step ? [] : recent(this.#shown, atMs);
    this.#shown = [...kept, { atMs, step: frame.step }];
    const asked = this.#pending.find(({ seq }) => seq === frame.pull);
    if (!asked) return;
    this.#pending = this.#pending.filter(({ seq }) => seq > frame.pull);
    this.#lags = [...this.#lags, atMs - asked.askedMs].slice(-LAGS_KEPT);
  }

  /** What was measured. */
  get figures(): Figures {
    const shown = recent(this.#shown, this.#now());
    const first = shown[0];
    const last = shown.at(-1);
    const seconds = first && last ? (last.atMs - first.atMs) / 1000 : 0;
    const rates = first && last && seconds > 0;
    return {
      stepsPerS: rates ? (last.step - first.step) / seconds : null,
      picturesPerS: rates ? (shown.length - 1) / seconds : null,
      lagMs: median(this.#lags),
      lean: this.#lean,
    };
  }
}

/** The figures in words, for a line of their own. */
export function figuresInWords(figures: Figures): readonly string[] {
  const { stepsPerS, picturesPerS, lagMs, lean } = figures;
  const rate = (value: number | null) =>
    value === null ? "–" : value.toFixed(value < 9.95 ? 1 : 0);
  return [
    `${rate(stepsPerS)} steps/s`,
    `${rate(picturesPerS)} pictures/s`,
    lagMs === null ? "lag –" : `lag ${Math.round(lagMs)} ms`,
    ...(lean ? ["slow connection: pictures are sent smaller"] : []),
  ];
}

function recent(shown: readonly Shown[], nowMs: number): readonly Shown[] {
  return shown.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
