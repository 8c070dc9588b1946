import { isIP } from 'node:net';
import { Secret } from '@kun/config';
import { z } from 'zod';
import { key, part } from '../declare.js';
import { section } from '../section.js';
import { address } from '../values.js';

/** Shorter tokens could be guessed by brute force. */
const MIN_TOKEN_LENGTH = 16;

/** As many as can be searched in a few milliseconds. */
const MAX_LOG_LINES = 20_000;

/** A few minutes of an idle service, a few seconds of a busy one. */
const LINES_FOR_MCP = 2000;

const HOST_ERROR = 'expected a host name without a port, such as admin.example.com';

/**
 * The section `Admin`: how the admin port is opened, and what is permitted on it. Its port number is kunapp's
 * `AdminPort`.
 */
export const admin = section(
  'operator',
  {
    Address: key('address', address().optional(), {
      description:
        'Address the admin port listens on. Default: all interfaces, IPv6 and IPv4, since the kubelet and Prometheus connect from outside the pod',
      reload: 'restart',
    }),
    Page: key('page', z.boolean().default(true), {
      description:
        'Serve the operator page on the admin port, with its endpoints /events, /methods and /call',
      reload: 'restart',
    }),
    Token: key('token', z.string().check(longEnough).transform(Secret.of).optional(), {
      description:
        'Bearer token that allows changes, profiling and calls on the admin port; 16 characters or more, from a file or the environment. Default: these are not allowed',
      reload: 'live',
    }),
    Hosts: key('hosts', z.array(z.string().refine(isHost, { error: HOST_ERROR })).default([]), {
      description:
        'Host names accepted on the admin port besides those of the pod and of loopback, such as those of a Service or an Ingress; checked for everything but probes and metrics, against DNS rebinding',
      reload: 'restart',
      read: (names) => names.map((name) => name.toLowerCase()),
    }),
    MCP: key('mcp', z.boolean().default(false), {
      description:
        'Serve the Model Context Protocol at /mcp on the admin port, so that an assistant can inspect the process and, with Admin.Token, change settings and make calls; requires the package @modelcontextprotocol/server',
      reload: 'restart',
    }),
    LogLines: part(z.int().min(0).max(MAX_LOG_LINES).optional(), {
      description: `How many of the last log lines are kept in memory for /logz and the tool search_log, up to 4 MiB of them; 0: none, which costs nothing. Default: ${LINES_FOR_MCP} with Admin.MCP, else 0`,
      unit: 'lines',
      reload: 'restart',
    }),
  },
  {
    fixed: { logLines: ({ LogLines, MCP }) => LogLines ?? (MCP ? LINES_FOR_MCP : 0) },
  },
);

/** Does not repeat the value, which is a secret even if it is too short. */
function longEnough({ value, issues }: z.core.ParsePayload<string>): void {
  if (value.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(value)) return;
  const message = `expected ${MIN_TOKEN_LENGTH} characters or more: letters, digits and punctuation without spaces`;
  issues.push({ code: 'custom', input: undefined, message });
}

function isHost(name: string): boolean {
  return isIP(name) !== 0 || /^[a-z0-9][a-z0-9.-]*$/i.test(name);
}
