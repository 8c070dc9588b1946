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

/** The parts of a path: the reverse of {@link formatPath}; `Hosts.0` is read like `Hosts[0]`. */
export function parsePath(path: ConfigPath): string[] {
  if (typeof path !== 'string') return path.map(String);
  const parts: string[] = [];
  for (const match of path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)) {
    const [, quoted, index, name] = match;
    parts.push(quoted === undefined ? (index ?? name ?? '') : String(JSON.parse(`"${quoted}"`)));
  }
  return parts;
}

/** The value at a path, of own properties only. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value;
  for (const key of parsePath(path)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
