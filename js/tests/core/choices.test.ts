import { describe, expect, test } from "vitest";
import {
  generatorOf,
  isSampling,
  seedOf,
  truncationInFigures,
  truncationInWords,
  truncationOf,
} from "../../src/core/choices";
import { play, stateWith } from "../builders";

const ANIMALS = { generatorName: "animals", generators: ["animals", "mine"], seed: 3 };

describe("what was chosen", () => {
  test("is the kernel's until something is asked for", () => {
    const { shared } = stateWith({}, { ...ANIMALS, truncationPsi: 0.4 });
    expect([seedOf(shared), truncationOf(shared), generatorOf(shared)]).toEqual([
      3,
      0.4,
      "animals",
    ]);
    expect(isSampling(shared)).toBe(false);
  });

  test("is the newest that is on its way", () => {
    const { shared } = play(
      stateWith({}, ANIMALS),
      { kind: "sample", seed: 8, truncationPsi: 0.5 },
      { kind: "sample", seed: 9 },
    );
    expect([seedOf(shared), truncationOf(shared)]).toEqual([9, 0.5]);
    expect(isSampling(shared)).toBe(true);
    expect(shared.commands.map(({ args }) => args)).toEqual([
      { seed: 8, truncation_psi: 0.5 },
      { seed: 9 },
    ]);
  });

  test("can only be a generator of the list, and another one", () => {
    const state = stateWith({}, ANIMALS);
    expect(play(state, { kind: "generator", name: "animals" })).toBe(state);
    expect(play(state, { kind: "generator", name: "/etc/passwd" })).toBe(state);
    const { shared } = play(state, { kind: "generator", name: "mine" });
    expect(generatorOf(shared)).toBe("mine");
    expect(shared.commands[0]?.args).toEqual({ name: "mine" });
  });
});

describe("a drawer", () => {
  test("is open alone, and Escape closes it when nothing else is to be given up", () => {
    const open = play(
      stateWith(),
      { kind: "drawer", drawer: "gallery" },
      { kind: "drawer", drawer: "settings" },
      { kind: "new_point" },
    );
    expect(open.view.drawer).toBe("settings");
    const once = play(open, { kind: "escape" });
    expect([once.view.draft, once.view.drawer]).toEqual([null, "settings"]);
    expect(play(once, { kind: "escape" }).view.drawer).toBeNull();
  });

  test("is given up before the history beside it, and that before the chosen mark", () => {
    const open = play(
      stateWith(),
      { kind: "history", open: true },
      { kind: "drawer", drawer: "gallery" },
      { kind: "escape" },
    );
    expect([open.view.drawer, open.view.historyOpen]).toEqual([null, true]);
    expect(play(open, { kind: "escape" }).view.historyOpen).toBe(false);
  });
});

describe("a truncation", () => {
  test.each([
    [-1, "Below 0: the opposite of each animal"],
    [0, "0: the average animal, whatever the seed"],
    [0.3, "Near the average: calm animals, much alike"],
    [0.7, "The usual variety, with few flaws"],
    [1, "1: anything the generator knows"],
    [1.4, "Above 1: more than the generator has learned; some fall apart"],
  ])("of %d is told in words", (truncation, words) => {
    expect(truncationInWords(truncation, true)).toBe(words);
  });

  test("is told in figures", () => {
    expect([0.7, -0.25].map(truncationInFigures)).toEqual(["0.70", "\u22120.25"]);
  });
});
