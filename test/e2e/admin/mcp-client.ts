import { Client, StreamableHTTPClientTransport, type CallToolResult } from '@modelcontextprotocol/client';

/** Revisions since 2026-07-28, and those with a handshake before. */
export const ERAS = ['auto', 'legacy'] as const;

/** A client of the official SDK. */
export interface McpClient {
  readonly client: Client;
  /** Calls a tool. */
  call(name: string, args?: Record<string, unknown>): Promise<CallToolResult>;
  /** Its structured answer, which the text says as well. */
  answer<T = Record<string, unknown>>(name: string, args?: Record<string, unknown>): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Connects to `/mcp`, as a client does whose configuration has the URL and, where it is given, the token. */
export async function mcpClient(
  adminUrl: string,
  { token, era = 'auto' }: { readonly token?: string; readonly era?: (typeof ERAS)[number] } = {},
): Promise<McpClient> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: era } });
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', adminUrl), { requestInit: { headers } }),
  );
  const call = async (name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> =>
    client.callTool({ name, arguments: args });
  return {
    client,
    call,
    async answer<T>(name: string, args?: Record<string, unknown>) {
      const { structuredContent, content, isError } = await call(name, args);
      const [first] = content;
      if (isError || first?.type !== 'text') throw new Error(`${name} failed: ${JSON.stringify(content)}`);
      if (JSON.stringify(structuredContent) !== JSON.stringify(JSON.parse(first.text)))
        throw new Error(`${name} says two things: ${first.text}`);
      return structuredContent as T;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
