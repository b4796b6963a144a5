import { describe, expect, test } from "vitest";
import { filledMask } from "../../src/core/mask";
import { figuresInWords, Meter } from "../../src/core/meter";
import { outsideInWords } from "../../src/core/outside";
import { frameOf, stateWith } from "../builders";

describe("the meter", () => {
  test("counts steps and pictures of the last seconds, and knows nothing before and after", () => {
    let nowMs = 0;
    const meter = new Meter(() => nowMs);
    const nothing = { stepsPerS: null, picturesPerS: null, lagMs: null, lean: false };
    expect(meter.figures).toEqual(nothing);
    for (let index = 0; index <= 10; index++) {
      nowMs = 100 * index;
      meter.shown(frameOf(index + 1, [], 3 * index));
    }
    expect(meter.figures.picturesPerS).toBeCloseTo(10, 9);
    expect(meter.figures.stepsPerS).toBeCloseTo(30, 9);
    nowMs += 5000;
    expect(meter.figures.picturesPerS).toBeNull();
  });

  test("starts to count anew with a new drag", () => {
    let nowMs = 0;
    const meter = new Meter(() => nowMs);
    meter.shown(frameOf(1, [], 40));
    nowMs = 500;
    meter.shown(frameOf(2, [], 0));
    expect(meter.figures.stepsPerS).toBeNull();
    nowMs = 1000;
    meter.shown(frameOf(3, [], 4));
    expect(meter.figures.stepsPerS).toBeCloseTo(8, 9);
  });

  test("measures from when a pointer asks to the picture that follows it", () => {
    let nowMs = 0;
    const meter = new Meter(() => nowMs);
    const pull = (seq: number, askedMs: number, toldMs: number) => {
      nowMs = askedMs;
      meter.asked();
      nowMs = toldMs;
      meter.pulled(seq);
    };
    pull(1, 0, 10);
    pull(2, 20, 30);
    nowMs = 100;
    meter.shown({ ...frameOf(1), pull: 2 });
    expect(meter.figures.lagMs).toBe(80);
    meter.shown({ ...frameOf(2), pull: 2 });
    pull(3, 200, 200);
    nowMs = 240;
    meter.shown({ ...frameOf(3), pull: 3 });
    expect(meter.figures.lagMs).toBe(60);
  });

  test("says that the connection is slow for as long as pictures are sent smaller", () => {
    const meter = new Meter(() => 0);
    meter.shown({ ...frameOf(1), lean: true });
    expect(figuresInWords(meter.figures).at(-1)).toBe("slow connection: pictures are sent smaller");
    meter.shown(frameOf(2));
    expect(figuresInWords(meter.figures).at(-1)).toBe("lag –");
  });

  test("says what it does not know", () => {
    expect(
      figuresInWords({ stepsPerS: 12.34, picturesPerS: 9.31, lagMs: 84.6, lean: false }),
    ).toEqual(["12 steps/s", "9.3 pictures/s", "lag 85 ms"]);
    expect(
      figuresInWords({ stepsPerS: null, picturesPerS: null, lagMs: null, lean: false }),
    ).toEqual(["– steps/s", "– pictures/s", "lag –"]);
  });
});

test("the change outside the mask is told where there is one, and what is shown instead", () => {
  const mask = filledMask({ width: 128, height: 96 }, 255);
  const words = (traits = {}, shared = {}) =>
    outsideInWords(stateWith({ mask, ...shared }, traits).shared);
  expect(words()).toBe("");
  expect(words({ changeOutside: 0.42 })).toBe("Outside the mask it changed by 0.4 of 255");
  expect(words({ changeOutside: 0.01 })).toBe(
    "Outside the mask it changed by less than 0.1 of 255",
  );
  expect(words({ changeOutside: 0.42, blendOutside: true })).toBe(
    "Outside the mask it is shown as it was; the drag had changed that by 0.4 of 255",
  );
  expect(words({ blendOutside: true })).toBe("At rest, all outside the mask is shown as it was");
  expect(words({ changeOutside: 0.42 }, { mask: null })).toBe("");
});
