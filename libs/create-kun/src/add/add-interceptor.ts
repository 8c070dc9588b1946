import { ScaffoldError } from '../terminal.js';
import { mentions, withEntry, withImport } from './list-lines.js';
import type { Added, Project } from './project.js';
import { camel, checkWord, kebab } from './words.js';

const INTERCEPTORS = 'src/interceptors.ts';

/**
 * Adds an interceptor with its test, and its import and entry in the list, whose order the service decides.
 *
 * @throws {UsageError | ScaffoldError} with the reason; nothing is changed then.
 */
export function addInterceptor(project: Project, name: string): Added {
  checkWord(name, 'an interceptor');
  const interceptor = camel(name);
  const file = kebab(name);
  const list = project.read(INTERCEPTORS, 'the list of interceptors');
  if (mentions(list, interceptor)) {
    throw new ScaffoldError(`${INTERCEPTORS} has ${interceptor} already`);
  }
  const entry = withEntry(list, INTERCEPTORS, 'interceptors', `${interceptor},`);
  return {
    created: project.additions('interceptor', { interceptor, file, tag: file.replaceAll('-', '_') }),
    edited: new Map([
      [INTERCEPTORS, withImport(entry, `import { ${interceptor} } from './interceptors/${file}.js';`)],
    ]),
    next: ['npm test'],
  };
}
