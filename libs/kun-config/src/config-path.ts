/** A path into the configuration: `'GRPCServer.Port'`, `'Zipkin.Hosts[0]'`, or its parts. */
export type ConfigPath = string | readonly PropertyKey[];

/** The path as people write it: `Zipkin.Hosts[0]`, `Labels["app.kubernetes.io/name"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    const key = String(part);
    if (typeof part === 'number' || /^\d+$/.test(key)) text += `[${key}]`;
    else if (/^[^\s.[\]"\p{C}]+$/u.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}

/**
 * The parts of a path: the reverse of {@link formatPath}. `Hosts.0` is read like `Hosts[0]`, and `Labels['a.b']` like
 * `Labels["a.b"]`; a dot outside of quotes always parts.
 */
export function parsePath(path: ConfigPath): string[] {
  if (typeof path !== 'string') return path.map(String);
  const parts: string[] = [];
  for (const match of path.matchAll(PART)) {
    const [, double, single, index, name] = match;
    if (double !== undefined) parts.push(unescaped(double));
    else parts.push(single?.replace(/\\(.)/g, '$1') ?? index ?? name ?? '');
  }
  return parts;
}

const PART = /\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]|\[([^\]]*)\]|([^.[\]]+)/g;

function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

/** The value at a path, of own properties and items only. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value;
  for (const key of parsePath(path)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    if (Array.isArray(at) && key === 'length') return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
