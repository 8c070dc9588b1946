import perfHooks, { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { Injectable, Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter, register as processRegistry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isMetric, Meter } from './meter.js';

const identity = {
  domain: 'eu',
  namespace: 'n',
  cluster: 'c',
  service: 's',
  instance: 'i',
  version: '1',
};

const quietMeter = () => new Meter({ identity, processMetrics: false });

afterEach(() => processRegistry.clear());

describe('Meter', () => {
  it('says who the process is', async () => {
    const { body, contentType } = await quietMeter().expose();
    expect(body).toContain(
      'kun_info{domain="eu",namespace="n",cluster="c",service="s",instance="i",version="1"} 1',
    );
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('has the metrics of process and Node, for each application', async () => {
    for (const meter of [new Meter({ identity }), new Meter({ identity })]) {
      const { body } = await meter.expose();
      expect(body).toContain('process_cpu_seconds_total');
      expect(body).toContain('nodejs_eventloop_lag_seconds');
      expect(body).toContain('nodejs_active_resources{');
      expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
      expect(body).toMatch(/^process_cpu_user_seconds_total [\d.]+$/m);
      expect(body).toMatch(/^nodejs_heap_space_size_used_bytes\{space="old"\} \d+$/m);
      expect(body).not.toMatch(/^# TYPE \w+_total (?!counter)/m);
      meter.close();
    }
  });

  it('patches nothing of Node, and releases on close what prom-client would hold for ever', () => {
    const released: string[] = [];
    const histogram = Object.getPrototypeOf(monitorEventLoopDelay()) as ReturnType<
      typeof monitorEventLoopDelay
    >;
    vi.spyOn(histogram, 'disable').mockImplementation(() => released.push('event loop') > 0);
    vi.spyOn(PerformanceObserver.prototype, 'disconnect').mockImplementation(() => {
      released.push('garbage collection');
    });
    const before = { ...perfHooks };
    const meter = new Meter({ identity });
    expect({ ...perfHooks }).toEqual(before);
    expect(released).toEqual([]);
    meter.close();
    meter.close();
    expect(released.toSorted()).toEqual(['event loop', 'garbage collection']);
    vi.restoreAllMocks();
  });

  it('shows what is registered with the process too, but nothing twice', async () => {
    new Counter({ name: 'users_own_total', help: 'x' }).inc(3);
    const clash = new Counter({ name: 'kun_info', help: 'not ours' });
    const { body } = await quietMeter().expose();
    expect(body).toContain('users_own_total 3');
    expect(body.match(/# TYPE kun_info /g)).toHaveLength(1);
    expect(isMetric(clash)).toBe(true);
  });

  it("keeps two applications' metrics of makeCounterProvider apart", async () => {
    @Injectable()
    class Shop {
      constructor(@InjectMetric('orders_total') readonly orders: Counter) {}
    }
    @Module({
      imports: [DiscoveryModule],
      providers: [Shop, makeCounterProvider({ name: 'orders_total', help: 'Orders taken' })],
    })
    class ShopModule {}

    const start = async () => {
      const app = await NestFactory.createApplicationContext(ShopModule, { logger: false });
      const meter = quietMeter();
      for (const { instance } of app.get(DiscoveryService).getProviders()) {
        if (isMetric(instance)) meter.adopt(instance);
      }
      return { app, meter, shop: app.get(Shop) };
    };
    const [a, b] = [await start(), await start()];
    a.shop.orders.inc(2);
    b.shop.orders.inc(5);
    expect((await a.meter.expose()).body).toContain('orders_total 2');
    expect((await b.meter.expose()).body).toContain('orders_total 5');
    await Promise.all([a.app.close(), b.app.close()]);
  });
});
