import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StateRevs } from "../../src/core/state_revs";

/** The numbers of a page that has seen some of them. */
function seen(...revs: number[]): StateRevs {
  const state = new StateRevs(0);
  for (const rev of revs) state.came(rev);
  return state;
}

describe("messages of traits", () => {
  test("in their order leave nothing missing", () => {
    const state = seen(1, 2, 3);
    expect(state.isBehind).toBe(false);
    expect(state.known.whole).toBe(3);
  });

  test("with a gap are behind until an answer has told the rest", () => {
    const state = seen(1, 4);
    expect(state.isBehind).toBe(true);
    const { known } = state;
    expect(known.whole).toBe(1);
    expect(state.came(5)).toBe(true);
    state.answered(known, 5);
    expect(state.isBehind).toBe(false);
    expect(state.known.whole).toBe(5);
  });

  test("that come late have spoilt what was there", () => {
    const state = seen(1, 2, 3);
    expect(state.came(2)).toBe(false);
    expect(state.known.whole).toBe(1);
    expect(state.isBehind).toBe(true);
  });

  test("are not whole by an answer whose traits have not come, or that was overtaken by a late one", () => {
    const lost = seen(1, 3);
    lost.answered(lost.known, 4);
    expect(lost.isBehind).toBe(true);
    const overtaken = seen(1, 3);
    const { known } = overtaken;
    overtaken.came(4);
    overtaken.came(2);
    overtaken.answered(known, 4);
    expect(overtaken.isBehind).toBe(true);
  });

  test("are all asked for by a page that has none, or that has forgotten them", () => {
    const none = new StateRevs(null);
    expect(none.known.whole).toBe(null);
    expect(none.isBehind).toBe(true);
    const { known } = none;
    none.came(9);
    expect(none.isBehind).toBe(true);
    none.answered(known, 9);
    expect(none.isBehind).toBe(false);
    none.forget();
    expect(none.known.whole).toBe(null);
  });

  test("lost and disordered at will are whole only when the model has the newest of each trait", () => {
    const event = fc.record({
      trait: fc.nat(2),
      lost: fc.boolean(),
      late: fc.nat(3),
      asks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const told = [0, 0, 0];
        const model = [0, 0, 0];
        const state = new StateRevs(0);
        let newest = 0;
        let held: { rev: number; trait: number; turns: number }[] = [];
        const deliver = (rev: number, traits: readonly number[]) => {
          for (const trait of traits) model[trait] = rev;
          state.came(rev);
        };
        for (const { trait, lost, late, asks } of events) {
          newest += 1;
          told[trait] = newest;
          if (!lost) held.push({ rev: newest, trait, turns: late });
          for (const each of held.filter(({ turns }) => turns === 0))
            deliver(each.rev, [each.trait]);
          held = held
            .filter(({ turns }) => turns > 0)
            .map((each) => ({ ...each, turns: each.turns - 1 }));
          if (asks) {
            const { known } = state;
            const missed = [0, 1, 2].filter((name) => (told[name] ?? 0) > (known.whole ?? -1));
            if (missed.length > 0) {
              newest += 1;
              for (const name of missed) told[name] = newest;
              deliver(newest, missed);
            }
            state.answered(known, newest);
            expect(state.isBehind).toBe(false);
          }
          if (!state.isBehind && state.known.whole === newest) expect(model).toEqual(told);
        }
      }),
    );
  });
});
