import type { Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Location {
  readonly script: string;
  /** Counted from 0. */
  readonly line: number;
}

/**
 * Where the method of a class is written, as `dist/echo.controller.js:12`; that of the class where a decorator has put
 * another function in the method's place. Only V8 knows, and tells its debugger: to be asked when a start has failed, and
 * never for a call.
 *
 * @returns `undefined` where there is no debugger to ask (Node built without, or a permission that is lacking).
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

/** The session of a process with itself answers at once, before `post` returns. */
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

/** An object gets into the debugger's hands through a name of the whole process: for the moment of the asking. */
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
