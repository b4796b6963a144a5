import { describe, expect, test } from "vitest";
import type { Answer, Args } from "../../src/core/protocol";
import { SeedLoader, type Wanted } from "../../src/core/seed_loader";
import { settled } from "../fake_model";

const PICTURE = new Uint8Array([1, 2, 3]);
const WANTED: Wanted = {
  seen: [5, 6],
  others: [7],
  truncation: 0.7,
  generator: "animals",
  active: true,
};

/** A kernel that answers when the test says so. */
class Kernel {
  readonly asked: Args[] = [];
  readonly shown: number[] = [];
  readonly loader = new SeedLoader(
    (_, args = {}) => {
      this.asked.push(args);
      return new Promise((resolve, reject) => {
        this.#answer = resolve;
        this.#refuse = reject;
      });
    },
    (seed) => this.shown.push(seed),
  );
  #answer: (answer: Answer) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;

  async answer(): Promise<void> {
    const result = { mime: "image/webp", w: 1, h: 1 };
    this.#answer({ rid: 1, ok: true, error: "", result, files: [PICTURE] });
    await settled();
  }

  async refuse(): Promise<void> {
    this.#refuse(new Error("no"));
    await settled();
  }

  get seeds(): unknown[] {
    return this.asked.map(({ seed }) => seed);
  }
}

describe("small pictures", () => {
  test("are asked for one after the other, those that are seen first, and each once", async () => {
    const kernel = new Kernel();
    kernel.loader.want(WANTED);
    kernel.loader.want(WANTED);
    expect(kernel.asked).toEqual([{ seed: 5, truncation_psi: 0.7 }]);
    await kernel.answer();
    await kernel.answer();
    await kernel.answer();
    kernel.loader.want({ ...WANTED, seen: [7], others: [5, 6] });
    expect(kernel.seeds).toEqual([5, 6, 7]);
    expect(kernel.shown).toEqual([5, 6, 7]);
  });

  test("wait while nothing may be asked; what is on its way still comes", async () => {
    const kernel = new Kernel();
    kernel.loader.want(WANTED);
    kernel.loader.want({ ...WANTED, active: false });
    await kernel.answer();
    expect(kernel.shown).toEqual([5]);
    expect(kernel.seeds).toEqual([5]);
    kernel.loader.want(WANTED);
    expect(kernel.seeds).toEqual([5, 6]);
  });

  test("follow a slider in turns, so that none is left behind", async () => {
    const kernel = new Kernel();
    kernel.loader.want(WANTED);
    for (const truncation of [0.6, 0.5, 0.4]) {
      kernel.loader.want({ ...WANTED, truncation });
      await kernel.answer();
    }
    expect(kernel.asked).toEqual([
      { seed: 5, truncation_psi: 0.7 },
      { seed: 6, truncation_psi: 0.6 },
      { seed: 5, truncation_psi: 0.5 },
      { seed: 6, truncation_psi: 0.4 },
    ]);
  });

  test("are asked for anew for another generator", async () => {
    const kernel = new Kernel();
    kernel.loader.want({ ...WANTED, seen: [5], others: [] });
    await kernel.answer();
    kernel.loader.want({ ...WANTED, seen: [5], others: [], generator: "mine" });
    expect(kernel.seeds).toEqual([5, 5]);
  });

  test("that cannot be had are left out, until one looks again", async () => {
    const kernel = new Kernel();
    kernel.loader.want(WANTED);
    await kernel.refuse();
    await kernel.answer();
    await kernel.answer();
    kernel.loader.want(WANTED);
    expect(kernel.seeds).toEqual([5, 6, 7]);
    kernel.loader.retry();
    kernel.loader.want(WANTED);
    expect(kernel.seeds).toEqual([5, 6, 7, 5]);
  });
});
