/** The protocol examples that the Python tests read too. */
import { readFileSync } from "node:fs";

export interface Example {
  readonly name: string;
  readonly why?: string;
  readonly message: unknown;
  readonly buffer_bytes?: readonly number[];
}

export interface MessageFixture {
  readonly about: string;
  readonly valid: readonly Example[];
  readonly hostile: readonly Example[];
}

export interface TraitExample {
  readonly name: string;
  readonly traits: Readonly<Record<string, unknown>>;
}

export interface TraitFixture {
  readonly valid: readonly TraitExample[];
  readonly from_browser: readonly TraitExample[];
  readonly hostile_from_kernel: readonly TraitExample[];
  readonly mask: {
    readonly size: readonly [number, number];
    readonly may_move: readonly (readonly boolean[])[];
    readonly png_base64: string;
  };
}

/** The examples of one kind of message, or of the traits. */
export function readFixture<T>(name: string): T {
  const path = new URL(`../../tests/fixtures/protocol/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** A named example of a list. */
export function example<T extends { readonly name: string }>(list: readonly T[], name: string): T {
  const found = list.find((each) => each.name === name);
  if (!found) throw new Error(`expected an example "${name}"; add it to the fixture.`);
  return found;
}
