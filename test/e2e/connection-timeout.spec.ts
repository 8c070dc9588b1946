import { connect } from 'node:net';
import { startTestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { expect, it } from 'vitest';
import { AllKinds } from '../fixtures/all-kinds.js';
import { kindsModule } from '../fixtures/kinds.module.js';
import { sumOf } from './metrics-text.js';

@Controller()
class Kinds extends AllKinds {}

it('closes, counts and logs connections that never speak HTTP/2, as the key says', async () => {
  const service = await startTestService(kindsModule({ controllers: [Kinds] }), {
    overrides: { GRPCServer: { ConnectionTimeout: 0.2 } },
  });
  const [host, port] = service.grpcAddress.split(':');
  const closed = Array.from(
    { length: 5 },
    () => new Promise((resolve) => connect(Number(port), host).resume().once('close', resolve)),
  );
  await Promise.all(closed);
  const refused = sumOf(await service.metrics(), 'kun_connections_refused_total', { reason: 'timeout' });
  expect(refused).toBe(5);
  const [line] = service.logs.where(({ msg }) => msg === 'refused a connection');
  expect(line).toMatchObject({
    'peer.address': expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    err: { message: 'HTTP/2 was not established within 200 ms' },
  });
  await service.close();
});
