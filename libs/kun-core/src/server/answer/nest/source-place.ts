import type { Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Location {
  readonly script: string;
  /** Zero-based. */
  readonly line: number;
}

/**
 * Where a method of a class is defined, as `dist/echo.controller.js:12`; the position of the class if a decorator
 * replaced the method. Only V8 knows this, and reveals it through its debugger, so use it only when a start has failed,
 * never per call.
 *
 * @returns `undefined` when there is no inspector (Node built without it, or no permission to use it).
 */
export function sourcePlace(method: object, owner: object): string | undefined {
  try {
    const { Session: Debugger } = process.getBuiltinModule('node:inspector');
    const session = new Debugger();
    session.connect();
    try {
      const [inClass, inMethod] = locations(session, [owner, method]);
      const found = inMethod?.script === inClass?.script ? (inMethod ?? inClass) : inClass;
      return found && `${readable(found.script)}:${found.line + 1}`;
    } finally {
      session.disconnect();
    }
  } catch {
    return undefined;
  }
}

/** A session that a process opens with itself answers synchronously, before `post` returns. */
function locations(session: Session, functions: readonly object[]): Array<Location | undefined> {
  const scripts = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
  session.post('Debugger.enable');
  return functions.map((code) => {
    const objectId = handOver(session, code);
    let location: Location | undefined;
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_error, answer) => {
      const property = answer?.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
      const value = property?.value?.value as { scriptId: string; lineNumber: number } | undefined;
      const script = value && scripts.get(value.scriptId);
      if (value && script) location = { script, line: value.lineNumber };
    });
    return location;
  });
}

/** An object can be passed to the debugger only through a global name, which exists for the duration of the query. */
function handOver(session: Session, code: object): string {
  const name = `kun source place ${Math.random()}`;
  Reflect.set(globalThis, name, code);
  let id: string | undefined;
  try {
    session.post(
      'Runtime.evaluate',
      { expression: `globalThis[${JSON.stringify(name)}]` },
      (_error, answer) => (id = answer?.result.objectId),
    );
  } finally {
    Reflect.deleteProperty(globalThis, name);
  }
  if (id === undefined) throw new Error('the debugger does not answer at once');
  return id;
}

function readable(script: string): string {
  if (!script.startsWith('file:')) return script;
  const path = relative(process.cwd(), fileURLToPath(script));
  return path.startsWith('..') ? fileURLToPath(script) : path;
}
