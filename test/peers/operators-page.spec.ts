import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { deferred, startTestUpstream } from '@kun/core/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, TOKEN } from '../e2e/admin/admin-port.js';
import { startCall } from '../e2e/call.js';
import { startLinked, type LinkedService } from '../e2e/clients/linked-service.js';
import { KINDS } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const VIEWS = ['overview', 'calls', 'failures', 'channels', 'configuration', 'try', 'tools'];
/** Debian's, without what it would ask of its maker's hosts. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let service: LinkedService;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const goOn = deferred();

beforeAll(async () => {
  await requireDebianPackages('chromium');
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  service = await startLinked({
    config: { Admin: { Token: TOKEN }, Logger: { Level: 'info' } },
    handlers: {
      unary: async ({ text }) => {
        if (text === 'wait') await goOn.promise;
        if (text === 'break') throw new Error('out of ink');
        return { text };
      },
      async *chat(requests) {
        for await (const { text } of requests) yield { text: `re: ${text}` };
      },
    },
  });
}, 300_000);

afterAll(async () => {
  await browser.close();
  await service[Symbol.asyncDispose]();
});

beforeEach(async () => {
  page = await browser.newPage({ colorScheme: 'dark' });
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (!request.url().startsWith(service.adminUrl) && !request.url().startsWith('blob:'))
      complaints.push(request.url());
  });
  await page.goto(service.adminUrl);
  return () => page.close();
});

describe("the operator's page in a browser", () => {
  it('shows a call while it is in flight, and a failure with its cause', async () => {
    const client = service.grpcClient(KINDS);
    const waiting = startCall(client, 'Unary', { requests: [{ text: 'wait' }] });
    const row = page.getByRole('row').filter({ hasText: 'Kinds/Unary' });
    await row.first().waitFor();
    goOn.resolve();
    await waiting.outcome;
    await page.getByText('No calls are in flight.').waitFor();
    await startCall(client, 'Unary', { requests: [{ text: 'break' }] }).outcome;
    await page.getByText('out of ink').waitFor();
  });

  it('calls a method both ways, and shows the answers and the end', async () => {
    await unlock();
    await page.getByRole('link', { name: 'Call a method' }).click();
    await page.getByLabel('Method').selectOption(`/${KINDS}/Chat`);
    const message = page.getByLabel('Next message, as JSON');
    await message.fill('{"text": "one"}');
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    await page.getByText('re: one').waitFor();
    await message.fill('{"text": "two"}');
    await page.getByRole('button', { name: 'Send message' }).click();
    await page.getByText('re: two').waitFor();
    await page.getByRole('button', { name: 'No more messages' }).click();
    await page.locator('.event.end').getByText('OK').waitFor();
  });

  it('sets the log level for a time, and takes it back', async () => {
    await unlock();
    await page.getByRole('combobox', { name: /^Log/ }).selectOption('debug');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.getByText('back to info in').waitFor();
    await page.getByRole('button', { name: 'Back now' }).click();
    await page.locator('[data-level=info]').waitFor();
  });

  it('shows where a value of the configuration stands', async () => {
    await page.getByRole('link', { name: 'Configuration' }).click();
    await page.getByLabel('Find').fill('Logger.Level');
    await expect(page.getByRole('row').filter({ hasText: 'Logger.Level' }).innerText()).resolves.toContain(
      'info',
    );
    expect(await page.content()).not.toContain(TOKEN);
  });

  it.each(['light', 'dark'] as const)(
    'is for everybody: axe finds nothing serious, %s, wide and narrow',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      // By the debugger, since the page lets no foreign script in.
      const axe = await readFile(AXE, 'utf8');
      for (const width of [1400, 390]) {
        await page.setViewportSize({ width, height: 900 });
        for (const view of VIEWS) {
          await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
          await page.locator(`nav a[href="#${view}"][aria-current=page]`).waitFor();
          await page.evaluate(axe);
          const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
          const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
          expect(
            serious.map(({ id, nodes }) => `${view} ${width}: ${id} ${nodes[0]?.target.join()}`),
          ).toEqual([]);
          // Of a table, too: what is beside the screen of a phone is not found there.
          const cutOff = await page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.table-scroll')].filter((box) => box.scrollWidth > box.clientWidth).map((box) => `${box.ariaLabel ?? 'page'}: ${box.scrollWidth} of ${box.clientWidth}`)",
          );
          expect(cutOff, `${view} at ${width}`).toEqual([]);
        }
      }
    },
  );

  it('shows a channel turn red when its upstream stops, and heal', async () => {
    await using upstream = await startTestUpstream({
      path: fileURLToPath(new URL('../fixtures/kinds.proto', import.meta.url)),
      handlers: { unary: () => ({ text: 'here' }) },
    });
    await using calling = await startLinked({ next: upstream.address });
    await calling.next.unary({ text: 'a' });
    page.removeAllListeners('request');
    await page.goto(`${calling.adminUrl}/#channels`);
    const row = page.getByRole('row').filter({ hasText: upstream.address });
    await row.locator('.badge.good', { hasText: 'ready' }).waitFor();

    await upstream.refuseConnections();
    // Whoever calls finds out; gRPC does not connect again by itself.
    const lost = await calling.next.unary({ text: 'a' }).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 14 });
    await row.locator('.badge.bad', { hasText: 'failing' }).waitFor();
    expect(await row.innerText()).toContain('UNAVAILABLE');

    await upstream.heal();
    await expect
      .poll(() => calling.next.unary({ text: 'a' }).then(({ text }) => text, String), { timeout: 10_000 })
      .toBe('here');
    await row.locator('.badge.good', { hasText: 'ready' }).waitFor();
  });

  it('shows nothing that is secret, on any of its views', async () => {
    const planted = ['hunter2-of-the-url', 'hunter2-of-the-header', TOKEN];
    await using calling = await startLinked({
      next: 'localhost:1',
      config: {
        Admin: { Token: TOKEN },
        Zipkin: { Hosts: ['http://ops:hunter2-of-the-url@127.0.0.1:9411'] },
      },
      handlers: {
        unary: () => {
          throw new Error('cannot reach postgres://shop:hunter2-of-the-url@db/orders');
        },
      },
    });
    await startCall(calling.grpcClient(KINDS), 'Unary', {
      metadata: { authorization: 'Bearer hunter2-of-the-header' },
    }).outcome;
    await calling.next.unary({ text: 'a' }).catch(() => {});
    page.removeAllListeners('request');
    await page.goto(calling.adminUrl);
    const seen: string[] = [];
    page.on(
      'response',
      (response) =>
        void response.text().then(
          (text) => seen.push(text),
          () => {},
        ),
    );
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
      await page.locator(`nav a[href="#${view}"][aria-current=page]`).waitFor();
      seen.push(await page.content(), await page.locator('body').innerText());
    }
    await page.locator('nav a[href="#failures"]').click();
    await page.getByText('cannot reach postgres://').first().waitFor();
    seen.push(await page.content());
    for (const path of ['/errorz', '/callz', '/configz', '/channelz', '/statusz']) {
      seen.push((await ask(calling.adminUrl, path)).text);
    }
    const all = seen.join('\n');
    expect(planted.filter((secret) => all.includes(secret))).toEqual([]);
  });

  it('complains of nothing and asks nobody else', () => expect(complaints).toEqual([]));

  it('is off where Admin.Page says so', async () => {
    await using other = await startLinked({ config: { Admin: { Page: false } }, handlers: {} });
    expect((await ask(other.adminUrl, '/')).status).toBe(404);
  });
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: ReadonlyArray<{ readonly target: readonly string[] }>;
}

async function unlock(): Promise<void> {
  await page.getByLabel('Admin token').fill(TOKEN);
  await page.getByRole('button', { name: 'Unlock' }).click();
}
