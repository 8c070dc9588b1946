import { hostname } from 'node:os';
import { join } from 'node:path';
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Identity, IdentityError } from './identity.js';
import { NAMESPACE_FILE, readIdentity, type ReadIdentityOptions } from './read-identity.js';

const nowhere: ReadIdentityOptions = { env: {}, hostname: 'box', readFile: () => undefined };
const inPod: ReadIdentityOptions = {
  env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  hostname: 'echo-6d5-x2x',
  readFile: (path) => (path === NAMESPACE_FILE ? 'prj-vpc\n' : undefined),
};

describe('readIdentity', () => {
  it('takes KUN_* before everything else', () => {
    const env = {
      KUN_DOMAIN: 'cn-bj2',
      KUN_NAMESPACE: 'vpc',
      KUN_CLUSTER: 'set1',
      KUN_SERVICE: 'echo',
      KUN_INSTANCE: 'echo-0',
      KUN_VERSION: '1.2.0+7',
      POD_NAMESPACE: 'other',
      POD_NAME: 'echo-pod',
    };
    expect(readIdentity({ ...inPod, env, service: 'unused', version: '0' })).toEqual(
      new Identity({
        domain: 'cn-bj2',
        namespace: 'vpc',
        cluster: 'set1',
        service: 'echo',
        instance: 'echo-0',
        version: '1.2.0+7',
        pod: { name: 'echo-pod', namespace: 'other' },
      }),
    );
  });

  it('falls back to what Kubernetes gives', () => {
    const identity = readIdentity({ ...inPod, service: 'echo' });
    expect(identity).toMatchObject({ namespace: 'prj-vpc', instance: 'echo-6d5-x2x', inKubernetes: true });
    const named = readIdentity({
      ...inPod,
      env: { POD_NAME: 'echo-1', POD_NAMESPACE: 'ns' },
      service: 'echo',
    });
    expect(named).toMatchObject({ namespace: 'ns', instance: 'echo-1', inKubernetes: true });
  });

  it('knows Kubernetes by either sign, and its absence', () => {
    expect(readIdentity({ ...inPod, service: 'echo', readFile: () => undefined }).pod).toEqual({
      name: 'echo-6d5-x2x',
      namespace: undefined,
    });
    expect(readIdentity({ ...nowhere, service: 'echo' }).inKubernetes).toBe(false);
  });

  it('counts an empty variable as unset', () => {
    const env = { KUN_SERVICE: '', KUN_CLUSTER: '', KUN_NAMESPACE: '', KUN_DOMAIN: '', KUN_VERSION: '' };
    expect(readIdentity({ ...nowhere, env, service: 'echo' })).toMatchObject({
      domain: '',
      namespace: 'default',
      cluster: 'default',
      service: 'echo',
      instance: 'box',
      version: undefined,
    });
  });

  it('is frozen', () => {
    expect(Object.isFrozen(readIdentity({ ...nowhere, service: 'echo' }))).toBe(true);
  });

  it('reads the real host and files by default', () => {
    expect(readIdentity({ env: {}, service: 'echo' })).toMatchObject({
      service: 'echo',
      instance: hostname(),
    });
  });

  it('names KUN_SERVICE and the option when there is no service', () => {
    expect(refusal(nowhere)?.message).toMatchInlineSnapshot(
      `"this service has no name: set KUN_SERVICE, or the option service of KunModule.forRoot"`,
    );
  });

  it('reports every problem at once, each with its variable', () => {
    const env = { KUN_SERVICE: '../etc', KUN_CLUSTER: 'a/b', POD_NAME: 'x'.repeat(254), KUN_VERSION: 'v 1' };
    const error = refusal({ ...nowhere, env });
    const sources = error?.problems.map((problem) => problem.source);
    expect(sources).toEqual(['KUN_CLUSTER', 'KUN_SERVICE', 'POD_NAME', 'KUN_VERSION']);
    expect(error?.message).toMatchInlineSnapshot(`
      "KUN_CLUSTER is "a/b", but must be 1 to 63 letters, digits and . _ - beginning and ending with a letter or digit; change it
      KUN_SERVICE is "../etc", but must be 1 to 63 letters, digits and . _ - beginning and ending with a letter or digit; change it
      POD_NAME is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", but must be 1 to 253 letters, digits and . _ - beginning and ending with a letter or digit; change it or set KUN_INSTANCE
      KUN_VERSION is "v 1", but must be 1 to 128 letters, digits and . _ + : @ / - beginning with a letter or digit; change it"
    `);
  });

  it('never accepts a name that leaves its directory, nor prints one that breaks the line', () => {
    assert(
      property(string({ minLength: 1, maxLength: 80, unit: 'binary' }), (text) => {
        const env = { KUN_SERVICE: text };
        const error = refusal({ ...nowhere, env });
        if (error) return !/[\p{Cc}\u2028\u2029]/u.test(error.message);
        const stays = join('/base/conf', text) === `/base/conf/${text}`;
        return (
          stays && /^[\x21-\x2e\x30-\x7e]+$/.test(text) && readIdentity({ ...nowhere, env }).service === text
        );
      }),
    );
  });
});

function refusal(options: ReadIdentityOptions): IdentityError | undefined {
  try {
    readIdentity(options);
    return undefined;
  } catch (error) {
    if (error instanceof IdentityError) return error;
    throw error;
  }
}
