import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaffoldError } from '../terminal.js';
import { withExport } from './list-lines.js';
import type { Added, Project } from './project.js';
import { camel, checkWord, kebab, pascal } from './words.js';

const SECTIONS = 'src/config/sections.ts';

/**
 * Adds a configuration section: its schema, and an entry in the list of sections.
 *
 * @throws {UsageError | ScaffoldError} with the reason; nothing is changed then.
 */
export function addConfig(project: Project, name: string): Added {
  checkWord(name, 'a section');
  const section = pascal(name);
  if (keysOf(project).some((key) => key.toLowerCase() === section.toLowerCase())) {
    throw new ScaffoldError(`the configuration has ${section} already`);
  }
  const file = kebab(name);
  const list = project.read(SECTIONS, 'the list of sections');
  return {
    created: project.additions('config', { Section: section, section: camel(name), file }),
    edited: new Map([[SECTIONS, withExport(list, SECTIONS, `${camel(name)}Schema`, `./${file}.js`)]]),
    next: ['npm run build', 'npm run config:schema', 'npm run config:check'],
    hint: `Inject Configuration<${section}Config> for config.value.${section}, and set it in conf/.`,
  };
}

/** kun's own keys and the service's, from the editor schema; none if there is no schema. */
function keysOf({ root }: Project): string[] {
  const file = join(root, 'conf.schema.json');
  if (!existsSync(file)) return [];
  try {
    const { properties = {} } = JSON.parse(readFileSync(file, 'utf8')) as { properties?: object };
    return Object.keys(properties);
  } catch {
    return [];
  }
}
