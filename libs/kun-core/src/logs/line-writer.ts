import type { LogLevel } from '../settings/keys/logger.js';

/** The level of a line; `silent` is not one. */
export type LineLevel = Exclude<LogLevel, 'silent'>;

/** What a {@link LineWriter} needs of the logger it writes for. */
export interface LineSink {
  isLevelEnabled(level: LineLevel): boolean;
  /** `,"time":"..."`. */
  time(): string;
  write(level: LineLevel, line: string): void;
}

/**
 * One field of a line as text, `,"name":value`: a line is these put together, which costs a third of an object that is
 * made to be turned into text. Empty for `undefined`.
 *
 * @param name is written as it is: letters, digits, `_` and `.`
 */
export function field(name: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? '' : `,"${name}":${text}`;
}

/**
 * Writes lines that have most fields in common, in the format of the application's pino: what is common is made into
 * text once. For the line of every call this costs a fraction of what a pino child costs, and brings no fields of the
 * current call, since its lines are about a call and know it.
 */
export class LineWriter {
  private readonly common: string;

  constructor(
    private readonly sink: LineSink,
    common: Readonly<Record<string, unknown>>,
  ) {
    this.common = Object.entries(common)
      .map(([name, value]) => field(name, value))
      .join('');
  }

  isLevelEnabled(level: LineLevel): boolean {
    return this.sink.isLevelEnabled(level);
  }

  /**
   * Writes a line. To be asked after {@link isLevelEnabled}, best before the fields are gathered.
   *
   * @param fields of {@link field}, in the order they shall have
   */
  write(level: LineLevel, fields: string, message: string): void {
    const line = `{"level":"${level}"${this.sink.time()}${this.common}${fields}${field('msg', message)}}\n`;
    this.sink.write(level, line);
  }
}
