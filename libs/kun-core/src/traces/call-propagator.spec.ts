import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { CallPropagator, type Propagation } from './call-propagator.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const sampled = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: TRACE,
  spanId: SPAN,
  traceFlags: TraceFlags.SAMPLED,
});
const withTenant = propagation.setBaggage(sampled, propagation.createBaggage({ tenant: { value: 'a b' } }));

function inject(context: Context, options?: Propagation): Record<string, string> {
  const carrier: Record<string, string> = {};
  new CallPropagator(options).inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

function extract(carrier: Record<string, unknown>, options?: Propagation): Context {
  return new CallPropagator(options).extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

describe('inject', () => {
  it.each<[name: string, options: Propagation | undefined, headers: Record<string, string>]>([
    [
      'W3C, single B3 and baggage by default',
      undefined,
      { traceparent: `00-${TRACE}-${SPAN}-01`, b3: `${TRACE}-${SPAN}-1`, baggage: 'tenant=a%20b' },
    ],
    ['W3C alone', { formats: ['w3c'], baggage: false }, { traceparent: `00-${TRACE}-${SPAN}-01` }],
    [
      'several B3 headers',
      { formats: ['b3multi'], baggage: false },
      { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' },
    ],
    ['baggage alone', { formats: [], baggage: true }, { baggage: 'tenant=a%20b' }],
    ['nothing', { formats: [], baggage: false }, {}],
  ])('tells %s', (_, options, headers) => {
    expect(inject(withTenant, options)).toEqual(headers);
  });

  it('says that a trace is not recorded', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: TraceFlags.NONE,
    });
    expect(inject(context)).toEqual({ traceparent: `00-${TRACE}-${SPAN}-00`, b3: `${TRACE}-${SPAN}-0` });
  });

  it('tells nothing outside of traces', () => {
    expect(inject(ROOT_CONTEXT)).toEqual({});
  });
});

describe('extract', () => {
  it.each<[name: string, carrier: Record<string, unknown>]>([
    ['W3C', { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ['B3', { b3: `${TRACE}-${SPAN}-1` }],
    ['several B3 headers', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }],
    ['the first of several values', { traceparent: [`00-${TRACE}-${SPAN}-01`, 'nonsense'] }],
  ])('reads %s, whatever goes out', (_, carrier) => {
    const context = extract(carrier, { formats: [], baggage: false });
    expect(trace.getSpanContext(context)).toMatchObject({
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    });
  });

  it('reads baggage, with or without a trace, unless it does not travel', () => {
    const carrier = { baggage: 'tenant=a%20b' };
    expect(propagation.getBaggage(extract(carrier))?.getEntry('tenant')?.value).toBe('a b');
    const still = extract(carrier, { formats: ['w3c'], baggage: false });
    expect(propagation.getBaggage(still)).toBeUndefined();
  });

  it.each<[name: string, carrier: Record<string, unknown>]>([
    ['nothing', {}],
    ['what is no trace', { traceparent: 'nonsense', b3: 'x' }],
    ['what no header can carry', { traceparent: `00-${TRACE}-${SPAN}-01\r\n`, b3: 'é' }],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
  ])('leaves the context as it is for %s', (_, carrier) => {
    expect(extract(carrier)).toBe(ROOT_CONTEXT);
  });

  it('reads what it told', () => {
    const context = extract(inject(withTenant));
    expect(trace.getSpanContext(context)).toMatchObject({ traceId: TRACE, spanId: SPAN });
    expect(propagation.getBaggage(context)?.getEntry('tenant')?.value).toBe('a b');
  });
});

it('names all headers that it may read or write', () => {
  const fields = new CallPropagator().fields();
  const formats = ['w3c', 'b3', 'b3multi'] as const;
  for (const header of Object.keys(inject(withTenant, { formats, baggage: true }))) {
    expect(fields).toContain(header);
  }
});
