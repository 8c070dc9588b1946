import type { SpanContext } from '@opentelemetry/api';
import { contextKey } from '../rpc/context-key.js';

/** The recorded span of a call, for whoever writes lines that should lead to it; `undefined` when none is recorded. */
export const recordedSpan = contextKey<SpanContext | undefined>('kun.recorded-span', undefined);
