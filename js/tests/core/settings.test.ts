import { describe, expect, test } from "vitest";
import {
  choicesOf,
  isStandard,
  rangeInWords,
  readNumber,
  settingOf,
  standardSettings,
  unusedBecause,
} from "../../src/core/settings";
import { type NumberSetting, SETTINGS, SOLVER, UNUSED } from "../../src/core/settings_table";
import { play, stateWith } from "../builders";
import { readFixture } from "../fixtures";

interface Values {
  readonly field: string;
  readonly values: readonly unknown[];
}

const FIXTURE = readFixture<{
  readonly standard: Record<string, unknown>;
  readonly accepted: readonly Values[];
  readonly refused: readonly Values[];
  readonly unused: Record<string, readonly string[]>;
}>("settings");

function named(name: string) {
  const found = SETTINGS.find((setting) => setting.name === name);
  if (!found) throw new Error(`expected a setting ${name}`);
  return found;
}

function numbers(): NumberSetting[] {
  return SETTINGS.filter((setting) => setting.kind === "number");
}

const textOf = (value: unknown) => (value === null ? "" : String(value));
const valuesOf = (kind: "accepted" | "refused", name: string) =>
  FIXTURE[kind].find(({ field }) => field === name)?.values ?? [];

describe("the table of settings", () => {
  test("has every setting that is offered, with the value that it has at first", () => {
    const { seed: _, ...offered } = FIXTURE.standard;
    expect(standardSettings()).toEqual(offered);
  });

  test("greys out what a solver does not look at, and says why", () => {
    expect(UNUSED).toEqual(FIXTURE.unused);
    expect(unusedBecause("learning_rate", "kinematic")).toMatch(
      /not used by the solver Kinematic/i,
    );
    expect(unusedBecause("jacobian_refresh", "paper")).toMatch(/only the solver Kinematic/i);
    expect(unusedBecause("mask_weight", "kinematic")).toBeNull();
    expect(unusedBecause("mask_weight", "unknown")).toBeNull();
  });

  test("offers the choices that can be made, each solver and space with a sentence", () => {
    for (const setting of SETTINGS) {
      if (setting.kind !== "choice") continue;
      const offered = setting.choices.map(({ value }) => value);
      expect(offered).toEqual(expect.arrayContaining([...valuesOf("accepted", setting.name)]));
      for (const value of valuesOf("refused", setting.name)) expect(offered).not.toContain(value);
    }
    for (const name of ["solver", "space"]) {
      const setting = named(name);
      if (setting.kind !== "choice") throw new Error("expected a choice");
      for (const { meaning } of setting.choices) expect(meaning).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  test("explains everything else in a sentence", () => {
    for (const { name, meaning } of SETTINGS) {
      if (name !== "solver" && name !== "space") expect(meaning).toMatch(/^[A-Z].{15,}\.$/);
    }
  });

  test("offers no feature block that is larger than the picture", () => {
    const blocks = named("feature_block");
    if (blocks.kind !== "choice") throw new Error("expected a choice");
    expect(choicesOf(blocks, 32).map(({ value }) => value)).toEqual([null, 4, 8, 16, 32]);
    expect(choicesOf(SOLVER, 32)).toBe(SOLVER.choices);
  });
});

describe("a number that is entered", () => {
  test.each(numbers().map((setting) => [setting.name, setting] as const))(
    "is read for %s",
    (name, setting) => {
      for (const value of valuesOf("accepted", name)) {
        expect(readNumber(setting, ` ${textOf(value)} `)).toEqual({ value });
      }
      for (const value of [...valuesOf("refused", name), "a lot", "1e999"]) {
        expect(readNumber(setting, textOf(value))).toEqual({
          error: `Enter ${rangeInWords(setting)}.`,
        });
      }
    },
  );

  test("may have a decimal comma", () => {
    const [first] = numbers();
    expect(first && readNumber(first, "2,5")).toEqual({ value: 2.5 });
  });

  test("is asked for in words", () => {
    expect(numbers().map(rangeInWords)).toEqual([
      "a number from 0 to 1000000",
      "a whole number from 1",
      "a number above 0, or nothing",
      "a whole number from 1",
      "a number above 0, up to 256",
      "a number above 0, up to 256",
      "a number above 0, or nothing",
    ]);
  });
});

describe("a setting", () => {
  const mask = named("mask_weight");

  test("has the kernel's value, and its first one where the kernel says none", () => {
    expect(settingOf(stateWith({}, { config: { mask_weight: 3 } }).shared, mask)).toBe(3);
    expect(settingOf(stateWith({}, { config: { mask_weight: {} } }).shared, mask)).toBe(20);
    expect(isStandard(stateWith().shared)).toBe(true);
    expect(isStandard(stateWith({}, { config: { max_steps: 9 } }).shared)).toBe(false);
  });

  test("shows what was entered until the kernel has answered", () => {
    const sent = play(
      stateWith(),
      { kind: "configure", settings: { mask_weight: 5 } },
      { kind: "configure", settings: { max_steps: 9 } },
    );
    expect(settingOf(sent.shared, mask)).toBe(5);
    const [first] = sent.shared.commands;
    const reply = { rid: first?.rid ?? 0, ok: true, error: "" };
    expect(settingOf(play(sent, { kind: "reply", reply }).shared, mask)).toBe(20);
  });

  test("that is refused is complained of beside it and in no banner, until it is entered anew", () => {
    const sent = play(stateWith(), { kind: "configure", settings: { mask_weight: 5 } });
    const rid = sent.shared.commands[0]?.rid ?? 0;
    const refused = play(sent, {
      kind: "reply",
      reply: { rid, ok: false, error: "mask_weight must be less" },
    });
    expect(refused.shared.refusal).toEqual({
      fields: ["mask_weight"],
      error: "mask_weight must be less",
    });
    expect(refused.shared.problem).toBeNull();
    const anew = play(refused, { kind: "configure", settings: { mask_weight: 4 } });
    expect(anew.shared.refusal).toBeNull();
  });
});
