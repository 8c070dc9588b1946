import { Configuration } from '@kun/config';
import {
  contextKey,
  errorInfo,
  only,
  permissionDenied,
  unauthenticated,
  type CallHandler,
  type Ending,
  type Interceptor,
  type KunInterceptor,
  type RpcCall,
  type StatusError,
} from '@kun/core';
import { Injectable } from '@nestjs/common';
import type { TenantsConfig } from './tenants.config.js';

export interface Tenant {
  readonly name: string;
  readonly maxNotes: number;
}

/** The tenant of a call; set for every call that reaches a handler. */
export const tenantKey = contextKey<Tenant>('tenant', { name: 'nobody', maxNotes: 0 });

/** Lets a call pass that names a tenant of the configuration. */
@Injectable()
export class TenantInterceptor implements KunInterceptor {
  constructor(private readonly config: Configuration<TenantsConfig>) {}

  intercept(next: CallHandler): CallHandler {
    // Health checks and reflection name no tenant.
    return only('/examples.notes.v1.NotesService/*', this.check)(next);
  }

  private readonly check: Interceptor = (next) => (call) => {
    // Read at each call: after a change of the file, `value` is another one.
    const { Header: header, Known: known } = this.config.value.Tenants;
    const [name] = call.metadata.get(header);
    if (typeof name !== 'string') return refuse(call, unauthenticated(`${header} is missing`));
    const limits = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!limits) return refuse(call, unknownTenant());
    call.set(tenantKey, { name, maxNotes: limits.Notes });
    call.tags.set('tenant', name); // shows in the call's log line and span
    return next(call);
  };
}

/** Answers without the handler; the call ends as every other does, and its promise with it. */
function refuse(call: RpcCall, error: StatusError): Promise<Ending> {
  call.end(error);
  return new Promise((resolve) => call.onEnd(resolve));
}

function unknownTenant(): StatusError {
  // A reason for programs, beside the text for people.
  const details = [errorInfo({ reason: 'UNKNOWN_TENANT', domain: 'notes.examples' })];
  return permissionDenied('this tenant may not call', { details });
}
