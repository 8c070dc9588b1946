import { Metadata } from '@grpc/grpc-js';
import { isSpanContextValid, TraceFlags } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTraceHeaders, writeTraceHeaders, type TraceHeaderFormat } from './trace-headers.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function metadata(headers: Readonly<Record<string, string>>): Metadata {
  const result = new Metadata();
  for (const [name, value] of Object.entries(headers)) result.set(name, value);
  return result;
}

const read = (headers: Readonly<Record<string, string>>) => readTraceHeaders(metadata(headers));

describe('readTraceHeaders', () => {
  it.each<[string, Record<string, string>, boolean | undefined]>([
    ['W3C, recorded', { traceparent: `00-${TRACE}-${SPAN}-01` }, true],
    ['W3C, not recorded', { traceparent: `00-${TRACE}-${SPAN}-00` }, false],
    ['W3C of a later version', { traceparent: `cc-${TRACE}-${SPAN}-01-more` }, true],
    ['B3', { b3: `${TRACE}-${SPAN}-1` }, true],
    ['B3, not recorded, with parent', { b3: `${TRACE}-${SPAN}-0-05e3ac9a4f6e3b90` }, false],
    ['B3, debug', { b3: `${TRACE}-${SPAN}-d` }, true],
    ['B3, undecided', { b3: `${TRACE}-${SPAN}` }, undefined],
    ['B3 in many', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }, true],
    ['B3 in many, old', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': 'false' }, false],
    ['B3 in many, debug', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' }, true],
    ['B3 in many, undecided', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN }, undefined],
  ])('reads %s', (_name, headers, sampled) => {
    const trace = read(headers);
    expect(trace?.sampled).toBe(sampled);
    expect(trace?.parent).toMatchObject({
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
    });
  });

  it('reads decisions without a trace', () => {
    expect(read({ b3: '0' })).toEqual({ parent: undefined, sampled: false });
    expect(read({ b3: 'd' })).toEqual({ parent: undefined, sampled: true });
    expect(read({ 'x-b3-sampled': '0' })).toEqual({ parent: undefined, sampled: false });
  });

  it('pads short ids and keeps the trace state', () => {
    expect(read({ b3: `${SPAN}-${SPAN}-1` })?.parent?.traceId).toBe(`0000000000000000${SPAN}`);
    const state = read({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1,other=2' })?.parent
      ?.traceState;
    expect(state?.get('other')).toBe('2');
  });

  it.each([
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
  ])('takes traceparent %s for absent, and B3 in its place', (traceparent) => {
    expect(read({ traceparent })).toBeUndefined();
    expect(read({ traceparent, b3: `${TRACE}-${SPAN}-1` })?.parent?.traceId).toBe(TRACE);
  });

  it('gives a valid span or none, whatever is sent', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    const nearly = fc.stringMatching(/^[0-9a-fg]{1,2}-[0-9a-f]{15,33}-[0-9a-f]{15,17}(-[01d]{1,2}){0,2}$/);
    const value = fc.oneof(printable, nearly);
    const names = [
      'traceparent',
      'tracestate',
      'b3',
      'x-b3-traceid',
      'x-b3-spanid',
      'x-b3-sampled',
      'x-b3-flags',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (headers) => {
        const parent = read(headers)?.parent;
        expect(parent === undefined || isSpanContextValid(parent)).toBe(true);
      }),
    );
  });
});

describe('writeTraceHeaders', () => {
  it.each<TraceHeaderFormat>(['w3c', 'b3', 'b3multi'])('writes %s as it is read', (format) => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length - 1}}[1-9a-f]$`));
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        const headers = new Metadata();
        const span = { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
        writeTraceHeaders(headers, span, [format]);
        expect(readTraceHeaders(headers)).toEqual({ parent: { ...span, isRemote: true }, sampled });
      }),
    );
  });

  it('passes the trace state on', () => {
    const parent = read({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1' })?.parent;
    const headers = new Metadata();
    if (parent) writeTraceHeaders(headers, parent);
    expect(headers.getMap()).toEqual({
      traceparent: `00-${TRACE}-${SPAN}-01`,
      tracestate: 'vendor=1',
      b3: `${TRACE}-${SPAN}-1`,
    });
  });
});
