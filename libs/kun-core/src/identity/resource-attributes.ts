import { DEFAULT_CLUSTER, type Identity } from './identity.js';

/**
 * The identity as attributes of an OpenTelemetry resource, by the names of the semantic conventions 1.45
 * (`service.*`, `k8s.*`) and `kun.*` for what these do not name. What is unknown is left out, and `k8s.*`
 * outside Kubernetes.
 */
export function resourceAttributes(identity: Identity): Record<string, string> {
  const attributes: Record<string, string> = {
    'service.name': identity.service,
    'service.namespace': identity.namespace,
    'service.instance.id': identity.instance,
    'kun.cluster': identity.cluster,
  };
  if (identity.version !== undefined) attributes['service.version'] = identity.version;
  if (identity.domain !== '') attributes['kun.domain'] = identity.domain;
  if (identity.pod) {
    attributes['k8s.pod.name'] = identity.pod.name;
    if (identity.pod.namespace !== undefined) attributes['k8s.namespace.name'] = identity.pod.namespace;
    if (identity.cluster !== DEFAULT_CLUSTER) attributes['k8s.cluster.name'] = identity.cluster;
  }
  return attributes;
}
