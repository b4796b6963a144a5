import { expect, test } from "vitest";
import { Newest } from "../../src/core/newest";

/** Something that is found when the test says so. */
function finder() {
  const asked: number[] = [];
  const shown: [number, string][] = [];
  const failed: unknown[] = [];
  let settle = { found: (_: string) => {}, lost: (_: Error) => {} };
  const newest = new Newest<number, string>(
    (key) => {
      asked.push(key);
      return new Promise((found, lost) => {
        settle = { found, lost };
      });
    },
    (key, found) => shown.push([key, found]),
    (error) => failed.push(error),
  );
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const find = (text: string) => {
    settle.found(text);
    return turn();
  };
  const lose = (text: string) => {
    settle.lost(new Error(text));
    return turn();
  };
  return { asked, shown, failed, newest, find, lose };
}

test("only the newest wish is asked for, one at a time", async () => {
  const { asked, shown, newest, find } = finder();
  for (const key of [1, 2, 3, 4]) newest.want(key);
  expect(asked).toEqual([1]);
  await find("one");
  expect(asked).toEqual([1, 4]);
  await find("four");
  expect(asked).toEqual([1, 4]);
  expect(shown).toEqual([
    [1, "one"],
    [4, "four"],
  ]);
  newest.want(5);
  expect(asked).toEqual([1, 4, 5]);
});

test("who wants nothing any more is asked nothing more", async () => {
  const { asked, newest, find } = finder();
  newest.want(1);
  newest.want(2);
  newest.want(null);
  await find("one");
  expect(asked).toEqual([1]);
});

test("after a failure the newest wish is still looked for", async () => {
  const { asked, shown, failed, newest, find, lose } = finder();
  newest.want(1);
  newest.want(2);
  await lose("no");
  expect(failed).toEqual([new Error("no")]);
  expect(asked).toEqual([1, 2]);
  await find("two");
  expect(shown).toEqual([[2, "two"]]);
});
