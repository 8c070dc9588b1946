import type {
  DetailOf,
  DetailType,
  FieldViolation,
  HelpLink,
  PreconditionViolation,
  QuotaViolation,
  StatusDetail,
} from './detail-types.js';
import { millisecondsOf } from './duration.js';
import { fieldOf, listOf, textOf } from './field-of.js';

type StandardType = Exclude<DetailType, 'google.protobuf.Any'>;

/** From a decoded message, where what was empty is missing, to what the types promise. */
const READERS: { readonly [T in StandardType]: (message: unknown) => DetailOf<T> } = {
  'google.rpc.ErrorInfo': (m) => ({
    type: 'google.rpc.ErrorInfo',
    reason: textOf(m, 'reason'),
    domain: textOf(m, 'domain'),
    metadata: textMap(m, 'metadata'),
  }),
  'google.rpc.RetryInfo': (m) => ({
    type: 'google.rpc.RetryInfo',
    retryDelayMs: millisecondsOf(fieldOf(m, 'retryDelay')),
  }),
  'google.rpc.DebugInfo': (m) => ({
    type: 'google.rpc.DebugInfo',
    stackEntries: listOf(m, 'stackEntries').map(String),
    detail: textOf(m, 'detail'),
  }),
  'google.rpc.QuotaFailure': (m) => ({
    type: 'google.rpc.QuotaFailure',
    violations: listOf(m, 'violations').map(quotaViolation),
  }),
  'google.rpc.PreconditionFailure': (m) => ({
    type: 'google.rpc.PreconditionFailure',
    violations: listOf(m, 'violations').map(preconditionViolation),
  }),
  'google.rpc.BadRequest': (m) => ({
    type: 'google.rpc.BadRequest',
    fieldViolations: listOf(m, 'fieldViolations').map(fieldViolation),
  }),
  'google.rpc.RequestInfo': (m) => ({
    type: 'google.rpc.RequestInfo',
    requestId: textOf(m, 'requestId'),
    servingData: textOf(m, 'servingData'),
  }),
  'google.rpc.ResourceInfo': (m) => ({
    type: 'google.rpc.ResourceInfo',
    resourceType: textOf(m, 'resourceType'),
    resourceName: textOf(m, 'resourceName'),
    owner: textOf(m, 'owner'),
    description: textOf(m, 'description'),
  }),
  'google.rpc.Help': (m) => ({ type: 'google.rpc.Help', links: listOf(m, 'links').map(helpLink) }),
  'google.rpc.LocalizedMessage': (m) => ({
    type: 'google.rpc.LocalizedMessage',
    locale: textOf(m, 'locale'),
    message: textOf(m, 'message'),
  }),
};

/** Whether a protobuf message's full name is that of a standard detail */
export function isStandardType(type: string): type is StandardType {
  return Object.hasOwn(READERS, type);
}

/** A decoded message, its 64-bit integers in decimal, as the detail of its type */
export function readDetail(type: StandardType, message: unknown): StatusDetail {
  return READERS[type](message);
}

function quotaViolation(v: unknown): QuotaViolation {
  const dimensions = textMap(v, 'quotaDimensions');
  return {
    subject: textOf(v, 'subject'),
    description: textOf(v, 'description'),
    ...given(v, 'apiService', 'quotaMetric', 'quotaId', 'quotaValue', 'futureQuotaValue'),
    ...(Object.keys(dimensions).length > 0 && { quotaDimensions: dimensions }),
  };
}

function preconditionViolation(v: unknown): PreconditionViolation {
  return { type: textOf(v, 'type'), subject: textOf(v, 'subject'), description: textOf(v, 'description') };
}

function fieldViolation(v: unknown): FieldViolation {
  const localized = fieldOf(v, 'localizedMessage');
  return {
    field: textOf(v, 'field'),
    description: textOf(v, 'description'),
    ...given(v, 'reason'),
    ...(localized !== undefined && {
      localizedMessage: { locale: textOf(localized, 'locale'), message: textOf(localized, 'message') },
    }),
  };
}

function helpLink(v: unknown): HelpLink {
  return { description: textOf(v, 'description'), url: textOf(v, 'url') };
}

/** Those of the named fields that hold text. */
function given(value: unknown, ...names: string[]): Record<string, string> {
  const pairs = names.map((name) => [name, textOf(value, name)] as const);
  return Object.fromEntries(pairs.filter(([, text]) => text !== ''));
}

function textMap(value: unknown, name: string): Record<string, string> {
  const pairs = Object.entries(fieldOf(value, name) ?? {});
  return Object.fromEntries(pairs.map(([key, text]) => [key, String(text)]));
}
