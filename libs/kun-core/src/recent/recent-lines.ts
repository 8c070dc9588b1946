import pino from 'pino';

/** Options of {@link RecentLines}. */
export interface RecentLinesOptions {
  readonly maxLines: number;
  /** Of all lines together, as UTF-8. Default 4 MiB */
  readonly maxBytes?: number;
  /** Takes secrets out of a line, which is JSON before and after. */
  readonly scrub: (line: string) => string;
}

/** A search for lines; all conditions must hold. */
export interface LineFilter {
  /** Matches anywhere in the line's JSON, ignoring case. */
  readonly text?: string | undefined;
  readonly requestId?: string | undefined;
  /** The lowest level. */
  readonly level?: string | undefined;
  /** ISO 8601, in UTC. */
  readonly since?: string | undefined;
  /** Only lines with a lower number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** A log line. */
export interface FoundLine {
  /** Increases with each line. */
  readonly seq: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The lines found, latest first. */
export interface FoundLines {
  readonly lines: readonly FoundLine[];
  /** Whether older lines could match, too. */
  readonly more: boolean;
}

interface KeptLine {
  readonly seq: number;
  readonly text: string;
  readonly bytes: number;
}

const MAX_BYTES = 4 * 1024 * 1024;
/** Longer lines are kept with their texts cut. */
const MAX_LINE_CHARACTERS = 16 * 1024;
const MAX_TEXT_CHARACTERS = 1000;

/**
 * The last log lines, for the admin port: bounded in number and bytes, and without the secrets known when they were
 * written.
 */
export class RecentLines {
  /** A ring: the line of number n stands at n modulo its size. */
  private readonly slots: Array<KeptLine | undefined>;
  private readonly maxBytes: number;
  private next = 0;
  private oldest = 0;
  private bytes = 0;

  constructor(private readonly options: RecentLinesOptions) {
    this.slots = Array.from({ length: options.maxLines });
    this.maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /** The number of lines kept. */
  get size(): number {
    return this.next - this.oldest;
  }

  /** A line as it goes out, with its line feed. */
  readonly add = (line: string): void => {
    const clean = this.options.scrub(line);
    const text = clean.length > MAX_LINE_CHARACTERS ? shortened(clean) : clean;
    const bytes = Buffer.byteLength(text);
    if (this.size >= this.slots.length) this.drop();
    while (this.bytes + bytes > this.maxBytes && this.size > 0) this.drop();
    this.slots[this.next % this.slots.length] = { seq: this.next, text, bytes };
    this.next++;
    this.bytes += bytes;
  };

  /** Looks from the latest backwards until `limit` are found. */
  find(filter: LineFilter): FoundLines {
    const lines: FoundLine[] = [];
    const matches = matcher(filter);
    for (let seq = Math.min(filter.before ?? this.next, this.next) - 1; seq >= this.oldest; seq--) {
      const line = this.slots[seq % this.slots.length];
      const fields = line && matches(line.text);
      if (!fields) continue;
      if (lines.length >= filter.limit) return { lines, more: true };
      lines.push({ seq, fields });
    }
    return { lines, more: false };
  }

  private drop(): void {
    const index = this.oldest++ % this.slots.length;
    this.bytes -= this.slots[index]?.bytes ?? 0;
    this.slots[index] = undefined;
  }
}

/** A line that cannot match is not even parsed. */
function matcher({ text, requestId, level, since }: LineFilter) {
  const wanted = text?.toLowerCase();
  const lowest = level === undefined ? 0 : severity(level);
  return (line: string): Readonly<Record<string, unknown>> | undefined => {
    if (requestId !== undefined && !line.includes(requestId)) return undefined;
    if (wanted !== undefined && !line.toLowerCase().includes(wanted)) return undefined;
    const fields = read(line);
    const { time } = fields;
    if (requestId !== undefined && fields['request_id'] !== requestId) return undefined;
    if (lowest > 0 && severity(fields['level']) < lowest) return undefined;
    return since !== undefined && typeof time === 'string' && time < since ? undefined : fields;
  };
}

function read(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Somebody wrote to the destination directly.
    return { msg: line.slice(0, MAX_TEXT_CHARACTERS) };
  }
}

/** pino's number for a level; below all of them for an unknown one. */
function severity(level: unknown): number {
  return typeof level === 'string' ? (pino.levels.values[level] ?? 0) : 0;
}

/** Cuts its texts, and if that is still too long keeps only the common fields. */
function shortened(line: string): string {
  const fields = read(line);
  const text = JSON.stringify(fields, (_key, value: unknown) =>
    typeof value === 'string' && value.length > MAX_TEXT_CHARACTERS
      ? `${value.slice(0, MAX_TEXT_CHARACTERS)}… (${value.length} characters)`
      : value,
  );
  if (text.length <= MAX_LINE_CHARACTERS) return text;
  const { level, time, request_id, msg } = fields;
  return JSON.stringify({
    level,
    time,
    request_id,
    msg: String(msg).slice(0, MAX_TEXT_CHARACTERS),
    left_out: `a line of ${line.length} characters`,
  });
}
