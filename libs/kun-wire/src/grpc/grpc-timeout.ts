/** Milliseconds of each unit (gRPC over HTTP/2, "Timeout"). */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 0.001],
  ['n', 0.000001],
]);

/** One to eight digits and a unit. */
const FORM = /^\d{1,8}[HMSmun]$/;

/** What a `grpc-timeout` says, in milliseconds; `undefined` for one that is malformed. */
export function parseGrpcTimeout(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  const digits = text.length - 1;
  return Number(text.slice(0, digits)) * (UNIT_MS.get(text.charAt(digits)) as number);
}

/** Milliseconds in the finest unit that eight digits can hold, rounded up, for a `grpc-timeout`. */
export function formatGrpcTimeout(ms: number): string {
  for (const unit of ['n', 'u', 'm', 'S', 'M', 'H']) {
    const amount = Math.ceil(Math.max(0, ms) / (UNIT_MS.get(unit) as number));
    if (amount < 100_000_000) return `${amount}${unit}`;
  }
  return '99999999H';
}
