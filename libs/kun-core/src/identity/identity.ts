import { ExplainedError } from '@kun/config';

/** The cluster when nobody told: a real name, so that a local run has Cluster and Instance layers too. */
export const DEFAULT_CLUSTER = 'default';

/** The facts an {@link Identity} is made of. */
export interface IdentityFields {
  /** The region or data centre the fleet runs in; `''` when nobody told. */
  readonly domain: string;
  /** Namespace: selects the outermost configuration layer; `default` when nobody told. */
  readonly namespace: string;
  /** Cluster: one deployment of the service, such as a set or a zone; `default` when nobody told. */
  readonly cluster: string;
  /** The service's name, the same for all its instances. */
  readonly service: string;
  /** What tells this process from the other instances: the pod's name, else the host's. */
  readonly instance: string;
  /** The release that runs, or `undefined` when nobody told. */
  readonly version?: string | undefined;
  /** The pod as Kubernetes names it, whatever `KUN_*` says; `undefined` outside Kubernetes. */
  readonly pod?: Pod | undefined;
}

/** A Kubernetes pod. */
export interface Pod {
  readonly name: string;
  /** `undefined` where neither `POD_NAMESPACE` nor a service account tells it. */
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

/** One thing wrong with what the environment says of this process. */
export interface IdentityProblem {
  /** The variable, file or option that holds the value, such as `KUN_SERVICE`. */
  readonly source: string;
  /** What is wrong and what to do, without a final dot. */
  readonly message: string;
}

/** The process cannot tell who it is. Carries every problem found, not only the first. */
export class IdentityError extends ExplainedError {
  override readonly name = 'IdentityError';
  readonly problems: readonly IdentityProblem[];

  constructor(problems: readonly IdentityProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}
