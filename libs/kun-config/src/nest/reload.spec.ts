import { setImmediate as turn } from 'node:timers/promises';
import { Controller, Injectable, type LoggerService } from '@nestjs/common';
import { ConfigService, type ConfigChangeEvent } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { Configuration } from '../live/configuration.js';
import { KunConfigModule } from './kun-config.module.js';
import { OnConfigChange } from './on-config-change.js';
import { Secret } from '../secret.js';

const schema = z.object({
  AdminPort: z.int().default(1).meta({ reload: 'restart' }),
  Logger: z
    .object({ Level: z.string().default('info'), Sampling: z.number().default(1) })
    .prefault({})
    .meta({ reload: 'live' }),
  Dsn: z.string().transform(Secret.of).optional(),
});
type Settings = z.infer<typeof schema>;

@Injectable()
class LevelKeeper {
  readonly heard: string[] = [];

  constructor(private readonly configuration: Configuration<Settings>) {}

  @OnConfigChange('Logger.Level')
  @OnConfigChange('Dsn')
  level(current: unknown, previous: unknown): void {
    this.heard.push(
      `${String(previous)} → ${String(current)}, and it is ${this.configuration.value.Logger.Level}`,
    );
  }

  @OnConfigChange(['Logger', 'Level'])
  fails(): never {
    throw new Error('from the handler');
  }

  get trap(): never {
    throw new Error('accessors are not to be read');
  }
}

@Controller()
class SectionController {
  readonly heard: unknown[] = [];

  @OnConfigChange('Logger')
  section(current: unknown): void {
    this.heard.push(current);
  }

  @OnConfigChange('Logger.Level')
  async failsLater(): Promise<never> {
    throw await Promise.resolve(new Error('from the handler, later'));
  }
}

class LogLines implements LoggerService {
  readonly lines: string[] = [];
  log = (...said: unknown[]): void => this.add('log', said);
  warn = (...said: unknown[]): void => this.add('warn', said);
  error = (...said: unknown[]): void => this.add('error', said);

  private add(level: string, said: unknown[]): void {
    if (said.at(-1) === 'KunConfig') this.lines.push(`${level}: ${said.slice(0, -1).map(String).join(' ')}`);
  }
}

async function start(tree: TestingTree, env: NodeJS.ProcessEnv = {}) {
  const log = new LogLines();
  const app = await Test.createTestingModule({
    imports: [
      KunConfigModule.forRoot({
        base: tree.base,
        service: 's',
        schemas: [schema],
        env,
        watch: { intervalMs: 2, settleMs: 10 },
      }),
    ],
    providers: [LevelKeeper],
    controllers: [SectionController],
  })
    .setLogger(log)
    .compile();
  await app.init();
  const configuration = app.get<Configuration<Settings>>(Configuration);
  return { app, log, configuration, service: app.get(ConfigService) };
}

describe('a reload in an application', () => {
  it('reaches changes(), @OnConfigChange, ConfigService and the log, with one set of values', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'AdminPort: 5\nDsn: hunter2\n' });
    const { app, log, configuration, service } = await start(tree);
    const agree: unknown[] = [];
    const events: ConfigChangeEvent[] = [];
    service.changes$.subscribe((event) => events.push(event));
    configuration.changes('Logger.Level').subscribe(({ path, previous, current }) => {
      const values = [
        configuration.value.Logger.Level,
        configuration.get('Logger.Level'),
        service.get('Logger.Level'),
      ];
      agree.push(
        path,
        previous,
        current,
        ...values,
        service.get('AdminPort'),
        service.get('Logger.Sampling'),
      );
    });

    const reloaded = firstValueFrom(configuration.reloads);
    await tree.write({
      'conf/s/public.yaml': 'AdminPort: 6\nLogger:\n  Level: debug\n  Sampling: 0.5\nDsn: hunter3\n',
    });
    expect(await reloaded).toMatchObject({ ok: true, needRestart: [{ path: 'AdminPort' }] });

    expect(agree).toEqual(['Logger.Level', 'info', 'debug', 'debug', 'debug', 'debug', 6, 0.5]);
    expect(events.map(({ path, oldValue, newValue }) => `${path} ${oldValue} ${newValue}`)).toEqual([
      'AdminPort 5 6',
      'Logger.Level info debug',
      'Logger.Sampling 1 0.5',
      'Dsn [secret] [secret]',
    ]);
    expect(app.get(LevelKeeper).heard).toEqual([
      '[secret] → [secret], and it is debug',
      'info → debug, and it is debug',
    ]);
    expect(app.get(SectionController).heard).toEqual([{ Level: 'debug', Sampling: 0.5 }]);
    expect(configuration.status.needRestart).toEqual(['AdminPort']);
    await turn();
    const file = tree.path('conf/s/public.yaml');
    expect(log.lines.toSorted()).toEqual(
      [
        'error: LevelKeeper.fails, called for the change of Logger.Level, failed Error: from the handler',
        'error: SectionController.failsLater, called for the change of Logger.Level, failed Error: from the handler, later',
        `log: the configuration is reloaded: AdminPort 5 → 6 (${file}:1:12), Logger.Level "info" → "debug" (${file}:3:10), ` +
          `Logger.Sampling 1 → 0.5 (${file}:4:13), Dsn [secret] → [secret] (${file}:5:6)`,
        'warn: AdminPort changed; this takes effect at the next start',
      ].toSorted(),
    );

    const refused = firstValueFrom(configuration.reloads);
    await tree.write({ 'conf/s/public.yaml': 'AdminPort: six\n' });
    expect(await refused).toMatchObject({ ok: false });
    expect(service.get('AdminPort')).toBe(6);
    expect(log.lines.at(-1)).toMatch(
      /^error: the changed configuration is not used[^]*1:12 AdminPort: expected a whole/,
    );
    await app.close();
  });

  it('ends with the application: nothing is watched and every Observable completes', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '{}' });
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { app, configuration, service } = await start(tree);
    const completed: string[] = [];
    configuration.changes('Logger').subscribe({ complete: () => completed.push('changes') });
    configuration.reloads.subscribe({ complete: () => completed.push('reloads') });
    service.changes$.subscribe({ complete: () => completed.push('changes$') });
    await app.close();
    expect(completed).toEqual(['changes', 'reloads', 'changes$']);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
  });

  it('in one of two applications leaves the other alone', async () => {
    await using one = await TestingTree.of({ 'conf/s/public.yaml': 'AdminPort: 1\n' });
    await using two = await TestingTree.of({ 'conf/s/public.yaml': 'AdminPort: 2\n' });
    const [first, second] = [await start(one), await start(two)];
    const heard: unknown[] = [];
    second.configuration.reloads.subscribe((event) => heard.push(event));
    const reloaded = firstValueFrom(first.configuration.reloads);
    await one.write({ 'conf/s/public.yaml': 'AdminPort: 3\n' });
    await reloaded;
    expect([first.service.get('AdminPort'), second.service.get('AdminPort')]).toEqual([3, 2]);
    expect(heard).toEqual([]);
    await first.app.close();
    await second.app.close();
  });

  it('shows nothing of what comes from the environment', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Logger: { Level: a }\n' });
    const { app, log, configuration } = await start(tree, { FROM_OUTSIDE: 'hunter2' });
    const reloaded = firstValueFrom(configuration.reloads);
    await tree.write({ 'conf/s/public.yaml': 'Logger: { Level: "${FROM_OUTSIDE}" }\n' });
    await reloaded;
    expect(configuration.value.Logger.Level).toBe('hunter2');
    expect(log.lines.join()).not.toContain('hunter2');
    await app.close();
  });
});
