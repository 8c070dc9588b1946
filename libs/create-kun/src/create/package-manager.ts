/** The tool that installs and runs a project. */
export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** The one that started the command, from its user agent: `pnpm/10.1.0 npm/? node/v24…`. */
export function packageManagerOf(userAgent: string): PackageManager {
  const [, name] = /^(npm|pnpm|yarn|bun)\//.exec(userAgent) ?? [];
  return (name as PackageManager | undefined) ?? 'npm';
}

/** Translates an npm command for another package manager: `npx buf lint` becomes `pnpm exec buf lint`. */
export function translate(command: string, manager: PackageManager): string {
  if (manager === 'npm') return command;
  const exec = { pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }[manager];
  return command.replace(/^npm(?= )/, manager).replace(/^npx(?= )/, exec);
}
