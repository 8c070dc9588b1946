import { z } from 'zod';
import type { Calling } from '../calling/calling-routes.js';
import type { MethodsAnswer, TypeEntry } from '../answers/calling.js';
import { isMethod } from '../calls/calls-routes.js';
import { notFound } from '../access/http-error.js';
import { readingTool, tokenTool, type McpTool } from './tool.js';

const MAX_TIMEOUT_MS = 60_000;
/** Of the messages of an answer, in characters of JSON. */
const MAX_MESSAGE_CHARACTERS = 40 * 1024;

/** What can be called, and the calling. */
export function methodTools(calling: Pick<Calling, 'shapes' | 'collect'>): McpTool[] {
  return [
    readingTool({
      name: 'list_methods',
      title: 'Methods of this service',
      description:
        'The gRPC methods that this process serves. With `method` also the fields of its messages, their comments, and an example of a request; ask for that before call_method.',
      input: z.strictObject({
        method: z
          .string()
          .max(300)
          .optional()
          .describe('/package.Service/Method, or the name of the method alone'),
      }),
      cuts: { list: 'methods', narrow: 'by method' },
      async run({ method }) {
        const shapes = await calling.shapes();
        return method === undefined ? overview(shapes) : detailed(shapes, method);
      },
    }),
    tokenTool({
      name: 'call_method',
      title: 'Call a method of this service',
      description:
        'Calls a gRPC method of this process and gives its status and messages. It does what the method does, in production too: call what changes something only when the user wants that. A failed call is an answer, with its code.',
      destructive: true,
      input: z.strictObject({
        method: z.string().max(300).describe('/package.Service/Method, as list_methods has it'),
        messages: z
          .array(z.record(z.string(), z.unknown()))
          .max(100)
          .optional()
          .describe(
            'Requests as JSON of protobuf: one for a single request (default: an empty one), any number for a stream',
          ),
        metadata: z
          .record(z.string().max(200), z.string().max(8192))
          .optional()
          .describe('Metadata to send, as { "x-tenant": "acme" }'),
        timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).default(10_000),
        maxMessages: z
          .int()
          .min(1)
          .max(100)
          .default(20)
          .describe('Reads at most this many messages of a response stream, then cancels the call'),
      }),
      run: ({ method, messages, metadata = {}, timeoutMs, maxMessages }, { peer, signal }) =>
        calling.collect(
          { method, messages, open: false, metadata: Object.entries(metadata), timeoutMs },
          { peer, signal, maxMessages, maxCharacters: MAX_MESSAGE_CHARACTERS },
        ),
    }),
  ];
}

function overview({ services }: MethodsAnswer): object {
  const methods = services.flatMap((service) =>
    service.methods.map(({ method, kind, comment, deprecated, request, response }) => ({
      method,
      kind,
      ...(comment !== undefined && { comment }),
      ...(deprecated && { deprecated }),
      request,
      response,
    })),
  );
  return { methods };
}

/** @throws {HttpError} when there is no such method. */
function detailed({ services, types }: MethodsAnswer, meant: string): object {
  const methods = services.flatMap((service) =>
    service.methods.filter(({ method }) => isMethod(method, meant)),
  );
  if (methods.length === 0)
    throw notFound(`there is no method ${meant}; list_methods without arguments has them all`);
  const used = new Map<string, TypeEntry>();
  for (const { request, response } of methods) for (const name of [request, response]) use(name, types, used);
  return { methods, types: Object.fromEntries(used) };
}

function use(name: string, types: MethodsAnswer['types'], used: Map<string, TypeEntry>): void {
  const shape = types[name];
  if (!shape || used.has(name)) return;
  used.set(name, shape);
  for (const { type } of shape.fields ?? []) use(type, types, used);
}
