import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ConfigTree, freePorts } from './config-tree.js';
import { NODE, REPOSITORY, RunningProcess, type ProcessEnd, type ProcessLine } from './running-process.js';

export interface SpawnOptions {
  /** The program. Default: echo as it was built. */
  readonly main?: string;
  /** The service's name, which its configuration stands under. Default: echo */
  readonly service?: string;
  /** Configuration besides the ports, in the Cluster layer. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether to open an HTTP port. Default: false */
  readonly http?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: { readonly file: string; readonly args: readonly string[]; readonly cwd: string };
}

/** A service that runs in a process of its own. */
export class SpawnedService {
  private readonly clients: Client[] = [];

  private constructor(
    readonly process: RunningProcess,
    readonly ports: { readonly grpc: number; readonly admin: number; readonly http: number },
    private readonly tree: ConfigTree,
  ) {}

  /** Starts it on free ports, and settles when it serves. */
  static async start(options: SpawnOptions = {}): Promise<SpawnedService> {
    for (let attempt = 1; ; attempt++) {
      const service = await SpawnedService.spawn(options);
      if (await service.serving()) return service;
      const { stderr, stdout } = service.process;
      await service[Symbol.asyncDispose]();
      // Somebody took the port meanwhile.
      if (attempt < 4 && stderr.includes('in use')) continue;
      throw new Error(`the service did not start: ${stderr}${stdout}`);
    }
  }

  /** Starts it without waiting for anything. */
  static async spawn(options: SpawnOptions = {}): Promise<SpawnedService> {
    const { service = 'echo', config = {}, main = ECHO } = options;
    const [grpc = 0, admin = 0, http = 0] = await freePorts(3);
    // The service's own files stand as they are; what a test wants goes into a layer over them.
    const tree = await ConfigTree.of({
      [`${service}/public.yaml`]: service === 'echo' ? await readFile(ECHO_CONFIG, 'utf8') : {},
      [`${service}/default/public.yaml`]: {
        AdminPort: admin,
        ...(service === 'echo' && { Upstreams: { next: { Target: `localhost:${grpc}` } } }),
        ...config,
        GRPCServer: { Port: grpc, ...config['GRPCServer'] },
        ...(options.http && { HTTPServer: { Port: http } }),
      },
    });
    const { file, args, cwd } = options.command ?? { file: NODE, args: [main], cwd: REPOSITORY };
    const process = new RunningProcess(file, args, { cwd, env: { KUN_BASE: tree.base, ...options.env } });
    return new SpawnedService(process, { grpc, admin, http }, tree);
  }

  /** The line that says that it serves. */
  serving(): Promise<ProcessLine | undefined> {
    return this.process.line(({ msg }) => msg === 'serving');
  }

  /** A client with a connection of its own and without retries, so that a lost call shows. */
  grpcClient<T extends Client = Client>(service: ServiceDefinition = ECHO_SERVICE): T {
    const Constructor = makeGenericClientConstructor(service, 'Client');
    const client = new Constructor(`127.0.0.1:${this.ports.grpc}`, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.clients.push(client);
    return client as unknown as T;
  }

  /** Writes one of its configuration files, by the path below `conf/`. */
  configure(name: string, content: string | object): Promise<void> {
    return this.tree.write(name, content);
  }

  /** Asks the admin port. */
  async admin(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.ports.admin}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** The last line of a stop. */
  get report(): ProcessLine | undefined {
    return this.process.withMessage('stopped')[0];
  }

  get end(): Promise<ProcessEnd> {
    return this.process.end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close();
    await this.process[Symbol.asyncDispose]();
    await this.tree[Symbol.asyncDispose]();
  }
}

const ECHO = join(REPOSITORY, 'apps/echo/dist/main.js');
const ECHO_CONFIG = join(REPOSITORY, 'apps/echo/conf/echo/public.yaml');

/** `kun.echo.v1.EchoService`, from its proto. */
export const ECHO_SERVICE = serviceIn(
  join(REPOSITORY, 'apps/echo/proto/echo.proto'),
  'kun.echo.v1.EchoService',
);

/** A service of a proto file, by its full name. */
export function serviceIn(file: string, name: string): ServiceDefinition {
  const definition = loadSync(file, { keepCase: true, longs: String, enums: String, defaults: true })[name];
  if (!definition || 'format' in definition) throw new Error(`${file} has no service ${name}`);
  return definition;
}
