import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ADMIN_PORT, GRPC_PORT, HTTP_PORT, LISTEN_CALL, PortError } from './port-error.js';

const failing = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

describe('a port that cannot be opened', () => {
  it.each([
    ['EADDRINUSE', "is in use; stop the process that has it (ss -ltnp 'sport = :80' names it), or set"],
    ['EACCES', 'requires privileges; set HTTPServer.Port to a port above 1023'],
    ['EADDRNOTAVAIL', 'has an address that no local interface has; set HTTPServer.Address'],
    ['ENOTFOUND', 'has an address that no local interface has; set HTTPServer.Address'],
    ['EMFILE', 'cannot be opened: listen EMFILE'],
  ])('names its key, and says what to do: %s', (code, why) => {
    const cause = failing(code);
    const error = new PortError(HTTP_PORT, 80, cause);
    expect(error.message).toContain(`HTTPServer.Port: port 80 ${why}`);
    expect(error).toMatchObject({ name: 'PortError', port: 80, code, cause });
  });

  it.each([
    [GRPC_PORT, /or set GRPCServer\.Port to a free port$/],
    [HTTP_PORT, /or set HTTPServer\.Port to a free port, or 0 for no HTTP port$/],
    [ADMIN_PORT, /or set AdminPort to a free port, or 0 for no admin port$/],
    [LISTEN_CALL, /^app\.listen\(\): port 80 .* or pass app\.listen a free port$/],
  ])('is mended where it was named: $0.key', (source, remedy) => {
    expect(new PortError(source, 80, failing('EADDRINUSE')).message).toMatch(remedy);
  });

  it('is explained whatever was thrown', () => {
    expect(new PortError(HTTP_PORT, 80, 'odd').message).toBe(
      'HTTPServer.Port: port 80 cannot be opened: odd',
    );
    expect(new PortError(HTTP_PORT, 80, undefined).message).toContain('cannot be opened');
  });

  it('is one that the system really refuses', async () => {
    const [first, second] = [createServer(), createServer()];
    await once(first.listen(0, '127.0.0.1'), 'listening');
    const { port } = first.address() as AddressInfo;
    const refused = once(second, 'error');
    second.listen(port, '127.0.0.1');
    const [cause] = (await refused) as [Error];
    expect(new PortError(GRPC_PORT, port, cause).message).toContain(
      `GRPCServer.Port: port ${port} is in use`,
    );
    first.close();
  });
});
