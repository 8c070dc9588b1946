import { describe, expect, it } from 'vitest';
import { Identity } from './identity.js';
import { resourceAttributes } from './resource-attributes.js';

const fields = { domain: '', namespace: 'vpc', cluster: 'default', service: 'echo', instance: 'echo-0' };

describe('resourceAttributes', () => {
  it('leaves out what is unknown', () => {
    expect(resourceAttributes(new Identity(fields))).toEqual({
      'service.name': 'echo',
      'service.namespace': 'vpc',
      'service.instance.id': 'echo-0',
      'kun.cluster': 'default',
    });
  });

  it('tells the pod as Kubernetes names it', () => {
    const pod = { name: 'echo-6d5', namespace: 'prj-vpc' };
    expect(
      resourceAttributes(new Identity({ ...fields, domain: 'bj2', cluster: 'set1', version: '1', pod })),
    ).toEqual({
      'service.name': 'echo',
      'service.namespace': 'vpc',
      'service.instance.id': 'echo-0',
      'service.version': '1',
      'kun.cluster': 'set1',
      'kun.domain': 'bj2',
      'k8s.pod.name': 'echo-6d5',
      'k8s.namespace.name': 'prj-vpc',
      'k8s.cluster.name': 'set1',
    });
  });
});
