import { fileURLToPath } from 'node:url';
import type { Options } from '@grpc/proto-loader';

/** The example service's proto. Compiled, this file lies in .cache/bench/dist. */
export const PROTO_PATH = fileURLToPath(new URL('../../../apps/echo/proto/echo.proto', import.meta.url));

export const PACKAGE = 'kun.echo.v1';
export const SERVICE = `${PACKAGE}.EchoService`;

/** Those of kun, which are fixed: every contender makes the same objects of the same bytes. */
export const LOADER_OPTIONS: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
};
