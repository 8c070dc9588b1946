import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeVersionError, requireSupportedNode, SUPPORTED_NODE } from './node-version.js';

describe('requireSupportedNode', () => {
  it.each(['22.18.0', '22.99.1', '24.3.0', '24.15.0', '25.0.0', '26.10.0', '30.0.0-nightly2028'])(
    'takes %s',
    (version) => {
      expect(() => requireSupportedNode(version)).not.toThrow();
    },
  );

  it.each(['18.20.8', '20.19.0', '22.17.1', '23.11.0', '24.2.9', '24.0.0-rc.1'])('refuses %s', (version) => {
    expect(() => requireSupportedNode(version)).toThrow(NodeVersionError);
    expect(() => requireSupportedNode(version)).toThrow(
      `needs Node ${SUPPORTED_NODE}, but this is ${version}`,
    );
  });

  it.each(['kun-core', 'kun-config'])('is what the manifest of %s says', (name) => {
    const file = join(import.meta.dirname, '../..', '..', 'libs', name, 'package.json');
    const { engines } = JSON.parse(readFileSync(file, 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(SUPPORTED_NODE);
  });
});
