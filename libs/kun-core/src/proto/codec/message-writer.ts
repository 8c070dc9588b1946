import type { Writer } from 'protobufjs';
import { atField, atIndex, describe, FieldMisfitError, type Refuse } from '../values/message-misfit.js';
import { valueOf, type FieldPlan, type Source } from '../values/field-plan.js';
import { unknownKey } from './unknown-key.js';
import { MAX_DEPTH, type ValueCodec } from '../values/value-codec.js';

/** Encodes one field of a message; returns whether the message has the field. */
export type FieldWriter = (writer: Writer, source: Source, depth: number) => boolean;

const NOTHING: Source = Object.freeze({});

const NO_ONEOFS: ReadonlyMap<string, readonly FieldPlan[]> = new Map();

/** Encodes messages of one type. Its fields are set after its creation, because a message may contain itself. */
export class MessageWriter {
  private readonly steps: FieldWriter[] = [];
  private readonly names: string[] = [];
  private oneofs: ReadonlyMap<string, readonly FieldPlan[]> = NO_ONEOFS;

  constructor(
    private readonly typeName: string,
    private readonly refuse: Refuse,
  ) {}

  /** `steps` are ordered by field number, as protobuf writes fields. */
  complete(
    steps: ReadonlyArray<{ readonly plan: FieldPlan; readonly write: FieldWriter }>,
    oneofs: ReadonlyMap<string, readonly FieldPlan[]>,
  ): void {
    for (const { plan, write } of steps) {
      this.steps.push(write);
      this.names.push(plan.name);
    }
    this.oneofs = oneofs;
  }

  /** @throws {FieldMisfitError} for a value that does not fit. */
  write(writer: Writer, value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) {
      throw new FieldMisfitError(`more than ${MAX_DEPTH} nested messages; does one contain itself?`);
    }
    const plain = isPlain(value);
    const source = plain ? value : this.sourceOf(value);
    const { steps } = this;
    let found = 0;
    let at = 0;
    try {
      for (; at < steps.length; at++) if ((steps[at] as FieldWriter)(writer, source, depth)) found++;
    } catch (thrown) {
      throw FieldMisfitError.within(atField(this.names[at] ?? ''), thrown);
    }
    if (this.oneofs.size > 0) this.checkOneofs(source);
    // If there are as many fields as keys, each key is a field; this does not hold for a class with getters.
    if (!plain || found !== keysOf(source)) this.checkKeys(source);
  }

  /** The names of the fields, by field number. */
  get fieldNames(): readonly string[] {
    return this.names;
  }

  /** Whether an object has only fields of the message. */
  fits(value: unknown): boolean {
    return isMessageLike(value) && Object.keys(value).every((key) => this.names.includes(key));
  }

  private checkOneofs(source: Source): void {
    for (const members of this.oneofs.values()) {
      const set = members.filter((member) => isSet(valueOf(source, member)));
      if (set.length > 1) {
        const names = set.map(({ name }) => name).join(' and ');
        this.refuse(`${names} are set, but a message has at most one of them (oneof)`, () => undefined);
      }
    }
  }

  /** Returns the instance, or the result of its `toJSON` if it has properties that are not fields of the message. */
  private sourceOf(value: unknown): Source {
    if (!isMessageLike(value)) {
      if (value === undefined && this.names.length === 0) return NOTHING;
      return this.refuse(`expected an object for ${this.typeName}, found ${describe(value)}`, () => NOTHING);
    }
    const { toJSON } = value;
    if (typeof toJSON !== 'function' || this.names.includes('toJSON')) return value;
    if (Object.keys(value).every((key) => this.problemOf(key, value) === undefined)) return value;
    const json: unknown = toJSON.call(value);
    return isMessageLike(json) ? json : value;
  }

  private problemOf(key: string, source: Source): string | undefined {
    return unknownKey(key, source, this.names, this.oneofs);
  }

  private checkKeys(source: Source): void {
    for (const key of Object.keys(source)) {
      const problem = this.problemOf(key, source);
      if (problem === undefined) continue;
      try {
        this.refuse(problem, () => undefined);
      } catch (thrown) {
        throw FieldMisfitError.within(atField(key), thrown);
      }
    }
  }
}

/** Encodes a repeated field: each element with its tag, or all in one block. */
export function listWriter(tag: number, codec: ValueCodec, packed: boolean, refuse: Refuse, endTag?: number) {
  return (writer: Writer, value: unknown, depth: number): void => {
    const list = isList(value) ? value : refuse(`expected an array, found ${describe(value)}`, () => []);
    if (list.length === 0) return;
    let index = 0;
    try {
      if (packed) {
        writer.uint32(tag).fork();
        for (; index < list.length; index++) codec.write(writer, list[index], depth);
        writer.ldelim();
        return;
      }
      for (; index < list.length; index++) {
        const element = list[index];
        if (element === undefined)
          throw new FieldMisfitError('a list has no absent elements, found undefined');
        writer.uint32(tag);
        codec.write(writer, element, depth);
        if (endTag !== undefined) writer.uint32(endTag);
      }
    } catch (thrown) {
      throw FieldMisfitError.within(atIndex(index), thrown);
    }
  };
}

/** Whether a field is set: `null` counts as unset, as in protobuf's JSON. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** The number of an object's keys, as cheaply as possible; includes those added to its prototype. */
function keysOf(source: Source): number {
  let keys = 0;
  for (const _ in source) keys++;
  return keys;
}

function isPlain(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Refuses instances of built-in classes: a Date or a promise would be sent as a message without fields. */
function isMessageLike(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  return !BUILT_IN.has(Object.prototype.toString.call(value)) && !ArrayBuffer.isView(value);
}

const BUILT_IN: ReadonlySet<string> = new Set(
  'Array Date Map Set WeakMap WeakSet Promise RegExp Error ArrayBuffer SharedArrayBuffer String Number Boolean Symbol BigInt'
    .split(' ')
    .map((name) => `[object ${name}]`),
);
