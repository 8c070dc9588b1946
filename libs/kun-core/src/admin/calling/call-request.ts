import { Metadata } from '@grpc/grpc-js';
import { badRequest } from '../access/http-error.js';
import type { MetadataEntry } from '../answers/calling.js';
import { isCredential } from './buf-curl.js';

/** A requested call, checked as far as possible without its proto. */
export interface AskedCall {
  readonly method: string;
  /** `undefined` where none were given. */
  readonly messages: readonly unknown[] | undefined;
  readonly open: boolean;
  readonly metadata: readonly MetadataEntry[];
  /** Default: by the kind of the method. */
  readonly timeoutMs: number | undefined;
}

const MAX_TIMEOUT_MS = 3_600_000;
const KNOWN = ['method', 'messages', 'open', 'metadata', 'timeoutMs'];

/** @throws {HttpError} naming what of the body cannot be used. */
export function readCallRequest(body: unknown): AskedCall {
  const asked = Object(body) as Record<string, unknown>;
  for (const name of Object.keys(asked)) {
    if (!KNOWN.includes(name))
      throw badRequest(`a call has no ${name.slice(0, 40)}; it has ${KNOWN.join(', ')}`);
  }
  const { method, messages, open = false, metadata = [], timeoutMs } = asked;
  if (typeof method !== 'string') throw badRequest('method is the path of one, as /package.Service/Method');
  if (typeof open !== 'boolean') throw badRequest('open is true or false');
  if (
    timeoutMs !== undefined &&
    !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)
  ) {
    throw badRequest(`timeoutMs is a number of milliseconds, ${MAX_TIMEOUT_MS} at most`);
  }
  return {
    method,
    messages: messages === undefined ? undefined : readMessages(messages),
    open,
    metadata: readEntries(metadata),
    timeoutMs,
  };
}

/** @throws {HttpError} when it is no list. */
export function readMessages(messages: unknown): readonly unknown[] {
  if (Array.isArray(messages)) return messages as unknown[];
  throw badRequest('messages is a list of messages, each as JSON of protobuf');
}

/** @throws {HttpError} naming an entry that cannot be sent. */
export function toMetadata(entries: readonly MetadataEntry[]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of entries) {
    if (/^(?:grpc-|:)|^(?:te|content-type|host|connection)$/i.test(name)) {
      throw badRequest(`metadata ${JSON.stringify(name.slice(0, 40))} is gRPC's own`);
    }
    try {
      metadata.add(name, /-bin$/i.test(name) ? Buffer.from(value, 'base64') : value);
    } catch {
      throw badRequest(
        `metadata ${JSON.stringify(name.slice(0, 40))} cannot be sent: a name or value is not ASCII`,
      );
    }
  }
  return metadata;
}

/** Metadata for display, binary values as base64. Credentials are hidden, since screenshots are shared. */
export function shownEntries(metadata: Metadata | null): MetadataEntry[] {
  const lists = (metadata?.toJSON() ?? {}) as Readonly<Record<string, ReadonlyArray<string | Buffer>>>;
  return Object.entries(lists).flatMap(([name, values]) =>
    values.map((value): MetadataEntry => [name, isCredential(name) ? '[secret]' : textOf(value)]),
  );
}

function textOf(value: string | Buffer): string {
  return typeof value === 'string' ? value : value.toString('base64');
}

function readEntries(metadata: unknown): MetadataEntry[] {
  const isEntry = (entry: unknown): entry is MetadataEntry =>
    Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string');
  if (Array.isArray(metadata) && metadata.length <= 100 && metadata.every(isEntry)) return metadata;
  throw badRequest('metadata is a list of pairs of texts, as [["x-tenant", "acme"]]');
}
