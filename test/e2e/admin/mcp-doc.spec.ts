import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from '../../package/markdown.js';
import { ROOT } from '../../package/published.js';
import { startLinked } from '../clients/linked-service.js';
import { TOKEN } from './admin-port.js';

const FILE = 'docs/mcp.md';

interface ClientConfiguration {
  readonly mcpServers: Readonly<
    Record<string, { readonly url: string; readonly headers: Readonly<Record<string, string>> }>
  >;
}

it(`connects as ${FILE} says, to the tools that it lists`, async () => {
  const text = readFileSync(join(ROOT, FILE), 'utf8');
  const blocks = blocksOf(FILE, text);
  const [install, yaml, json] = blocks;
  expect(blocks).toHaveLength(3);
  expect(install?.text).toBe('npm install @modelcontextprotocol/server\n');
  const written = parse(yaml?.text.replaceAll('yes', 'true') ?? '') as { readonly Admin: object };
  const { mcpServers } = JSON.parse(json?.text ?? '') as ClientConfiguration;
  const { url, headers } = Object.values(mcpServers)[0]!;

  await using service = await startLinked({
    handlers: {},
    config: { ...written, Admin: { ...written.Admin, Token: TOKEN } },
  });
  const { port } = new URL(service.adminUrl);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url.replace('localhost:8081', `localhost:${port}`)), {
      requestInit: {
        headers: { Authorization: String(headers['Authorization']).replace('${ADMIN_TOKEN}', TOKEN) },
      },
    }),
  );
  const { tools } = await client.listTools();
  const listed = [...text.matchAll(/^\| `(\w+)`( 🔑)? /gm)].map(([, name, key]) => [name, key === undefined]);
  expect(listed).toEqual(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]));
  await client.close();
});
