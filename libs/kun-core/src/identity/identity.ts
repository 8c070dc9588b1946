import { ExplainedError } from '@kun/config';

/** The cluster when none is configured: a real name, so that a local run has Cluster and Instance layers too. */
export const DEFAULT_CLUSTER = 'default';

/** The fields of an {@link Identity}. */
export interface IdentityFields {
  /** The region or data centre of the fleet; `''` when not configured. */
  readonly domain: string;
  /** The namespace, which selects the outermost configuration layer; `default` when not configured. */
  readonly namespace: string;
  /** The cluster: one deployment of the service, such as a set or a zone; `default` when not configured. */
  readonly cluster: string;
  /** The service's name, the same for all its instances. */
  readonly service: string;
  /** Distinguishes this process from other instances: the pod name, else the host name. */
  readonly instance: string;
  /** The running release, or `undefined` when not configured. */
  readonly version?: string | undefined;
  /** The pod as Kubernetes names it, regardless of `KUN_*`; `undefined` outside Kubernetes. */
  readonly pod?: Pod | undefined;
}

/** A Kubernetes pod. */
export interface Pod {
  readonly name: string;
  /** `undefined` when neither `POD_NAMESPACE` nor a service account provides it. */
  readonly namespace: string | undefined;
}

/**
 * Who this process is. Frozen, made once at start by `readIdentity`, and injected by its class:
 *
 * ```ts
 * constructor(private readonly identity: Identity) {}
 * ```
 *
 * Its names select the configuration layers and stand in logs, in the traces' resource and in `kun_info`.
 */
export class Identity implements IdentityFields {
  readonly domain: string;
  readonly namespace: string;
  readonly cluster: string;
  readonly service: string;
  readonly instance: string;
  readonly version: string | undefined;
  readonly pod: Pod | undefined;

  constructor(fields: IdentityFields) {
    this.domain = fields.domain;
    this.namespace = fields.namespace;
    this.cluster = fields.cluster;
    this.service = fields.service;
    this.instance = fields.instance;
    this.version = fields.version;
    this.pod = fields.pod && Object.freeze({ ...fields.pod });
    Object.freeze(this);
  }

  /** Whether this process runs in a Kubernetes pod. */
  get inKubernetes(): boolean {
    return this.pod !== undefined;
  }
}

/** A problem with what the environment says about this process. */
export interface IdentityProblem {
  /** The variable, file or option that holds the value, such as `KUN_SERVICE`. */
  readonly source: string;
  /** What is wrong and how to fix it, without a final period. */
  readonly message: string;
}

/** The identity of the process cannot be determined. Carries every problem found, not only the first. */
export class IdentityError extends ExplainedError {
  override readonly name = 'IdentityError';
  readonly problems: readonly IdentityProblem[];

  constructor(problems: readonly IdentityProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}
