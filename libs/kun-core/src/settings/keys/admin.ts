import { isIP } from 'node:net';
import { Secret } from '@kun/config';
import { z } from 'zod';
import { key, part } from '../declare.js';
import { section } from '../section.js';
import { address } from '../values.js';

/** A token that is shorter could be guessed in the time that somebody may try. */
const MIN_TOKEN_LENGTH = 16;

/** What can be looked through in a few milliseconds. */
const MAX_LOG_LINES = 20_000;

/** Some minutes of a service that is not busy, some seconds of one that is. */
const LINES_FOR_MCP = 2000;

const HOST_ERROR = 'expected a host name without a port, as admin.example.com';

/** The section `Admin`: how the admin port is opened, and what may be done there. Its number is kunapp's `AdminPort`. */
export const admin = section(
  'operator',
  {
    Address: key('address', address().optional(), {
      description:
        'Address the admin port listens on. Default: all interfaces, IPv6 and IPv4, since the kubelet and Prometheus ask from outside of the pod',
      reload: 'restart',
    }),
    Page: key('page', z.boolean().default(true), {
      description:
        "Serve the operator's page on the admin port, and what it is made of: /events, /methods and /call",
      reload: 'restart',
    }),
    Token: key('token', z.string().check(longEnough).transform(Secret.of).optional(), {
      description:
        'Who sends it as bearer token in the header Authorization may change, profile and call on the admin port; 16 characters or more, from a file or the environment. Default: nobody may',
      reload: 'live',
    }),
    Hosts: key('hosts', z.array(z.string().refine(isHost, { error: HOST_ERROR })).default([]), {
      description:
        'Names under which the admin port is asked for besides those of the pod and of loopback, as of a Service or an Ingress; for all but probes and metrics, against DNS rebinding',
      reload: 'restart',
      read: (names) => names.map((name) => name.toLowerCase()),
    }),
    MCP: key('mcp', z.boolean().default(false), {
      description:
        'Serve the Model Context Protocol at /mcp on the admin port, so that an assistant can look at the process, and with Admin.Token change and call; needs the package @modelcontextprotocol/server',
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

/** Without the value, which is a secret, too short or not. */
function longEnough({ value, issues }: z.core.ParsePayload<string>): void {
  if (value.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(value)) return;
  const message = `expected ${MIN_TOKEN_LENGTH} characters or more, letters, digits and signs without spaces`;
  issues.push({ code: 'custom', input: undefined, message });
}

function isHost(name: string): boolean {
  return isIP(name) !== 0 || /^[a-z0-9][a-z0-9.-]*$/i.test(name);
}
